"""Updates, named configurations, files and ingredients together: a table of what comes out.

A row contains the call, what then differs from the defaults (by dotted path; ``GONE``
for an entry that is not there), and where some of the values come from.
"""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment, Ingredient
from sacred_core.config.request import Request
from sacred_core.config.resolution import resolve
from sacred_core.config.tree import ResolvedConfig
from sacred_core.dotted_path import leaves

GONE = "<gone>"
DEFAULTS = {
    "a": 10, "b": 30, "c": "foo", "opt.lr": 0.1, "opt.m": 0.9, "e.x": 1, "total": 20, "seed": 0,
    "data.n": 10, "data.double": 20, "data.file": "/d/f", "data.paths.base": "/d",
}  # fmt: skip

U, V1, V2, V3, V4, BIG = "update", "v1", "v2", "v3", "v4", "data.big"
J, Y = "f.json", "g.yaml"

# updates, names of configurations, changes, origins
ROWS: list[tuple[dict[str, Any], list[str], dict[str, Any], dict[str, str]]] = [
    ({}, [], {}, {"a": "first", "e": "dictionary", "total": "second", "data.n": "of_data"}),
    ({"a": 1}, [], {"a": 1, "b": 3, "total": 11}, {"a": U, "b": "first"}),
    ({"b": 5}, [], {"b": 5}, {"b": U, "a": "first"}),
    ({"c": "x"}, [], {"c": "x"}, {"c": U}),
    ({"opt.lr": 1}, [], {"opt.lr": 1}, {"opt.lr": U, "opt": "first"}),
    ({"opt": {"lr": 1}}, [], {"opt.lr": 1}, {"opt.lr": U}),
    ({"opt": {"z": 1}}, [], {"opt.z": 1}, {"opt.z": U}),
    ({"opt.z": 1}, [], {"opt.z": 1}, {"opt.z": U}),
    ({"opt": 5}, [], {"opt": 5, "opt.lr": GONE, "opt.m": GONE}, {"opt": U}),
    ({"e.x": 5}, [], {"e.x": 5}, {"e.x": U}),
    ({"e": {}}, [], {}, {}),
    ({"e": None}, [], {"e": None, "e.x": GONE}, {"e": U}),
    ({"total": 0}, [], {"total": 0}, {"total": U}),
    ({"data.n": 1}, [], {"data.n": 1, "data.double": 2, "total": 11}, {"data.n": U}),
    ({"data.double": 0}, [], {"data.double": 0}, {"data.double": U, "data.n": "of_data"}),
    ({"data.file": "q"}, [], {"data.file": "q"}, {"data.file": U}),
    ({"data.paths.base": "/p"}, [], {"data.paths.base": "/p", "data.file": "/p/f"},
     {"data.paths.base": U, "data.file": "of_data"}),
    ({"data": {"n": 1, "paths": {"base": "/p"}}}, [],
     {"data.n": 1, "data.double": 2, "total": 11, "data.paths.base": "/p", "data.file": "/p/f"},
     {"data.n": U, "data.paths.base": U}),
    ({"a": 1, "b": 2}, [], {"a": 1, "b": 2, "total": 11}, {"a": U, "b": U}),
    ({"a": 1, "data.n": 2}, [], {"a": 1, "b": 3, "data.n": 2, "data.double": 4, "total": 3}, {}),
    ({"a": 1, "total": 5}, [], {"a": 1, "b": 3, "total": 5}, {"total": U}),
    ({"a": 10}, [], {}, {"a": U}),
    # named configurations
    ({}, [V1], {"a": 100, "b": 300, "c": "bar", "total": 110}, {"a": V1, "c": V1, "b": "first"}),
    ({}, [V2], {"opt.lr": 0.5}, {"opt.lr": V2, "opt": "first"}),
    ({}, [V3], {}, {"a": V3, "b": "first"}),
    ({}, [V4], {"data.n": 7, "data.double": 14, "total": 17}, {"data.n": V4}),
    ({}, [BIG], {"data.n": 100, "data.double": 200, "total": 110}, {"data.n": BIG}),
    ({}, [J], {"a": 1, "b": 3, "e.x": 2, "total": 11}, {"a": J, "e.x": J}),
    ({}, [Y], {"data.paths.base": "/g", "data.file": "/g/f"}, {"data.paths.base": Y}),
    ({}, [V1, V2], {"a": 100, "b": 300, "c": "bar", "total": 110, "opt.lr": 0.5}, {"opt.lr": V2}),
    ({}, [V2, V1], {"a": 100, "b": 300, "c": "bar", "total": 110, "opt.lr": 0.5}, {"a": V1}),
    ({}, [V1, J], {"a": 1, "b": 3, "c": "bar", "e.x": 2, "total": 11}, {"a": J, "c": V1}),
    ({}, [J, V1], {"a": 100, "b": 300, "c": "bar", "e.x": 2, "total": 110}, {"a": V1, "e.x": J}),
    ({}, [V4, BIG], {"data.n": 100, "data.double": 200, "total": 110}, {"data.n": BIG}),
    ({}, [BIG, V4], {"data.n": 7, "data.double": 14, "total": 17}, {"data.n": V4}),
    ({}, [V4, V3], {"a": 7, "b": 21, "data.n": 7, "data.double": 14, "total": 14}, {"a": V3}),
    ({}, [V3, V4], {"data.n": 7, "data.double": 14, "total": 17}, {"a": V3, "data.n": V4}),
    ({}, [BIG, V3], {"a": 100, "b": 300, "data.n": 100, "data.double": 200, "total": 200}, {}),
    ({}, [V1, V3], {"c": "bar"}, {"a": V3, "c": V1}),
    ({}, [V3, V1], {"a": 100, "b": 300, "c": "bar", "total": 110}, {"a": V1}),
    ({}, [V1, V1], {"a": 100, "b": 300, "c": "bar", "total": 110}, {"a": V1}),
    ({}, [Y, J], {"data.paths.base": "/g", "data.file": "/g/f", "a": 1, "b": 3, "e.x": 2,
                  "total": 11}, {"a": J, "data.paths.base": Y}),
    ({}, [J, V3], {"e.x": 2}, {"a": V3, "e.x": J}),
    ({}, [V2, V4, V1], {"opt.lr": 0.5, "data.n": 7, "data.double": 14, "a": 100, "b": 300,
                        "c": "bar", "total": 107}, {}),
    # both
    ({"a": 23}, [V1], {"a": 23, "b": 69, "c": "bar", "total": 33}, {"a": U, "c": V1}),
    ({"c": "x"}, [V1], {"a": 100, "b": 300, "c": "x", "total": 110}, {"a": V1, "c": U}),
    ({"b": 1}, [V1], {"a": 100, "b": 1, "c": "bar", "total": 110}, {"b": U}),
    ({"opt.m": 0}, [V2], {"opt.lr": 0.5, "opt.m": 0}, {"opt.lr": V2, "opt.m": U}),
    ({"opt.lr": 9}, [V2], {"opt.lr": 9}, {"opt.lr": U}),
    ({"opt": {"lr": 9}}, [V2], {"opt.lr": 9}, {"opt.lr": U}),
    ({"data.n": 3}, [V3], {"a": 3, "b": 9, "data.n": 3, "data.double": 6, "total": 6},
     {"a": V3, "data.n": U}),
    ({"data.n": 3}, [V4], {"data.n": 3, "data.double": 6, "total": 13}, {"data.n": U}),
    ({"data.n": 3}, [BIG], {"data.n": 3, "data.double": 6, "total": 13}, {"data.n": U}),
    ({"data": {"n": 3}}, [V4, BIG], {"data.n": 3, "data.double": 6, "total": 13}, {"data.n": U}),
    ({"data.double": 1}, [BIG], {"data.n": 100, "data.double": 1, "total": 110}, {"data.n": BIG}),
    ({"a": 2}, [V3], {"a": 2, "b": 6, "total": 12}, {"a": U}),
    ({"a": 2}, [J], {"a": 2, "b": 6, "e.x": 2, "total": 12}, {"a": U, "e.x": J}),
    ({"e.x": 9}, [J], {"a": 1, "b": 3, "e.x": 9, "total": 11}, {"e.x": U, "a": J}),
    ({"e.y": 9}, [J], {"a": 1, "b": 3, "e.x": 2, "e.y": 9, "total": 11}, {"e.y": U, "e.x": J}),
    ({"data.paths.base": "/u"}, [Y], {"data.paths.base": "/u", "data.file": "/u/f"},
     {"data.paths.base": U}),
    ({"data.file": "q"}, [Y], {"data.paths.base": "/g", "data.file": "q"}, {"data.file": U}),
    ({"a": 1}, [V1, V2, V3, V4], {"a": 1, "b": 3, "c": "bar", "opt.lr": 0.5, "data.n": 7,
                                  "data.double": 14, "total": 8}, {"a": U, "data.n": V4}),
    ({"total": 1}, [BIG, V3, J], {"a": 1, "b": 3, "e.x": 2, "data.n": 100, "data.double": 200,
                                  "total": 1}, {"a": J, "total": U}),
]  # fmt: skip


