"""Tests of values in a configuration that are not plain data: objects of any kind."""

import dataclasses
import datetime
import decimal
import enum
import functools
import json
import logging
import math
import pathlib
import pickle
import threading
from typing import Any

import attrs
import pytest

from sacred_core import Experiment, Ingredient
from sacred_core.serialization import plain
from sacred_core.testing.memory import Memory, MemoryObserver


class Net:
    """A class of the user's."""


@dataclasses.dataclass
class Optimizer:
    lr: float = 0.1
    kind: Any = Net


@attrs.define
class Scheduler:
    steps: int = 3


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Mode(enum.StrEnum):
    FAST = "fast"


def function() -> int:
    return 1


class Strange:
    """Compares as arrays do."""

    def __init__(self) -> None:
        self.state = 1

    def __eq__(self, other: object) -> Any:
        raise ValueError("ambiguous")

    __hash__ = object.__hash__


OBJECTS: dict[str, Any] = {
    f"{type(value).__name__}{number}": value
    for number, value in enumerate([
    Net, Net(), Optimizer(), Scheduler(), Color.RED, Level.LOW, Mode.FAST, function,
    functools.partial(function), lambda: 1, math.floor, [].append.__class__, pathlib.Path("/x"),
    datetime.date(2020, 1, 2), datetime.timedelta(1), decimal.Decimal("1.5"), {1, 2}, b"x", 1j,
    Strange(), range(3),
])}  # fmt: skip
VALUE: Any = None


def by_scope(ex: Experiment, value: Any) -> dict[str, Any]:
    @ex.config
    def scope():
        entry = VALUE

    return {}


def by_dictionary(ex: Experiment, value: Any) -> dict[str, Any]:
    ex.add_config(entry=value)
    return {}


def by_keyword_over_none(ex: Experiment, value: Any) -> dict[str, Any]:
    ex.add_config(entry=None)
    ex.add_config({"entry": value})
    return {}


def by_update(ex: Experiment, value: Any) -> dict[str, Any]:
    ex.add_config(entry=None)
    return {"config_updates": {"entry": value}}


def by_hook(ex: Experiment, value: Any) -> dict[str, Any]:
    ex.add_config(entry=None)
    ex.config_hook(_hook)
    return {}


def _hook(config: Any, command_name: str, logger: logging.Logger) -> dict[str, Any]:
    return {"entry": VALUE}


def by_hook_of_an_ingredient(ex: Experiment, value: Any) -> dict[str, Any]:
    part = Ingredient("part")
    part.config_hook(_hook)
    ex.ingredients.append(part)
    ex.add_config(entry=None)
    return {}


def by_named_scope(ex: Experiment, value: Any) -> dict[str, Any]:
    ex.add_config(entry=None)

    @ex.named_config
    def variant():
        entry = VALUE

    return {"named_configs": ["variant"]}


def by_named_dictionary(ex: Experiment, value: Any) -> dict[str, Any]:
    ex.add_config(entry=None)
    ex.add_named_config("variant", entry=value)
    return {"named_configs": ["variant"]}


WAYS = [
    by_scope, by_dictionary, by_keyword_over_none, by_update, by_hook, by_hook_of_an_ingredient,
    by_named_scope, by_named_dictionary,
]  # fmt: skip


