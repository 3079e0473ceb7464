"""How configurations of one ingredient are merged, and what updates leave alone."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment, Ingredient

Owner = Experiment | Ingredient
FIRST = {"k1": 1, "k2": 2, "deep": {"x": 1, "y": {"z": 1}}}
SECOND = {"k2": 20, "k3": 3, "deep": {"y": {"w": 2}}}
MERGED = {"k1": 1, "k2": 20, "k3": 3, "deep": {"x": 1, "y": {"z": 1, "w": 2}}}


def by_scope(owner: Owner, entries: dict[str, Any], folder: Path) -> None:
    values = json.dumps(entries)
    name = f"scope_{len(owner.configurations)}"
    path = folder / f"{owner.path}_{name}.py"
    path.write_text(f"def {name}():\n    d = {values}\n")
    namespace: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    owner.config(namespace[name])


def by_dictionary(owner: Owner, entries: dict[str, Any], folder: Path) -> None:
    owner.add_config({"d": entries})


def by_file(owner: Owner, entries: dict[str, Any], folder: Path) -> None:
    path = folder / f"{owner.path}_{len(owner.configurations)}.json"
    path.write_text(json.dumps({"d": entries}))
    owner.add_config(str(path))


WAYS: list[Callable[[Owner, dict[str, Any], Path], None]] = [by_scope, by_dictionary, by_file]


def config_of(ex: Experiment, **call: Any) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(json.dumps(ex.run(**call).config))
    del config["seed"]
    return config


@pytest.fixture(params=["experiment", "ingredient"])
def owned(request: pytest.FixtureRequest) -> tuple[Experiment, Owner, str]:
    """An experiment, whose entries are configured, and the path of these."""
    if request.param == "experiment":
        ex: Experiment = Experiment("merging", save_git_info=False)
        ex.main(lambda d=None: None)
        return ex, ex, ""
    part = Ingredient("part", save_git_info=False)
    part.capture(lambda d=None: None)
    ex = Experiment("merging", ingredients=[part], save_git_info=False)
    ex.main(lambda: None)
    return ex, part, "part."


@pytest.mark.parametrize("second", WAYS)
@pytest.mark.parametrize("first", WAYS)
def test_dictionaries_are_merged_at_every_depth(
    owned: tuple[Experiment, Owner, str], first: Any, second: Any, tmp_path: Path
) -> None:
    """Dictionaries are merged at every depth, in every pair of scope, dictionary and file, of
    experiments and ingredients.
    """
    ex, owner, prefix = owned
    first(owner, FIRST, tmp_path)
    second(owner, SECOND, tmp_path)
    config = config_of(ex)
    assert (config["part"] if prefix else config) == {"d": MERGED}


@pytest.mark.parametrize("first", WAYS)
def test_updates_reach_into_merged_dictionaries(
    owned: tuple[Experiment, Owner, str], first: Any, tmp_path: Path
) -> None:
    """Updates reach into merged dictionaries, also into what only the first of two configurations
    has.
    """
    ex, owner, prefix = owned
    first(owner, FIRST, tmp_path)
    by_dictionary(owner, SECOND, tmp_path)
    updates = {f"{prefix}d.k1": 7, f"{prefix}d.deep.y.w": 8}
    run = ex.run(config_updates=updates)
    d = (run.config["part"] if prefix else run.config)["d"]
    assert d == {**MERGED, "k1": 7, "deep": {"x": 1, "y": {"z": 1, "w": 8}}}
    assert run.config_modifications.added == set()
    assert run.config_modifications.modified == set(updates)


def test_named_configurations_are_merged_on_top() -> None:
    """Each named configuration reaches into the merged dictionaries, and into the one before."""
    ex = Experiment("merging", save_git_info=False)
    ex.main(lambda d: None)
    ex.add_config(d=FIRST)
    ex.add_config(d=SECOND)
    ex.add_named_config("one", {"d": {"k1": 100, "deep": {"x": 100}}})
    ex.add_named_config("two", {"d": {"deep": {"x": 200}, "k4": 4}})
    d = config_of(ex, named_configs=["one", "two"])["d"]
    assert d == {**MERGED, "k1": 100, "k4": 4, "deep": {**MERGED["deep"], "x": 200}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("first", "second", "types"),
    [({"a": 1}, 5, "dict to int"), (5, {"a": 1}, "int to dict"), ({"a": 1}, [1], "dict to list")],
)
def test_a_value_and_a_dictionary_replace_each_other(
    first: Any, second: Any, types: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A value and a dictionary replace each other, with a warning of the changed type, at every
    depth.
    """
    ex = Experiment("merging", save_git_info=False)
    ex.main(lambda d: None)
    ex.add_config(d=first, outer={"inner": first})
    ex.add_config(d=second, outer={"inner": second})
    with caplog.at_level(logging.WARNING):
        assert config_of(ex) == {"d": second, "outer": {"inner": second}}
    for path in ("d", "outer.inner"):
        assert f'Changed type of config entry "{path}" from {types}' in caplog.text


