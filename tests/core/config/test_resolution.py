"""Tests of putting a configuration together."""

import argparse
import dataclasses
import logging
import os
import threading
from pathlib import Path
from typing import Any

import attrs
import pytest

from sacred_core import Experiment, Ingredient
from sacred_core.config.contributions import Origin
from sacred_core.config.request import Request
from sacred_core.config.resolution import resolve
from sacred_core.config.tree import ResolvedConfig
from sacred_core.exceptions import ConfigError, ConfigValueError
from sacred_core.randomness import get_seed


@pytest.fixture
def ex() -> Experiment:
    experiment = Experiment("resolved")

    @experiment.config
    def my_config1():
        a = 10
        b = "test"

    @experiment.config
    def my_config2(a):
        c = a * 2
        a = -1

    experiment.add_config({"e": "from_dict"})
    return experiment


def request(updates: dict[str, Any], *named: str) -> Request:
    return Request(updates=updates, named_configs=named)


def resolve_for(ex: Experiment, request: Request) -> ResolvedConfig:
    logger = logging.getLogger("tests")
    return resolve(ex, request, logger=logger, new_seed=get_seed, command_name="main")


def resolved(ex: Experiment, **updates: Any) -> ResolvedConfig:
    return resolve_for(ex, request({"seed": 1, **updates}))


def test_configurations_combine_in_order(ex: Experiment) -> None:
    """The example of section 1.3.1."""
    expected = {"a": -1, "b": "test", "c": 20, "e": "from_dict", "seed": 1}
    assert resolved(ex).config == expected


def test_updates_reach_parameters_of_later_scopes(ex: Experiment) -> None:
    """A fixed entry is what later scopes see, and stays."""
    config = resolved(ex, a=3).config
    assert (config["a"], config["c"]) == (3, 6)


def test_seed_is_drawn_anew_unless_given(ex: Experiment) -> None:
    """Each resolution has its own root seed."""
    seeds = {resolve_for(ex, request({})).config["seed"] for _ in range(3)}
    assert len(seeds) == 3


def _no_seed_in_a_scope(ex: Experiment) -> Request:
    @ex.config
    def unseeded():
        seed = None

    return request({})


def _no_seed_in_a_dictionary(ex: Experiment) -> Request:
    ex.add_config(seed=None)
    return request({})


def _no_seed_in_a_file(ex: Experiment) -> Request:
    Path("seed.json").write_text('{"seed": null}')
    ex.add_config("seed.json")
    return request({})


def _no_seed_in_an_update(ex: Experiment) -> Request:
    ex.add_config(seed=3)
    return request({"seed": None})


def _no_seed_in_a_named_config(ex: Experiment) -> Request:
    ex.add_config(seed=3)
    ex.add_named_config("unseeded", seed=None)
    return request({}, "unseeded")


def _no_seed_in_a_config_hook(ex: Experiment) -> Request:
    ex.add_config(seed=3)
    ex.config_hook(lambda config, command_name, logger: {"seed": None})
    return request({})


def _no_seed_in_an_ingredients_hook(ex: Experiment) -> Request:
    ex.add_config(seed=3)
    ex.ingredients.append(ingredient := Ingredient("used"))
    ingredient.config_hook(lambda config, command_name, logger: {"seed": None})
    return request({})


UNSEEDED = [
    _no_seed_in_a_scope,
    _no_seed_in_a_dictionary,
    _no_seed_in_a_file,
    _no_seed_in_an_update,
    _no_seed_in_a_named_config,
    _no_seed_in_a_config_hook,
    _no_seed_in_an_ingredients_hook,
]