@pytest.fixture
def ex() -> Experiment:
    experiment = Experiment("objects", save_git_info=False)
    experiment.main(lambda entry, _config, _run: (entry, _config["entry"], _run.config["entry"]))
    return experiment


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_objects_reach_functions_as_they_are_and_are_recorded(
    ex: Experiment, way: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same object in `entry`, `_config` and `_run.config`, at any depth; a readable record."""
    shaped = {
        name: {"alone": value, "deep": {"v": value, "lr": 0.1}, "list": [1, [value]], "t": (value,)}
        for name, value in OBJECTS.items()
    }
    monkeypatch.setitem(globals(), "VALUE", shaped)
    memory = Memory()
    ex.observers.append(MemoryObserver(memory))
    results = ex.run(**way(ex, VALUE)).result
    for name, value in OBJECTS.items():
        for found in (result[name] for result in results):
            places = found["alone"], found["deep"]["v"], found["list"][1][0], found["t"][0]
            assert all(each is value for each in places), name
        form, stored = plain(value), memory.runs[1].run.config["entry"][name]
        assert stored == {
            "alone": form, "deep": {"v": form, "lr": 0.1}, "list": [1, [form]], "t": [form],
        }  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(
    "value", [Net, pathlib.Path("/x"), Optimizer()], ids=["class", "path", "dataclass"]
)
def test_an_entry_may_be_an_object(
    ex: Experiment, value: Any, way: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scopes, dictionaries, hooks and updates can set an object."""
    monkeypatch.setitem(globals(), "VALUE", value)
    memory = Memory()
    ex.observers.append(MemoryObserver(memory))
    assert all(found is value for found in ex.run(**way(ex, VALUE)).result)
    assert memory.runs[1].run.config["entry"] == plain(value)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_plain_neighbours_of_an_object_can_be_updated(
    ex: Experiment, way: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update reaches into the dictionary, and the object beside it stays."""
    monkeypatch.setitem(globals(), "VALUE", {"lr": 0.1, "net": Net})
    if way in (by_hook, by_hook_of_an_ingredient, by_update):
        return
    arguments = way(ex, VALUE)
    entry = ex.run(**arguments, config_updates={"entry.lr": 5}).result[0]
    assert entry == {"lr": 5, "net": Net}


@pytest.mark.parametrize("value", [Net, pathlib.Path("/x"), Optimizer()])
def test_an_object_replaces_plain_data_and_the_reverse(ex: Experiment, value: Any) -> None:
    """What was replaced counts as modified, with the types that it had."""
    ex.add_config(entry="plain")
    run = ex.run(config_updates={"entry": value})
    assert run.result[0] is value
    assert run.config_modifications.typechanged == {"entry": (str, type(value))}
    other = Experiment("other")
    other.add_config(entry=value)
    other.main(lambda entry: entry)
    run = other.run(config_updates={"entry": "plain"})
    assert run.result == "plain"
    assert run.config_modifications.modified == {"entry"}


def test_the_same_object_again_is_not_a_modification(ex: Experiment) -> None:
    """Objects are compared by identity: their own `==` may mean anything."""
    strange = Strange()
    ex.add_config(entry={"s": strange})
    assert not ex.run(config_updates={"entry": {"s": strange}}).config_modifications.modified
    run = ex.run(config_updates={"entry": {"s": Strange()}})
    assert run.config_modifications.modified == {"entry.s"}


def test_a_scope_computes_with_objects_of_earlier_ones(ex: Experiment) -> None:
    """A parameter that the scope leaves as it is stays the entry of the earlier scope."""
    optimizer = Optimizer()
    ex.add_config(entry={"opt": optimizer}, other=1)

    @ex.config
    def second(entry, other):
        lr = entry["opt"].lr

    run = ex.run()
    assert run.config["lr"] == 0.1
    assert run.config["entry"]["opt"] is optimizer
    assert run.config_modifications.origins["entry"].layer == "dictionary"


def test_fields_are_recorded(ex: Experiment) -> None:
    """Fields are recorded, of a dataclass and of an attrs object in a scope, as of the same values
    in a result.
    """
    memory = Memory()
    ex.observers.append(MemoryObserver(memory))

    @ex.config
    def scope():
        entry = Optimizer(lr=0.25, kind="sgd")
        scheduler = Scheduler(7)

    ex.run()
    config = memory.runs[1].run.config
    assert "0.25" in json.dumps(config["entry"]) and "sgd" in json.dumps(config["entry"])
    assert "7" in json.dumps(config["scheduler"])


def test_secrets_in_objects_are_masked(ex: Experiment) -> None:
    """The record of a dataclass has no password."""
    Login = dataclasses.make_dataclass("Login", ["user", "password"])
    memory = Memory()
    ex.observers.append(MemoryObserver(memory))
    ex.add_config(entry=Login("me", "hunter2"))
    assert ex.run().result[0].password == "hunter2"
    assert "hunter2" not in repr(memory.runs[1].run)


def warnings_of(ex: Experiment, caplog: pytest.LogCaptureFixture, **arguments: Any) -> list[str]:
    caplog.clear()
    ex.run(**arguments)
    return [r.message for r in caplog.records if "cannot be recorded" in r.message]


def test_what_cannot_be_recorded_is_one_warning_that_names_it(
    ex: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    """It reaches the function all the same, and its place in the record is not empty."""
    memory = Memory()
    ex.observers.append(MemoryObserver(memory))

    @ex.config
    def scope():
        entry = {"a": 1, "lock": threading.Lock()}
        items = iter([1])
        fine = Net
        words = "<Net object at 0x7f> is only a string"

    messages = warnings_of(ex, caplog)
    assert len(messages) == 2
    assert 'config entry "entry.lock" is <unlocked _thread.lock' in messages[0]
    assert 'config entry "items" is <list_iterator' in messages[1]
    config = memory.runs[1].run.config
    assert config["entry"]["a"] == 1
    assert "lock" in str(config["entry"]["lock"])
    assert config.keys() == {"seed", "entry", "items", "fine", "words"}


@pytest.mark.parametrize("way", [by_update, by_hook, by_named_scope])
def test_the_warning_comes_wherever_the_value_is_set(
    ex: Experiment, way: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warning comes wherever the value is set, in updates, by hooks, and by named
    configurations.
    """
    monkeypatch.setitem(globals(), "VALUE", object())
    (warning,) = warnings_of(ex, caplog, **way(ex, VALUE))
    assert '"entry" is <object object' in warning


def test_a_queued_run_warns_of_what_it_cannot_restore(
    ex: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    """Only the readable form is stored until it is started."""
    ex.observers.append(MemoryObserver(Memory()))
    ex.add_config(entry={"net": Net, "lr": 1})
    ex.run(options={"--queue": True})
    (warning,) = [r.message for r in caplog.records if "set it again" in r.message]
    assert warning.startswith('The config entry "entry.net" is a type: a queued run stores only')


def test_readable_objects_give_no_warning(ex: Experiment, caplog: pytest.LogCaptureFixture) -> None:
    """All those of the table of values."""
    readable = [value for value in OBJECTS.values() if not isinstance(value, functools.partial)]
    ex.add_config(entry=None)
    assert not warnings_of(ex, caplog, config_updates={"entry": readable})


def test_tools_of_a_named_configuration_are_not_added_entries(ex: Experiment) -> None:
    """A helper and a private name in it are no unknown entries."""
    ex.add_config(entry=1)

    @ex.named_config
    def variant():
        _base = 2

        def twice(x):
            return 2 * x

        entry = twice(_base)

    run = ex.run(named_configs=["variant"])
    assert run.result[0] == 4
    assert run.config.keys() == {"seed", "entry"}


def test_print_config_and_save_config_show_the_readable_form(
    ex: Experiment, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Print config and save config show the readable form, as the record does."""
    ex.add_config(entry={"path": pathlib.Path("/data"), "day": datetime.date(2020, 1, 2)})
    ex.run("print_config")
    text = capsys.readouterr().out
    assert "path = '/data'" in text
    assert "day = '2020-01-02'" in text
    target = tmp_path / "saved.json"
    ex.run("save_config", config_updates={"config_filename": str(target)})
    assert json.loads(target.read_text())["entry"] == {"path": "/data", "day": "2020-01-02"}


SPAWNED = Experiment("spawned", save_git_info=False)
SPAWNED.add_config(a=1, path=pathlib.Path("/x"), make=lambda: 1)


@SPAWNED.capture
def wants_one(a: int) -> int:
    return a


@SPAWNED.capture
def wants_all(_config: Any) -> Any:
    return dict(_config)


@SPAWNED.main
def in_children() -> Any:
    return [pickle.dumps(function) for function in (wants_one, wants_all)]


def test_a_pickled_function_takes_the_objects_that_can_be_pickled() -> None:
    """An entry that cannot be pickled does not stop a function that does not take it."""
    one, whole = (pickle.loads(pickled)() for pickled in SPAWNED.run().result)
    assert one == 1
    assert whole.keys() == {"a", "path", "seed"}
    assert whole["path"] == pathlib.Path("/x")