def test_an_update_reaches_into_the_dictionary_that_replaces_a_value() -> None:
    """What an earlier configuration sets does not matter."""
    ex = Experiment("merging", save_git_info=False)
    ex.main(lambda d: None)
    ex.add_config(d=5)
    ex.add_config(d={"a": 1})
    assert config_of(ex, config_updates={"d.a": 2}) == {"d": {"a": 2}}


def test_origins_of_merged_dictionaries() -> None:
    """Each entry has the origin of the configuration that sets it."""
    ex = Experiment("merging", save_git_info=False)
    ex.main(lambda d: None)

    @ex.config
    def first():
        d = {"k1": 1, "k2": 2, "e": {"x": 1}}

    @ex.config
    def second():
        d = {"k2": 20, "e": 5}

    origins = ex.run().config_modifications.origins
    names = {path: origin.name for path, origin in origins.items() if path.startswith("d")}
    assert names == {"d": "first", "d.k2": "second", "d.e": "second"}


def test_a_scope_that_changes_its_parameter_replaces_it() -> None:
    """What it removes is gone; a scope that binds the name anew is merged."""
    ex = Experiment("merging", save_git_info=False)
    ex.main(lambda d, e: None)
    ex.add_config(d={"k1": 1, "n": {"x": 1}}, e={"k1": 1})

    @ex.config
    def second(d, e):
        d["k2"] = d.pop("k1")
        d["n"].clear()
        e = {"k2": 2}

    assert config_of(ex) == {"d": {"k2": 1, "n": {}}, "e": {"k1": 1, "k2": 2}}


def test_what_a_scope_sees_of_an_update_that_adds_entries() -> None:
    """A scope does not see the new entry, which what refers to the dictionary contains, and later
    scopes see.
    """
    ex = Experiment("merging", save_git_info=False)
    ex.main(lambda d: None)

    @ex.config
    def first():
        d = {"k1": 1}
        keys = sorted(d)
        outer = {"d": d}

    @ex.config
    def second(d):
        later = sorted(d)

    assert config_of(ex, config_updates={"d.z": 5}) == {
        "d": {"k1": 1, "z": 5}, "keys": ["k1"], "outer": {"d": {"k1": 1, "z": 5}},
        "later": ["k1", "z"],
    }  # fmt: skip


def test_the_longer_path_of_one_call_applies() -> None:
    """The longer path of one call applies, whatever the order of the updates is."""
    for updates in ({"d": {"k": 1, "m": 1}, "d.k": 2}, {"d.k": 2, "d": {"k": 1, "m": 1}}):
        ex = Experiment("merging", save_git_info=False)
        ex.main(lambda d: None)
        ex.add_config(d={})
        assert config_of(ex, config_updates=updates) == {"d": {"k": 2, "m": 1}}


# ---- what updates leave alone ------------------------------------------------------------------
OPTIMIZER = {"name": "sgd", "lr": 0.1, "betas": [0.9, {"b": 1}]}


def shared_by_names(ex: Experiment) -> None:
    @ex.config
    def scope():
        optimizer = {"name": "sgd", "lr": 0.1, "betas": [0.9, {"b": 1}]}
        generator = optimizer
        discriminator = optimizer


def shared_by_a_constant(ex: Experiment) -> None:
    @ex.config
    def scope():
        optimizer = OPTIMIZER
        generator = OPTIMIZER
        discriminator = OPTIMIZER


def shared_by_a_function(ex: Experiment) -> None:
    @ex.config
    def scope():
        optimizer = constant()
        generator = constant()
        discriminator = constant()


def shared_by_a_dictionary(ex: Experiment) -> None:
    ex.add_config(optimizer=OPTIMIZER, generator=OPTIMIZER, discriminator=OPTIMIZER)


def constant() -> dict[str, Any]:
    return OPTIMIZER


def by_update(ex: Experiment, path: str, value: Any) -> dict[str, Any]:
    return {"config_updates": {path: value}}


def by_named_configuration(ex: Experiment, path: str, value: Any) -> dict[str, Any]:
    tree = value
    for key in reversed(path.split(".")):
        tree = {key: tree}
    ex.add_named_config("variant", tree)
    return {"named_configs": ["variant"]}


def by_hook(ex: Experiment, path: str, value: Any) -> dict[str, Any]:
    ex.config_hook(lambda config, command_name, logger: {path: value})
    return {}


SHARED = [shared_by_names, shared_by_a_constant, shared_by_a_function, shared_by_a_dictionary]


@pytest.mark.parametrize("change", [by_update, by_named_configuration, by_hook])
@pytest.mark.parametrize("share", SHARED)
def test_a_change_of_one_entry_leaves_the_others_alone(share: Any, change: Any) -> None:
    """A change of one entry leaves the others alone, and what the user holds; a second run in the
    process has the defaults again.
    """
    before = json.dumps(OPTIMIZER)
    ex = Experiment("sharing", save_git_info=False)
    ex.main(lambda optimizer, generator, discriminator: None)
    share(ex)
    plain = config_of(ex)
    call = change(ex, "discriminator.lr", 5)
    changed = config_of(ex, **call)
    assert changed["discriminator"] == {**OPTIMIZER, "lr": 5}
    assert changed["optimizer"] == changed["generator"] == OPTIMIZER
    assert json.dumps(OPTIMIZER) == before
    ex.config_hooks.clear()
    assert config_of(ex) == plain