def experiment() -> Experiment:
    paths = Ingredient("data.paths")
    data = Ingredient("data", ingredients=[paths])
    ex = Experiment("combined", ingredients=[data])

    @paths.config
    def of_paths():
        base = "/d"

    @data.config
    def of_data(paths):
        n = 10
        double = n * 2
        file = paths["base"] + "/f"

    @data.named_config
    def big():
        n = 100

    @ex.config
    def first():
        a = 10
        b = 3 * a
        c = "foo"
        opt = {"lr": 0.1, "m": 0.9}

    ex.add_config(e={"x": 1})

    @ex.config
    def second(a, data):
        total = a + data["n"]

    @ex.named_config
    def v1():
        a = 100
        c = "bar"

    @ex.named_config
    def v2():
        opt = {"lr": 0.5}

    @ex.named_config
    def v3(data):
        a = data["n"]

    ex.add_named_config("v4", data={"n": 7})
    ex.main(lambda opt, e: None)
    return ex


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f.json").write_text(json.dumps({"a": 1, "e": {"x": 2}}))
    Path("g.yaml").write_text("data:\n  paths:\n    base: /g\n")


def resolved(updates: dict[str, Any], named: list[str]) -> ResolvedConfig:
    logger = logging.getLogger("tests.combinations")
    request = Request(updates=updates, named_configs=named)
    return resolve(experiment(), request, logger=logger, new_seed=lambda: 0, command_name="main")


