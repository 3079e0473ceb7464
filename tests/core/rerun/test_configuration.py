"""Tests of the configuration of a rerun."""

import math
from typing import Any

import pytest

from sacred_core.config.entries import Spelled
from sacred_core.exceptions import OptionError
from sacred_core.rerun.configuration import missing_text, recorded_config, with_sets
from sacred_core.stores import StoredRun

CONFIG = {
    "seed": 5,
    "lr": 0.1,
    "opt": {"name": "sgd", "decay": math.nan, "password": "***"},
    "layers": [{"size": 3}, {"size": 4}],
    "rule": {"py/object": "Rule"},
    "1": "one",
}
ORIGINS = {
    "seed": ["seed"],
    "command line": ["lr", "opt.password"],
    "scope cfg": ["opt.name", "opt.decay", "rule", "1"],
    "named config big": ["layers"],
}


def recorded(sets: dict[str, Any] | None = None, **meta: Any) -> Any:
    known = {"origins": ORIGINS, "masked": ["config.opt.password", "meta.options.UPDATE.1"]}
    run = StoredRun(id=1, status="COMPLETED", config=CONFIG, meta={**known, **meta})
    return recorded_config(run, sets)


class Rule:
    def __init__(self, power: int = 2) -> None:
        self.power = power


def script_config(**changes: Any) -> dict[str, Any]:
    config = {
        "seed": 5,
        "lr": 0.1,
        "opt": {"name": "sgd", "decay": math.nan, "password": "new"},
        "layers": [{"size": 3}, {"size": 4}],
        "rule": Rule(),
        1: "one",
    }
    return config | changes


def test_first_updates_are_those_of_the_call_and_the_seed() -> None:
    """What the script sets by itself is left to it, unless its origin is lost."""
    assert recorded().first_updates() == {"seed": 5, "lr": 0.1}
    updates = recorded({"opt.password": "x"}).first_updates(["named config big"])
    assert updates == {
        "seed": 5, "lr": 0.1, "layers": CONFIG["layers"], "opt.password": "x",
    }  # fmt: skip


def test_without_origins_all_plain_entries_are_fixed() -> None:
    """A record of Sacred does not say where a value comes from."""
    run = StoredRun(id=1, status="COMPLETED", config={"seed": 5, "lr": 1, "a": {"b": 2}})
    assert recorded_config(run).first_updates() == {"seed": 5, "lr": 1, "a": {"b": 2}}


def test_an_equal_configuration_has_no_difference_but_the_object() -> None:
    """NaN, keys that are not strings, and secrets are compared as they are recorded."""
    found = recorded().differences(script_config())
    assert (found.fixed, found.added) == ({}, [])
    assert found.left == ["rule"]  # its recorded form has the name of another module


def test_recorded_values_win_over_what_the_script_has() -> None:
    """Different and missing entries are fixed, further ones are named, objects are left."""
    config = script_config(lr=0.2, extra=1, layers=[{"size": 3}])
    del config["opt"]["name"]
    found = recorded().differences(config)
    assert found.fixed == {"lr": 0.1, "opt.name": "sgd", "layers": CONFIG["layers"]}
    assert (found.added, found.left) == (["extra"], ["rule"])


def test_an_object_of_the_call_is_replaced() -> None:
    """Where an update replaced an object by plain data, the data is fixed."""
    found = recorded(origins={"update": ["lr"]}).differences(script_config(lr=Rule()))
    assert found.fixed == {"lr": 0.1}
    found = recorded(origins={"scope cfg": ["lr"]}).differences(script_config(lr=Rule()))
    assert found.left == ["lr", "rule"]


def test_masked_entries_of_the_call_must_be_set() -> None:
    """One that the script sets need not be; without origins each must be set."""
    assert recorded().unset() == ["opt.password"]
    assert recorded({"opt.password": "x"}).unset() == []
    assert recorded({"opt": {"password": "x"}}).unset() == []
    assert recorded(origins={"scope cfg": ["opt.password"]}).unset() == []
    assert recorded(origins={"update": ["opt"]}).unset() == ["opt.password"]
    assert recorded(origins=None).unset() == ["opt.password"]
    assert missing_text(["a", "b.c"]) == (
        "set these entries, which the record masks, with --set ENTRY=VALUE: a, b.c"
    )


def test_a_masked_entry_that_the_script_does_not_set_is_missing() -> None:
    """What an environment variable had set may be gone."""
    config = script_config()
    assert recorded().missing_from(config) == []
    del config["opt"]["password"]
    assert recorded().missing_from(config) == ["opt.password"]
    assert recorded({"opt.password": "x"}).missing_from(config) == []


def test_entries_that_are_set_are_not_compared() -> None:
    """A set entry may have any value; what is beside it is still fixed."""
    found = recorded({"lr": 7, "opt.decay": 1}).differences(
        script_config(lr=7, opt={"name": "adam", "decay": 1, "password": "y"})
    )
    assert found.fixed == {"opt.name": "sgd"}


def test_a_value_is_set_as_on_the_command_line() -> None:
    """A number stays a string where the entry is one."""
    number = Spelled(100000.0, "1e5")
    config = recorded({"lr": number, "opt.name": number, "layers.0.size": 9})
    assert config.sets == {"lr": 100000.0, "opt.name": "1e5", "layers.0.size": 9}


def test_a_masked_item_of_a_list_is_set_in_it() -> None:
    """The other items are those of the record."""
    hosts = [{"name": "a", "password": "***"}, {"name": "b", "password": "***"}]
    run = StoredRun(
        id=1,
        status="COMPLETED",
        config={"hosts": hosts},
        meta={
            "origins": {"update": ["hosts"]},
            "masked": ["config.hosts.0.password", "config.hosts.1.password"],
        },
    )
    config = recorded_config(run, {"hosts.0.password": "x"})
    assert config.unset() == ["hosts.1.password"]
    config = recorded_config(run, {"hosts.0.password": "x", "hosts.1.password": "y"})
    expected = [{"name": "a", "password": "x"}, {"name": "b", "password": "y"}]
    assert config.first_updates() == {"hosts": expected}


def test_an_unknown_entry_cannot_be_set() -> None:
    """The message suggests a name."""
    with pytest.raises(OptionError, match="run '1' has no entry 'layer': did you mean 'layers'"):
        recorded({"layer": 1})
    with pytest.raises(OptionError, match="it has seed, lr"):
        recorded({"zzz": 1})


def test_a_tree_with_set_values_is_a_copy() -> None:
    """Items of lists are set by position; dictionaries that are missing are made."""
    tree = {"a": [1, {"b": 2}]}
    assert with_sets(tree, {"a.1.b": 3, "c.d": 4}) == {"a": [1, {"b": 3}], "c": {"d": 4}}
    assert tree == {"a": [1, {"b": 2}]}
