"""Tests of causes in the configuration: received values, computed values and seeds."""

from typing import Any

import pytest

from sacred_core.compare import Cause, why

SCRIPT = """
@ex.config
def cfg(seed):
    lr = 0.1
    opt = {"lr": lr, "wd": 0.0}
    steps = 10 * epochs()
    total = steps * 2
    shuffle = seed + 1
    if lr > 1:
        mode = "fast"
    else:
        mode = "slow"

def epochs():
    return 1

@ex.capture
def step(opt):
    return opt

@ex.main
def main(steps):
    return steps
"""
CALLS = [["train.py", "main", ["steps"]], ["train.py", "step", ["opt"]]]
CONFIG = {
    "lr": 0.1, "opt": {"lr": 0.1, "wd": 0.0}, "steps": 10, "total": 20, "shuffle": 6,
    "mode": "slow", "seed": 5,
}  # fmt: skip
ORIGINS = {"scope cfg": ["lr", "opt.lr", "opt.wd", "steps", "total", "shuffle", "mode"],
           "seed": ["seed"]}  # fmt: skip


def recorded(
    record: Any, config: dict[str, Any], given: dict[str, list[str]] | None = None, **more: Any
) -> Any:
    """Return a run with some other values; ``given`` are origins that are not the scope."""
    paths = [path for listed in (given or {}).values() for path in listed]
    own = {name: [p for p in listed if p not in paths] for name, listed in ORIGINS.items()}
    info = {"mainfile": "train.py", "captured": more.pop("captured", CALLS)}
    meta = {"origins": {**own, **(given or {})}}
    sources = {"train.py": more.pop("script", SCRIPT)}
    return record({**CONFIG, **config}, sources, info, meta_info=meta, **more)


def causes(first: Any, second: Any, kind: str = "config") -> list[Cause]:
    return [cause for cause in why(first, second) if cause.kind == kind]


def test_received_values_come_before_others(record: Any) -> None:
    """A value that a function received is first, with the functions; others follow."""
    second = recorded(record, {"mode": "x", "opt": {"lr": 0.1, "wd": 0.5}, "steps": 7})
    found = causes(recorded(record, {}), second)
    assert [(each.key, each.details["received_by"]) for each in found] == [
        ("steps", ["main"]), ("opt.wd", ["step"]), ("mode", []),
    ]  # fmt: skip
    assert found[1].text == "opt.wd 0.0 → 0.5 (scope cfg), received by step"
    assert found[2].text == "mode 'slow' → 'x' (scope cfg)"


def test_a_given_value_comes_before_those_computed_from_it(record: Any) -> None:
    """The value of the command line is first although only others were received."""
    changed = {"lr": 2.0, "opt": {"lr": 2.0, "wd": 0.0}, "mode": "fast"}
    second = recorded(record, changed, {"command line": ["lr"]})
    found = causes(recorded(record, {}), second)
    assert [(each.key, each.details["computed_from"]) for each in found] == [
        ("lr", []), ("opt.lr", ["lr"]), ("mode", ["lr"]),
    ]  # fmt: skip
    assert found[0].text == "lr 0.1 → 2.0 (scope cfg → command line), used for opt.lr, mode"
    assert found[1].text == ("opt.lr 0.1 → 2.0 (scope cfg), received by step, computed from lr")


def test_values_are_computed_through_others(record: Any) -> None:
    """A value that follows from a received one comes after it."""
    second = recorded(record, {"steps": 30, "total": 60}, {"update": ["steps"]})
    found = causes(recorded(record, {}), second)
    assert [(each.key, each.details["computed_from"]) for each in found] == [
        ("steps", []), ("total", ["steps"]),
    ]  # fmt: skip


def test_values_are_computed_through_variables(record: Any) -> None:
    """A private variable of the scope may be between two entries."""
    script = SCRIPT.replace("total = steps * 2", "_half = steps / 2\n    total = _half * 4")
    second = recorded(record, {"steps": 30, "total": 60}, {"update": ["steps"]}, script=script)
    found = causes(recorded(record, {}, script=script), second)
    assert [(each.key, each.details["computed_from"]) for each in found] == [
        ("steps", []), ("total", ["steps"]),
    ]  # fmt: skip


def test_a_scope_that_changed_is_no_reason_to_blame_others(record: Any) -> None:
    """Where the scope computes a value in another way, the value is a cause of its own."""
    script = SCRIPT.replace("total = steps * 2", "total = steps * 3")
    second = recorded(record, {"steps": 30, "total": 90}, {"update": ["steps"]}, script=script)
    found = causes(recorded(record, {}), second)
    assert [(each.key, each.details["computed_from"]) for each in found] == [
        ("steps", []), ("total", []),
    ]  # fmt: skip


def test_a_value_that_no_statement_binds_is_a_cause_of_its_own(record: Any) -> None:
    """A scope may set entries in ways that cannot be read from its source."""
    given = {"scope cfg": ["odd"]}
    second = recorded(record, {"odd": 2, "steps": 7}, {**given, "update": ["steps"]})
    found = causes(recorded(record, {"odd": 1}, given), second)
    assert [(each.key, each.details["computed_from"]) for each in found] == [
        ("steps", []), ("odd", []),
    ]  # fmt: skip


