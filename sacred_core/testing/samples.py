"""Awkward content that every store must return unchanged."""

import json
from typing import Any

#: Plain data, as events hold it.
AWKWARD: dict[str, Any] = {
    "text": 'ünïcödé \u4f60\u597d \U0001f600 "quoted" back\\slash\nline\ttab',
    "empty": "",
    "none": None,
    "yes": True,
    "no": False,
    "zero": 0,
    "negative": -1,
    "large": 2**53 - 1,
    "float": 0.1,
    "tiny": 5e-324,
    "whole float": 3.0,
    "empty list": [],
    "empty dictionary": {},
    "nested": {"a": {"b": {"c": [1, [2, [3, {"d": None}]]]}}},
    "mixed": [1, "two", 3.5, None, True, {"four": 4}],
}
#: Numbers that JSON has no form for.
NON_FINITE = [float("nan"), float("inf"), float("-inf")]
#: What one process prints: text of every kind, over several heartbeats.
PRINTED = [
    "first\n",
    "zweite Zeile: ä\n",
    "",
    "\U0001f600 wide\n",
    "tab\tand \u2028 separator\n",
    "end",
]
METRIC_NAMES = ["loss", "train/loss", "train.loss", "a b", "$cost", "ünï", "x" * 100]
FILE_NAMES = ["plain.txt", "in/folders/deep.bin", "ünïcödé \u4f60.txt", "two words.txt", "run.json"]
TRACE = ["Traceback (most recent call last):\n", '  File "x.py", line 1\n', "ValueError: broke ä\n"]
#: Configurations whose entries are alike in some backends and different in a query.
CONFIGS: list[dict[str, Any]] = [
    AWKWARD,
    {"a": 1, "b": {"c": [1, {"a": 2}, "x"]}, "0": 1, "-1": 2},
    {"a": "1", "a.b": 3, "$a": 4, "%json": "5", "yes": "true", "none": "None"},
    {"a": [5, "x", None, ["x"]], "b": [{"c": 1}, {"c": 5}], "yes": 1, "no": None},
    {"a": {"b": None, "0": "x", "a": True}, "b": "", "zero": False, "large": 2**53},
    {"a": 2**70, "b": "Infinity", "text": "Ünï%_'\x00", "float": 0.1 + 2**-55},
]
#: Strings that some encoding, database or file system refuses or takes for something else.
ODD_STRINGS = [
    "caf\udce9", "\ud800", "NaN", "Infinity", "-Infinity", "null", "true", "1", "a\0b", "%00",
    "%json", '{TinyFile}:"x"', "{TinyDate}:2026-01-01T00:00:00", "py/tuple",
]  # fmt: skip
#: Plain data that stores encode, or that a reader may take for something else.
ODD_VALUES: dict[str, Any] = {
    "strings": ODD_STRINGS,
    "keys": {text: number for number, text in enumerate([*ODD_STRINGS, "", "$a", "a.b", "%file"])},
    "not finite": NON_FINITE,
    "not finite, nested": [{"a": [float("nan"), {"b": float("-inf")}]}, "NaN"],
    "not finite, under an odd key": {"caf\udce9": float("inf")},
    "tag": {"%json": "1"},
    "tag without text": {"%json": [float("nan")]},
    "tag within": [{"a": {"%json": "NaN"}}],
    "tuple of jsonpickle": {"py/tuple": [1, float("nan")]},
    "array of jsonpickle": {"py/object": "numpy.int64", "value": 3},
    "object": {"py/object": "module.Class", "size": 3},
    "large": [2**63, -(2**70), 10**4000],
    "deep": json.loads("[" * 150 + "]" * 150),
}
#: What a metric may hold beside numbers.
ODD_POINTS: list[Any] = [
    1.5, None, "text", "NaN", float("nan"), True, [1, [float("inf")]], {"a": "caf\udce9"},
    2**70, "0.5",
]  # fmt: skip
#: Fields of an event that starts or queues a run.
START_FIELDS: dict[str, Any] = {
    "ex_info": {}, "command": "main", "host_info": {}, "config": {}, "meta_info": {},
}  # fmt: skip
#: A plugin without mistakes.
PLUGIN_SOURCE = """
    from sacred_core import ObserverSpec, hookimpl

    class AcmeObserver:
        def __init__(self, path): ...

    @hookimpl
    def sacred_observers():
        yield ObserverSpec(AcmeObserver, flags=("--acme",))
"""
#: Entries whose order is that of no sorting.
ORDERED: dict[str, Any] = {
    "zeta": 1,
    "alpha": {"rate": 2, "Beta": 3, "adam": {"z": 1, "a": 2, "m": 3}},
    "10": [{"second": 2, "first": 1}],
    "2": {"10": "x", "9": "y", "b": "z"},
    "_": None,
    "B": 4,
    "ä": 5,
    "a": 6,
}
#: The information on an experiment without code.
EXPERIMENT: dict[str, Any] = {
    "name": "fed",
    "base_dir": ".",
    "sources": [],
    "dependencies": [],
    "repositories": [],
}
