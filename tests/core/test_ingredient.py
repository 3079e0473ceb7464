"""Tests of ingredients: their entries, functions, commands and hooks in an experiment."""

import inspect
from typing import Any

import pytest

from sacred_core import Experiment, Ingredient


@pytest.fixture
def paths() -> Ingredient:
    ingredient = Ingredient("dataset.path")
    ingredient.add_config(base="/home")
    return ingredient


@pytest.fixture
def dataset(paths: Ingredient) -> Ingredient:
    ingredient = Ingredient("dataset", ingredients=[paths])

    @ingredient.config
    def cfg(path):
        filename = path["base"] + "/data"
        normalize = True

    @ingredient.capture
    def show(path: Any, filename: str, normalize: bool) -> Any:
        return path["base"], filename, normalize

    @ingredient.command
    def stats(filename: str) -> str:
        """Tell about the data."""
        return f"stats of {filename}"

    @ingredient.named_config
    def raw():
        normalize = False

    ingredient.show = show  # type: ignore[attr-defined]
    return ingredient


@pytest.fixture
def ex(dataset: Ingredient) -> Experiment:
    experiment = Experiment("my_experiment", ingredients=[dataset])

    @experiment.main
    def main(dataset: Any) -> Any:
        return dataset

    return experiment


def test_entries_stand_under_the_path(ex: Experiment) -> None:
    """Explicit nesting (section 1.9.4)."""
    assert ex.run(config_updates={"seed": 1}).config == {
        "seed": 1,
        "dataset": {"filename": "/home/data", "normalize": True, "path": {"base": "/home"}},
    }


def test_common_prefix_may_be_left_away(ex: Experiment, dataset: Any) -> None:
    """Section 1.9.5: `dataset` sees `dataset.path` as `path`, with updates."""
    ex.main(lambda: dataset.show())
    assert ex.run().result == ("/home", "/home/data", True)
    assert ex.run(config_updates={"dataset.path.base": "/x"}).result == ("/x", "/x/data", True)


def test_defaults_are_overridden_by_another_scope(ex: Experiment, dataset: Ingredient) -> None:
    """Section 1.9.2: a module that imports an ingredient may add to it."""

    @dataset.config
    def update_cfg():
        filename = "special"

    assert ex.run().result["filename"] == "special"


def test_commands_and_named_configs_have_dotted_names(ex: Experiment) -> None:
    """Commands and named configs have dotted names, in the lists, when run, and in the help
    (section 1.9.3).
    """
    assert "dataset.stats" in dict(ex.gather_commands())
    assert list(dict(ex.gather_named_configs())) == ["dataset.raw"]
    assert ex.run("dataset.stats").result == "stats of /home/data"
    assert ex.run(named_configs=["dataset.raw"]).config["dataset"]["normalize"] is False
    assert "dataset.stats" in ex.get_usage("x")


STANDARD = ["print_config", "print_dependencies", "save_config", "print_named_configs"]


def test_gathered_names_are_those_of_sacred() -> None:
    """Ingredients have their path in front, the experiment has not; standard commands are first."""
    below = Ingredient("a")
    middle = Ingredient("b.c", ingredients=[below])
    outer = Experiment("top", ingredients=[middle])
    for owner, name in ((below, "x"), (middle, "y"), (outer, "z")):
        command = lambda: None
        command.__name__ = name
        owner.command(command)
        owner.add_named_config(f"n{name}", value=1)
    gathered = {
        owner.path: (
            [name for name, _ in owner.gather_commands()],
            [name for name, _ in owner.gather_named_configs()],
        )
        for owner in (below, middle, outer)
    }
    assert gathered == {  # as Sacred 0.8.7 gives them
        "a": (["a.x"], ["a.nx"]),
        "b.c": (["b.c.y", "a.x"], ["b.c.ny", "a.nx"]),
        "top": ([*STANDARD, "z", "b.c.y", "a.x"], ["nz", "b.c.ny", "a.nx"]),
    }


def test_gathered_names_of_a_nested_experiment() -> None:
    """Its standard commands belong to the outer one; what several use is listed once."""
    shared = Ingredient("shared")
    shared.command(lambda: None)
    inner = Experiment("inner", ingredients=[shared])
    inner.add_named_config("fast", a=1)
    outer = Experiment("outer", ingredients=[inner, shared])
    assert [name for name, _ in outer.gather_commands()] == [*STANDARD, "shared.<lambda>"]
    assert [name for name, _ in outer.gather_named_configs()] == ["inner.fast"]


def test_an_own_command_replaces_a_standard_one() -> None:
    """It has the place of the standard one in the list."""
    ex = Experiment("top")

    @ex.command
    def save_config() -> str:
        return "own"

    assert [name for name, _ in ex.gather_commands()] == STANDARD
    assert ex.run("save_config").result == "own"