def test_the_table_is_large_enough() -> None:
    """The table is large enough: at least 60 combinations, none twice."""
    assert len({json.dumps(row[:2], sort_keys=True) for row in ROWS}) == len(ROWS) >= 60


@pytest.mark.parametrize(("updates", "named", "changes", "origins"), ROWS)
def test_combination(
    updates: dict[str, Any], named: list[str], changes: dict[str, Any], origins: dict[str, str]
) -> None:
    """Configuration and origins are those of the row."""
    result = resolved(updates, named)
    expected = {k: v for k, v in {**DEFAULTS, **changes}.items() if v is not GONE}
    assert {str(path): value for path, value in leaves(result.config)} == expected
    for path, expected in origins.items():
        origin = result.summary.origins[path]
        assert expected in (origin.layer, origin.name), (path, origin)


def test_thirty_six_named_configurations_built_on_each_other() -> None:
    """Each sees what the one before it fixed."""
    ex = Experiment("chain")
    ex.add_config(n=0)
    ex.main(lambda n: n)

    @ex.named_config
    def step(n):
        n = n + 1

    ex.add_named_config("start", n=1)
    assert ex.run(named_configs=["start", *["step"] * 35]).result == 36


def test_origins_have_file_and_line() -> None:
    """Origins contain file and line, for a scope its place, for a file its name."""
    result = resolved({}, ["f.json"])
    scope = result.summary.origins["b"]
    assert (Path(scope.file).name, scope.layer) == ("test_combinations.py", "scope")
    assert scope.line > 0
    assert str(scope).startswith("scope first (")
    assert result.summary.origins["a"].file == "f.json"


def test_observers_that_a_scope_or_a_hook_adds_watch_the_run() -> None:
    """They are taken after the configuration is resolved."""
    heard: list[str] = []

    class Observer:
        def __init__(self, name: str) -> None:
            self.name = name

        def started_event(self) -> None:
            heard.append(self.name)

    global EX, OBSERVER
    EX, OBSERVER = Experiment("late"), Observer

    @EX.config
    def scope():
        EX.observers.append(OBSERVER("scope"))

    @EX.config_hook
    def hook(config, command_name, logger):
        EX.observers[:] = [*EX.observers, OBSERVER("hook")]
        return {}

    EX.main(lambda: None)
    EX.run()
    assert heard == ["scope", "hook"]
