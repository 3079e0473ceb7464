"""Properties of configurations and of configuration files, on drawn examples."""

import contextlib
import json
import logging
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from sacred_core import Experiment
from sacred_core.config.files import load_config_file
from sacred_core.config.request import Request
from sacred_core.config.resolution import resolve
from sacred_core.dotted_path import leaves
from sacred_core.exceptions import ConfigFileError, ConfigPathError
from sacred_core.testing.effort import examples

EXAMPLES = examples(100, 10_000)
NAMES = st.sampled_from("abcd")
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text("xy", max_size=2))
TREES = st.recursive(SCALARS, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=6)
ENTRIES = st.dictionaries(NAMES, TREES, max_size=3)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(".".join)


# ---- the reference ---------------------------------------------------------------------------
GONE = object()


class DoesNotFit(Exception):
    """A path reaches into a value."""


def put_in(target: Any, keys: list[str], value: Any) -> Any:
    """Set one path: into a dictionary, or in place of nothing."""
    if not keys:
        both = isinstance(target, dict) and isinstance(value, dict)
        if not both:
            return json.loads(json.dumps(value))
        for key, inner in value.items():
            target[key] = (
                put_in(target[key], [], inner) if key in target else put_in(None, [], inner)
            )
        return target
    if target is None:
        target = {}
    if not isinstance(target, dict):
        raise DoesNotFit
    target[keys[0]] = put_in(target.get(keys[0]), keys[1:], value)
    return target


def reference(
    layers: list[dict[str, Any]], named: list[dict[str, Any]], updates: dict[str, Any]
) -> dict[str, Any]:
    """Dictionaries are merged, then the merged named ones are put in, then the updates."""
    config: dict[str, Any] = {}
    for layer in layers:
        config = put_in(config, [], layer)
    chosen: dict[str, Any] = {}
    for layer in named:
        chosen = put_in(chosen, [], layer)
    config = put_in(config, [], chosen)
    for path, value in updates.items():
        config = put_in(config, path.split("."), value)
    return config


# ---- the properties --------------------------------------------------------------------------
def compatible(updates: dict[str, Any]) -> bool:
    """No update is inside another or contains it: other tests cover that."""
    paths = [path + "." for path in updates]
    return not any(a != b and a.startswith(b) for a in paths for b in paths)


def reaches_into_value(layer: dict[str, Any], path: str) -> bool:
    """A path through a value of a named configuration: other tests cover that, too."""
    target: Any = layer
    for key in path.split(".")[:-1]:
        if key not in target:
            return False
        target = target[key]
        if not isinstance(target, dict):
            return True
    return False


def replaces_dictionary(layers: list[dict[str, Any]], path: str) -> bool:
    """Return whether a layer replaces a dictionary on ``path`` by a value.

    If an update reaches into both, more of the dictionary is left than of the reference's:
    test_an_empty_update_keeps_a_dictionary_that_a_later_layer_replaces.
    """
    keys = path.split(".")
    for length in range(1, len(keys) + 1):
        kinds = {type(v) is dict for layer in layers if (v := at(layer, keys[:length])) is not GONE}
        if len(kinds) > 1:
            return True
    return False


def update_leaves(updates: dict[str, Any]) -> list[str]:
    """Return the paths of what the updates contain, also of their empty dictionaries."""
    trees = ((path, value) for path, value in updates.items() if isinstance(value, dict))
    return [f"{path}.{inner}" for path, tree in trees for inner, _ in leaves(tree)]


def at(tree: Any, keys: list[str]) -> Any:
    for key in keys:
        if not isinstance(tree, dict) or key not in tree:
            return GONE
        tree = tree[key]
    return tree