def test_values_of_an_unknown_scope_follow_given_ones(record: Any) -> None:
    """Without the source of the scope its values are taken for consequences."""
    sides = (
        recorded(record, {}, script="x = 1\n"),
        recorded(record, {"lr": 2.0, "steps": 9}, {"command line": ["lr"]}, script="x = 1\n"),
    )
    found = causes(*sides)
    assert [(each.key, each.details["computed_from"]) for each in found] == [
        ("lr", []), ("steps", ["lr"]),
    ]  # fmt: skip


def test_values_of_a_file_are_not_computed(record: Any) -> None:
    """A named configuration from a file is no scope; its values are causes of their own."""
    given = {"named config fast": ["lr", "steps"]}
    second = recorded(record, {"lr": 2.0, "steps": 9, "total": 18}, given)
    found = causes(recorded(record, {}), second)
    assert [(each.key, each.details["computed_from"]) for each in found] == [
        ("steps", []), ("lr", []), ("total", ["steps"]),
    ]  # fmt: skip


def test_a_random_seed_comes_after_other_causes(record: Any) -> None:
    """A seed that was not given is a late cause, and so is what is computed from it."""
    second = recorded(record, {"seed": 8, "shuffle": 9, "mode": "x"}, host_info={"hostname": "b"})
    first = recorded(record, {}, host_info={"hostname": "a"})
    found = why(first, second)
    assert [(each.kind, each.key) for each in found] == [
        ("config", "mode"), ("host", "hostname"), ("seed", "seed"), ("config", "shuffle"),
    ]  # fmt: skip
    assert found.causes[2].text == "5 → 8, random in both runs: give a seed to exclude it"
    assert found.causes[3].details["computed_from"] == ["seed"]


def test_a_given_seed_comes_before_the_environment(record: Any) -> None:
    """A seed that was given is a cause before the environment and the machine."""
    host = [{"switches": {"PYTHONHASHSEED": text}} for text in ("1", "2")]
    first = recorded(record, {}, host_info=host[0])
    second = recorded(record, {"seed": 8}, {"update": ["seed"]}, host_info=host[1])
    found = why(first, second)
    assert [each.kind for each in found] == ["seed", "environment"]
    assert found.causes[0].text == "5 → 8, random in the first run"


def test_seeds_of_ingredients_follow_that_of_the_run(record: Any) -> None:
    """Generated seeds of ingredients are not listed; one that was given is a value."""
    nested = {"data": {"seed": 1}, "split": {"seed": 1}}
    other = {"seed": 8, "shuffle": 9, "data": {"seed": 2}, "split": {"seed": 2}}
    given = {"seed": ["seed", "data.seed"], "update": ["split.seed"]}
    found = why(recorded(record, nested, given), recorded(record, other, given))
    assert [(each.kind, each.key) for each in found] == [
        ("config", "split.seed"), ("seed", "seed"), ("config", "shuffle"),
    ]  # fmt: skip


def test_functions_with_the_whole_configuration_receive_each_value(record: Any) -> None:
    """One that takes ``_config`` is listed after those that take the value by name."""
    calls = [["train.py", "report", [""]], *CALLS]
    second = recorded(record, {"steps": 7}, captured=calls)
    (cause,) = causes(recorded(record, {}, captured=calls), second)
    assert cause.details["received_by"] == ["main", "report"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.0, "1 → 1.0"), (True, "1 → True"), ("1", "1 → '1'"), (None, "1 → None"),
        ([1], "1 → [1]"),
    ],
)  # fmt: skip
def test_types_of_values_are_seen(value: Any, shown: str, record: Any) -> None:
    """Values of different types differ, and look different."""
    (cause,) = causes(record({"x": 1}), record({"x": value}))
    assert cause.text == f"x {shown}"
    assert (cause.first, cause.second) == (1, value)


def test_long_values_are_shown_where_they_differ(record: Any) -> None:
    """Of long lists the items that differ are shown, of long strings the place."""
    numbers = list(range(100))
    texts = ["a" * 200 + letter + "b" * 200 for letter in "xy"]
    first = record({"list": numbers, "text": texts[0]})
    second = record({"list": [*numbers[:50], -1, *numbers[51:]], "text": texts[1]})
    shown = [cause.text for cause in causes(first, second)]
    assert shown[0] == "list item 50: 50 → -1"
    assert f"…{15 * 'a'}xb" in shown[1] and f"…{15 * 'a'}yb" in shown[1] and len(shown[1]) < 140


def test_addresses_of_objects_are_no_cause(record: Any) -> None:
    """An object whose form has only an address is listed under what was not recorded."""
    sides = [record({"net": [f"<Net object at 0x7f00{number}>"]}) for number in (1, 2)]
    found = why(*sides)
    assert found.causes == ()
    assert "the content of the objects at net" in found.not_recorded