def test_names_are_changed_as_in_sacred() -> None:
    """`post_process_name` gets the whole dotted name; that of the experiment removes its path."""

    class Loud(Experiment):
        def post_process_name(self, name: str, ingredient: Ingredient) -> str:
            given.append((name, ingredient.path))
            return super().post_process_name(name, ingredient).upper()

    given: list[tuple[str, str]] = []
    ex = Loud("up", ingredients=[Ingredient("i")])
    ex.ingredients[0].add_named_config("loud", a=1)
    ex.add_named_config("own", b=2)
    assert [name for name, _ in ex.gather_named_configs()] == ["OWN", "I.LOUD"]
    assert given == [("up.own", "up"), ("i.loud", "i")]
    ex.add_config(b=1)
    assert ex.run("PRINT_CONFIG", named_configs=["OWN"]).config["b"] == 2


def test_doc_is_the_docstring_of_the_defining_file() -> None:
    """Doc is the docstring of the defining file, of ingredients as of experiments."""
    assert Ingredient("i").doc == Experiment("e").doc == inspect.cleandoc(__doc__ or "")


def test_doc_of_a_file_without_docstring_is_empty() -> None:
    """It is never None, so that it can be formatted."""
    assert Ingredient("i", _caller_globals={"__name__": "x", "__doc__": None}).doc == ""


def test_names_can_be_changed(dataset: Ingredient) -> None:
    """`post_process_name` is overridden in a subclass."""

    class Short(Experiment):
        def post_process_name(self, name: str, ingredient: Ingredient) -> str:
            return name.replace("dataset.", "")

    ex = Short("short", ingredients=[dataset])
    assert "stats" in dict(ex.gather_commands())
    assert ex.run("stats").result == "stats of /home/data"
    assert list(dict(ex.gather_named_configs())) == ["raw"]
    ex.main(lambda: None)
    assert ex.run(named_configs=["raw"]).config["dataset"]["normalize"] is False


def test_ingredients_are_traversed_in_preorder(
    ex: Experiment, dataset: Ingredient, paths: Ingredient
) -> None:
    """Each with its depth."""
    assert list(ex.traverse_ingredients()) == [(ex, 0), (dataset, 1), (paths, 2)]


def test_ingredient_that_several_use_is_configured_once() -> None:
    """Its scopes run once, before those of all who use it."""
    order: list[str] = []
    global ORDER
    ORDER = order
    shared = Ingredient("shared")

    @shared.config
    def cfg():
        ORDER.append("shared")
        x = 1

    users = [Ingredient(name, ingredients=[shared]) for name in ("a", "b")]
    for user in users:
        user.add_config(v=1)
    ex = Experiment("sharing", ingredients=users)
    ex.main(lambda shared, a, b: (shared["x"], a["v"]))
    assert ex.run(config_updates={"shared.x": 5}).result == (5, 1)
    assert order == ["shared"]


def test_an_experiment_is_an_ingredient_under_its_name() -> None:
    """An experiment is an ingredient under its name, with its entries, functions and commands
    (section 1.9.4); alone it is at the top.
    """
    inner = Experiment("inner")
    inner.add_config(a=1)

    @inner.main
    def inner_main(a: int) -> int:
        return a * 10

    outer = Experiment("outer", ingredients=[inner])
    outer.main(lambda inner: (inner["a"], inner_main()))
    assert outer.run(config_updates={"inner.a": 2}).result == (2, 20)
    assert outer.run("inner.inner_main").result == 10
    assert inner.run().result == 10


def test_hooks_of_ingredients_run_before_those_of_the_experiment(
    ex: Experiment, dataset: Ingredient
) -> None:
    """Pre-run and post-run hooks, each with the entries of its ingredient."""
    order: list[Any] = []
    ex.pre_run_hook(lambda: order.append("experiment"))

    @dataset.pre_run_hook
    def before(filename: str) -> None:
        order.append(filename)

    @dataset.post_run_hook(prefix="path")
    def after(base: str) -> None:
        order.append(base)

    ex.run()
    assert order == ["/home/data", "experiment", "/home"]


def test_config_hook_reaches_beyond_its_ingredient(ex: Experiment, dataset: Ingredient) -> None:
    """It sees all so far, changes what is there and fixes what is to come; updates win."""
    seen: dict[str, Any] = {}

    @dataset.config_hook
    def hook(config: Any, command_name: str, logger: Any) -> Any:
        seen.update(config, command=command_name)
        return {"dataset": {"normalize": False}, "late": 9, "dataset.filename": "hooked"}

    @ex.config
    def cfg(late):
        total = late + 1

    run = ex.run(config_updates={"dataset.filename": "mine"})
    assert seen["command"] == "main"
    assert seen["dataset"]["path"] == {"base": "/home"}
    assert run.config["dataset"]["normalize"] is False
    assert run.config["dataset"]["filename"] == "mine"
    assert (run.config["late"], run.config["total"]) == (9, 10)


def test_fallbacks_are_read_only(dataset: Ingredient) -> None:
    """A scope may read an ingredient, not change it (section 1.16.1)."""
    ex = Experiment("reading", ingredients=[dataset])

    @ex.config
    def cfg(dataset):
        dataset["filename"] = "changed"

    ex.main(lambda: None)
    with pytest.raises(TypeError, match="read-only"):
        ex.run()