def test_an_update_inside_a_list_leaves_others_alone() -> None:
    """The list and the dictionary in it are copied."""
    ex = Experiment("sharing", save_git_info=False)
    ex.main(lambda optimizer, discriminator: None)
    shared_by_a_constant(ex)
    config = config_of(ex, config_updates={"discriminator.betas.1.b": 7})
    assert config["discriminator"]["betas"] == [0.9, {"b": 7}]
    assert config["optimizer"] == OPTIMIZER


def test_entries_that_depend_on_an_updated_one_follow_it() -> None:
    """Names for the same dictionary that are bound after it."""
    ex = Experiment("sharing", save_git_info=False)
    ex.main(lambda optimizer, generator, discriminator: None)
    shared_by_names(ex)
    config = config_of(ex, config_updates={"optimizer.lr": 5, "discriminator.lr": 6})
    assert [config[name]["lr"] for name in ("optimizer", "generator", "discriminator")] == [5, 5, 6]


def test_the_default_of_an_ingredient_is_not_changed_by_a_run() -> None:
    """A loop of runs with different updates does not drift."""
    part = Ingredient("part", save_git_info=False)
    part.add_config(optimizer=OPTIMIZER)
    ex = Experiment("sharing", ingredients=[part], save_git_info=False)
    ex.main(lambda: None)
    for lr in (1, 2):
        ex.run(
            config_updates={"part.optimizer": {"lr": lr, f"new{lr}": 0}}, options={"--force": True}
        )
    assert config_of(ex) == {"part": {"optimizer": OPTIMIZER}}


# ---- config hooks of ingredients ---------------------------------------------------------------
def ingredient_with_hook(answer: dict[str, Any]) -> Experiment:
    inner = Ingredient("part.inner", save_git_info=False)
    part = Ingredient("part", ingredients=[inner], save_git_info=False)
    other = Ingredient("other", save_git_info=False)
    inner.add_config(x=1)
    part.add_config(lr=0.1, opt={"m": 1}, other_name=0, root=5)
    other.add_config(x=1)
    ex = Experiment("hooked", ingredients=[other, part], save_git_info=False)
    ex.add_config(root=0)
    ex.main(lambda: None)
    part.config_hook(lambda config, command_name, logger: answer)
    return ex


@pytest.mark.parametrize(
    ("answer", "changed"),
    [
        ({"lr": 1}, {"part": {"lr": 1}}),
        ({"opt": {"m": 2}}, {"part": {"opt": {"m": 2}}}),
        ({"opt.m": 2}, {"part": {"opt": {"m": 2}}}),
        ({"part.lr": 1}, {"part": {"lr": 1}}),
        ({"part": {"lr": 1}, "opt": {"m": 2}}, {"part": {"lr": 1, "opt": {"m": 2}}}),
        ({"other": {"x": 2}}, {"other": {"x": 2}}),
        ({"part.inner.x": 3}, {"part": {"inner": {"x": 3}}}),
        ({"root": 7}, {"part": {"root": 7}}),
    ],
)
def test_what_a_hook_of_an_ingredient_changes(
    answer: dict[str, Any], changed: dict[str, Any]
) -> None:
    """Its own entries by their names; the paths of ingredients count from the root."""
    expected = config_of(ingredient_with_hook({}))
    for key, value in changed.items():
        for name, inner in value.items():
            both = isinstance(inner, dict)
            expected[key][name] = {**expected[key][name], **inner} if both else inner
    assert config_of(ingredient_with_hook(answer)) == expected


@pytest.mark.parametrize("answer", [{"new": 1}, {"part": {"new": 1}}, {"opt": {"new": 1}}])
def test_an_entry_that_a_hook_adds_is_reported(
    answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """An entry that a hook adds is reported, by a warning, unlike an update, which is an error; a
    key without an owner is at the root.
    """
    paths = {"new": "new", "part": "part.new", "opt": "part.opt.new"}
    with caplog.at_level(logging.WARNING):
        ingredient_with_hook(answer).run()
    assert f'Added new config entry: "{paths[next(iter(answer))]}"' in caplog.text


@pytest.mark.parametrize(
    ("answer", "updates"),
    [({"d": {"k": 1}}, {"d": 5}), ({"d": 1}, {"d.k": 5}), ({"d": {"k": 1}}, {"d.k": 5})],
)
def test_a_hook_never_changes_what_the_call_fixes(
    answer: dict[str, Any], updates: dict[str, Any]
) -> None:
    """A hook never changes what the call fixes, neither the value itself, nor what contains it, nor
    something inside it.
    """
    ex = Experiment("hooked", save_git_info=False)
    ex.add_config(d={"k": 0})
    ex.main(lambda d: None)
    expected = config_of(ex, config_updates=updates)
    ex.config_hook(lambda config, command_name, logger: answer)
    assert config_of(ex, config_updates=updates) == expected
