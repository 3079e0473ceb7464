"""Tests of configurations that set the name of an ingredient."""

from collections.abc import Callable
from typing import Any

import pytest

from sacred_core import Experiment, Ingredient


def scope(ex: Ingredient) -> None:
    @ex.config
    def cfg():
        venv = {"n": 5, "extra": 7}
        y = venv["n"]


def value(ex: Ingredient) -> None:
    @ex.config
    def cfg():
        venv = 3
        y = 5


def dictionary(ex: Ingredient) -> None:
    ex.add_config({"venv": {"n": 5, "extra": 7}, "y": 5})


def keywords(ex: Ingredient) -> None:
    ex.add_config(venv={"n": 5}, y=5)


def an_object(ex: Ingredient) -> None:
    @ex.config
    def cfg():
        venv = print
        y = 5


@pytest.fixture
def venv() -> Ingredient:
    ingredient = Ingredient("venv")
    ingredient.add_config(n=1, m=2)
    return ingredient


@pytest.fixture
def ex(venv: Ingredient) -> Experiment:
    experiment = Experiment("vectors", ingredients=[venv])

    @venv.capture
    def show(n: int, m: int) -> tuple[int, int]:
        return n, m

    @experiment.main
    def main(venv: Any, _config: Any) -> Any:
        return {k: v for k, v in _config.items() if k != "seed"}, dict(venv), show()

    return experiment


WAYS = [scope, value, dictionary, keywords, an_object]


@pytest.mark.parametrize("update", [{}, {"venv.n": 8}, {"venv": {"n": 8}}])
@pytest.mark.parametrize("assign", WAYS)
def test_it_has_no_effect(
    ex: Experiment, assign: Callable[[Ingredient], None], update: dict[str, Any]
) -> None:
    """The ingredient's configuration counts, as in Sacred; the other entries are set."""
    assign(ex)
    n = 8 if update else 1
    entries = {"n": n, "m": 2}
    expected = ({"venv": entries, "y": 5}, entries, (n, 2))
    assert ex.run(config_updates=update).result == expected


@pytest.mark.parametrize("assign", WAYS)
def test_a_warning_names_the_right_way(
    ex: Experiment, assign: Callable[[Ingredient], None], caplog: pytest.LogCaptureFixture
) -> None:
    """Once for each configuration; nothing is shown with `--force`."""
    assign(ex)
    ex.run()
    [warning] = [r.message for r in caplog.records if "ingredient" in r.message]
    assert "sets 'venv', which has no effect: 'venv' is an ingredient" in warning
    assert "@<ingredient>.config" in warning
    assert ("test_ingredient_names.py:" in warning) == (assign in (scope, value, an_object))
    caplog.clear()
    ex.run(options={"--force": True})
    assert "ingredient" not in caplog.text


def test_a_scope_that_takes_the_ingredient_is_no_warning(
    ex: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    """A parameter is not an assignment; a new value for it is."""

    @ex.config
    def cfg(venv):
        y = venv["n"] + 4

    assert ex.run().result[0] == {"venv": {"n": 1, "m": 2}, "y": 5}
    assert "ingredient" not in caplog.text


def test_later_scopes_see_the_ingredient(ex: Experiment) -> None:
    """What has no effect on the configuration has none on later scopes either."""
    scope(ex)

    @ex.config
    def later(venv):
        z = venv["n"]

    assert ex.run().result[0] == {"venv": {"n": 1, "m": 2}, "y": 5, "z": 1}


def test_a_named_configuration_is_handed_to_the_ingredient(
    ex: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    """It sets entries of the ingredient, which nothing else does from outside."""

    @ex.named_config
    def big():
        venv = {"n": 100}

    assert ex.run(named_configs=["big"]).result[1] == {"n": 100, "m": 2}
    assert "no effect" not in caplog.text


def test_a_named_configuration_wins_beside_an_assignment(ex: Experiment) -> None:
    """What the call asks for counts in the ingredient."""
    scope(ex)
    ex.add_named_config("big", {"venv": {"n": 100}})
    assert ex.run(named_configs=["big"]).result[1] == {"n": 100, "m": 2}


def test_an_ingredient_that_sets_one_that_it_uses(
    ex: Experiment, venv: Ingredient, caplog: pytest.LogCaptureFixture
) -> None:
    """The same holds between ingredients."""
    inner = Ingredient("venv.seeds")
    inner.add_config(k=1)
    venv.ingredients.append(inner)
    venv.add_config(seeds={"k": 9})
    assert ex.run().result[1] == {"n": 1, "m": 2, "seeds": {"k": 1}}
    assert "sets 'seeds', which has no effect: 'venv.seeds' is an ingredient" in caplog.text


@pytest.mark.parametrize(
    ("entries", "update", "expected", "warned"),
    [
        ({"x": 5}, {}, {"x": 5, "loader": {"n": 1}}, None),
        ({"x": 5}, {"data.x": 8}, {"x": 8, "loader": {"n": 1}}, None),
        ({"x": 5}, {"data.loader.n": 8}, {"x": 5, "loader": {"n": 8}}, None),
        ({"x": 5, "loader": {"n": 3}}, {}, {"x": 5, "loader": {"n": 1}}, "data.loader"),
        ({"loader": {"n": 3}}, {"data.x": 8}, {"loader": {"n": 1}, "x": 8}, "data.loader"),
        (5, {}, {"loader": {"n": 1}}, "data"),
    ],
)
def test_entries_beside_an_ingredient_below(
    entries: Any,
    update: dict[str, Any],
    expected: dict[str, Any],
    warned: str | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Only what is at the ingredient's path has no effect; the group may have further entries."""
    loader = Ingredient("data.loader")
    loader.add_config(n=1)
    ex = Experiment("group", ingredients=[loader])
    ex.add_config(data=entries)
    ex.main(lambda data: data)
    assert ex.run(config_updates=update).result == expected
    assert (f"sets {warned!r}, which has no effect" in caplog.text) == (warned is not None)
    assert loader.configurations[0]() == {"n": 1}  # type: ignore[operator]