@example(
    layers=[{"c": {"a": None, "b": {"a": None}}}, {"a": None, "c": {"b": None}}],
    named=[],
    updates={"c": {"a": None, "b": {}}},
)
@settings(max_examples=EXAMPLES, deadline=None)
@given(
    layers=st.lists(ENTRIES, max_size=3),
    named=st.lists(ENTRIES, max_size=2),
    updates=st.dictionaries(PATHS, TREES, max_size=3).filter(compatible),
)
def test_resolution_equals_the_reference(
    layers: list[dict[str, Any]], named: list[dict[str, Any]], updates: dict[str, Any]
) -> None:
    """For dictionaries, named dictionaries and updates by path, of any shape."""
    assume(not any(reaches_into_value(layer, path) for layer in named for path in updates))
    both = [path for path in updates if any(path.split(".")[0] in layer for layer in named)]
    assume(not any(reaches_into_value(layer, path) for layer in layers for path in both))
    assume(not any(isinstance(updates[path], dict) for path in both))
    named_leaves = [str(path) for layer in named for path, _ in leaves(layer)]
    fixed_paths = [*updates, *update_leaves(updates), *named_leaves]
    assume(not any(replaces_dictionary(layers, path) for path in fixed_paths))
    ex = Experiment("drawn")
    for layer in filter(None, layers):
        ex.add_config(layer)
    for number, layer in enumerate(named):
        ex.add_named_config(str(number), layer) if layer else ex.add_named_config(str(number), {})
    names = [str(number) for number in range(len(named))]
    request = Request(updates={**updates, "seed": 0}, named_configs=names)
    logger = logging.getLogger("tests")
    try:
        expected: Any = {**reference(layers, named, updates), "seed": 0}
    except DoesNotFit:
        assume(len(layers) < 2)  # of several layers, another may have a dictionary there
        with pytest.raises(ConfigPathError):
            resolve(ex, request, logger=logger, new_seed=lambda: 0)
        return
    result = resolve(ex, request, logger=logger, new_seed=lambda: 0)
    assert result.config == expected


@pytest.mark.parametrize(
    "updates", [{"c": {"a": None, "b": {}}}, {"c": {"b": {}}}, {"c.b": {}}], ids=str
)
def test_an_empty_update_keeps_a_dictionary_that_a_later_layer_replaces(
    updates: dict[str, Any],
) -> None:
    """An update holds in each layer, as in Sacred: the dictionary is merged, None is refused."""
    ex = Experiment("layers")
    ex.add_config({"c": {"a": None, "b": {"a": None}}})
    ex.add_config({"a": None, "c": {"b": None}})
    request = Request(updates={**updates, "seed": 0})
    result = resolve(ex, request, logger=logging.getLogger("tests"), new_seed=lambda: 0)
    assert result.config == {"a": None, "c": {"a": None, "b": {"a": None}}, "seed": 0}


CANARY = Path("canary-of-executed-files")


class Evil:
    """Leaves a trace when a pickle of it is loaded the ordinary way."""

    def __reduce__(self) -> Any:
        return os.mkdir, (str(CANARY),)


PICKLES = st.one_of(
    st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2)).map(pickle.dumps),
    ENTRIES.map(pickle.dumps),
    ENTRIES.map(lambda entries: pickle.dumps({**entries, "evil": Evil()})),
)
YAMLS = st.sampled_from(
    ["!!python/object/apply:os.mkdir ['%s']", "{a: !!python/object:os.system x, b: '%s'}"]
).map(lambda text: (text % CANARY if "%s" in text else text).encode())
FILES = st.tuples(
    st.sampled_from([".json", ".yaml", ".pickle"]),
    st.one_of(
        st.binary(max_size=40), PICKLES, YAMLS, ENTRIES.map(lambda e: json.dumps(e).encode())
    ),
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(file=FILES)
def test_a_file_is_data_or_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: tuple[str, bytes]
) -> None:
    """Whatever it holds: nothing is executed, and no other exception comes out."""
    monkeypatch.chdir(tmp_path)
    suffix, content = file
    path = tmp_path / f"drawn{suffix}"
    path.write_bytes(content)
    with contextlib.suppress(ConfigFileError):  # it names the file: see test_sources.py
        assert type(load_config_file(path)) is dict
    assert not CANARY.exists()
