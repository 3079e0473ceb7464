"""Tests of putting a configuration together."""

import logging
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.config.resolution import Call, ResolvedConfig, resolve
from sacred_core.exceptions import ConfigError, ConfigValueError
from sacred_core.randomness import new_seed


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


def call(updates: dict[str, Any], *named: str) -> Call:
    return Call(updates, named, "main", logging.getLogger("tests"), new_seed)


def resolved(ex: Experiment, **updates: Any) -> ResolvedConfig:
    return resolve(ex, call({"seed": 1, **updates}))


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
    seeds = {resolve(ex, call({})).config["seed"] for _ in range(3)}
    assert len(seeds) == 3


def test_summary_tells_what_changed(ex: Experiment) -> None:
    """Modified, added and type-changed entries are told apart."""
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

    first = resolve(ex, call(updates)).config
    assert resolve(ex, call(updates)).config == first
    assert (first["layers"], updates["layers"]) == ([1], [1])


def test_values_that_cannot_be_stored_are_refused_in_dictionaries(ex: Experiment) -> None:
    """Unlike in a scope, where they are left out."""
    with pytest.raises(ConfigValueError, match="entry 'f' is <built-in function len>"):
        ex.add_config(f=len)


@pytest.mark.parametrize(("args", "keywords"), [((), {}), (({"a": 1},), {"b": 2})])
def test_add_config_takes_a_dictionary_or_keywords(
    ex: Experiment, args: Any, keywords: Any
) -> None:
    """Neither and both are errors."""
    with pytest.raises(ConfigError, match="takes one of"):
        ex.add_config(*args, **keywords)