@pytest.mark.parametrize("unseeded", UNSEEDED, ids=lambda function: function.__name__)
def test_a_seed_of_none_asks_for_a_new_one(
    ex: Experiment, unseeded: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is set, a new seed is drawn for each run, and no type has changed."""
    monkeypatch.chdir(tmp_path)
    asked = unseeded(ex)
    first, second = resolve_for(ex, asked), resolve_for(ex, asked)
    assert all(isinstance(result.config["seed"], int) for result in (first, second))
    assert first.config["seed"] not in (3, second.config["seed"])
    assert first.summary.origins["seed"] == Origin("seed")
    assert first.summary.typechanged == {}


def test_a_scope_gets_the_drawn_seed_in_place_of_none(ex: Experiment) -> None:
    """A later scope that takes the seed does not get the None that asked for it."""
    ex.add_config(seed=None)

    @ex.config
    def scope(seed):
        doubled = 2 * seed

    for updates in ({}, {"seed": None}):
        config = resolve_for(ex, request(updates)).config
        assert config["doubled"] == 2 * config["seed"]


def test_an_update_wins_over_a_seed_of_none(ex: Experiment) -> None:
    """A seed that is given is used, without a warning about its type."""
    ex.add_config(seed=None)
    result = resolve_for(ex, request({"seed": 5}))
    assert result.config["seed"] == 5
    assert result.summary.typechanged == {}


def test_summary_lists_what_changed(ex: Experiment) -> None:
    """Modified, added and type-changed entries are distinguished."""
    ex.add_config(d={"foo": 1, "bar": 2})
    summary = resolved(ex, b="other", d={"foo": True, "baz": 3}, e="from_dict").summary
    assert summary.modified == {"b", "d.foo"}
    assert summary.added == {"d.baz"}
    assert summary.typechanged == {"d.foo": (int, bool)}


def test_a_mutable_update_is_not_shared(ex: Experiment) -> None:
    """Resolving twice from one update dictionary gives the same result."""
    updates: dict[str, Any] = {"layers": [1], "seed": 1}

    @ex.config
    def scope():
        layers = [5]
        layers.append(2)
        count = len(layers)

    first = resolve_for(ex, request(updates)).config
    assert resolve_for(ex, request(updates)).config == first
    assert (first["layers"], updates["layers"]) == ([1], [1])


@pytest.mark.parametrize(
    "value",
    [object(), len, iter([1]), (i for i in "a"), open(os.devnull), threading.Lock(), os],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("wrap", [lambda v: v, lambda v: {"x": v}, lambda v: [0, v]])
def test_values_that_cannot_be_recorded_are_refused_in_dictionaries(
    ex: Experiment, value: Any, wrap: Any
) -> None:
    """Unlike in a scope, where they are a warning; the error names the path."""
    path = {type(value): "f", dict: "f.x", list: "f.1"}[type(wrap(value))]
    with pytest.raises(ConfigValueError, match=f"entry '{path}' is "):
        ex.add_config(f=wrap(value))
    with pytest.raises(ConfigValueError, match=f"entry '{path}' is "):
        ex.add_named_config("variant", f=wrap(value))


@dataclasses.dataclass
class Options:
    lr: float = 0.1


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (3, "got 3$"),
        (object(), "got <object object"),
        ([("a", 1)], r"got \[\('a', 1\)\]$"),
        (argparse.Namespace(lr=0.1), r"use vars\(...\)"),
        (Options(), r"use dataclasses.asdict\(...\)"),
        (attrs.make_class("Settings", ["a"])(1), r"use attrs.asdict\(...\)"),
        (Options, "got <class"),
        (print, "got <built-in"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_not_a_configuration_is_refused(ex: Experiment, given: Any, hint: str) -> None:
    """The error shows it, and the way from it to a dictionary where there is one."""
    for add in (ex.add_config, lambda value: ex.add_named_config("variant", value)):
        with pytest.raises(ConfigValueError, match=f"takes a dictionary or a file name, .*{hint}"):
            add(given)


def test_a_dictionary_that_contains_itself_is_refused(ex: Experiment) -> None:
    """Instead of an error of the interpreter."""
    endless: dict[str, Any] = {}
    endless["self"] = endless
    with pytest.raises(ConfigValueError, match="contains itself"):
        ex.add_config(endless)


@pytest.mark.parametrize(("args", "keywords"), [((), {}), (({"a": 1},), {"b": 2})])
def test_add_config_takes_a_dictionary_or_keywords(
    ex: Experiment, args: Any, keywords: Any
) -> None:
    """Neither and both are errors."""
    with pytest.raises(ConfigError, match=r"takes one of.*: got (none|several)"):
        ex.add_config(*args, **keywords)


@pytest.mark.parametrize(
    ("updates", "expected"),
    [({"opt": {"b": 1}}, {"b": 1}), ({"opt.a": None}, {"a": None}), ({}, None)],
)
def test_updates_do_not_preserve_what_a_later_named_config_replaces(
    updates: dict[str, Any], expected: Any
) -> None:
    """An update applies to what the last named configuration sets, not to an earlier value."""
    ex = Experiment("replaced")
    ex.add_named_config("first", opt={"b": "s"})
    ex.add_named_config("second", opt=None)
    asked = request({**updates, "seed": 1}, "first", "second")
    assert resolve_for(ex, asked).config == {"opt": expected, "seed": 1}
