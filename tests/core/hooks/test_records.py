"""Tests of what an `ObserverSpec` creates and opens."""

from typing import Any

import pytest

from sacred_core import ObserverSpec
from sacred_core.exceptions import OptionError, RunIdError, SacredError, StoreError


class Acme:
    """An observer, and a store, of whatever it is called with."""

    def __init__(self, value: str) -> None:
        self.value = value


class AcmeOfLocation(Acme):
    @classmethod
    def from_location(cls, location: str) -> "AcmeOfLocation":
        return cls(f"from {location}")


def spec(target: Any = Acme, store: Any = Acme) -> ObserverSpec:
    return ObserverSpec(target, flags=("-a", "--acme"), store=store, schemes=("acme",))


@pytest.mark.parametrize(
    ("location", "value"),
    [
        ("acme:///data/runs", "/data/runs"),
        ("acme://runs", "runs"),
        ("acme://a b%20c?d#e://f", "a b%20c?d#e://f"),
        ("acme://", ""),
        ("plain/path", "plain/path"),
    ],
)
def test_a_store_is_called_with_what_follows_the_scheme(location: str, value: str) -> None:
    """A store without `from_location` gets what follows ``://``, unchanged."""
    assert spec().open(location).value == value


def test_a_store_may_parse_locations_itself() -> None:
    """`from_location` gets the location with its scheme."""
    assert spec(store=AcmeOfLocation).open("acme://x").value == "from acme://x"


def test_an_observer_without_a_store_opens_nothing() -> None:
    """An observer without a store opens nothing."""
    with pytest.raises(TypeError, match="Acme has no store"):
        spec(store=None).open("acme://x")


def failing(error: Exception) -> Any:
    """Return what raises ``error`` when it is called."""

    class Failing:
        def __init__(self, value: str) -> None:
            raise error

    return Failing


@pytest.mark.parametrize("error", [ValueError("no number"), OSError(13, "denied"), KeyError("x")])
def test_any_error_becomes_one_sentence(error: Exception) -> None:
    """It names the flag and the observer, or the store and the location, and has the error."""
    kind = type(error).__name__
    with pytest.raises(OptionError, match=rf"^--acme: Failing raised {kind}: ") as bad:
        spec(failing(error)).create("v")
    assert bad.value.__cause__ is error
    with pytest.raises(StoreError, match=rf"^Failing cannot open 'acme://v': {kind}: ") as closed:
        spec(store=failing(error)).open("acme://v")
    assert closed.value.__cause__ is error


def test_errors_of_the_core_have_no_further_words() -> None:
    """The flag comes before its sentence; a store's is raised as it is."""
    error = RunIdError("taken")
    with pytest.raises(OptionError, match=r"^--acme: taken$"):
        spec(failing(error)).create("v")
    with pytest.raises(RunIdError) as found:
        spec(store=failing(error)).open("v")
    assert found.value is error


@pytest.mark.parametrize(
    "act",
    [
        lambda each: each.create("acme://ann:hunter2@host"),
        lambda each: each.open("acme://ann:hunter2@host"),
    ],
)
def test_the_sentence_has_no_secret(act: Any) -> None:
    """Passwords are masked, in the argument and in the message."""
    broken = failing(ValueError("acme://ann:hunter2@host"))
    with pytest.raises(SacredError, match="ValueError") as found:
        act(spec(broken, broken))
    assert "hunter2" not in str(found.value)


def test_interrupts_are_not_errors_of_the_plugin() -> None:
    """Ctrl-C while an observer is created ends the program as usual."""

    def interrupt(value: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spec(interrupt).create("v")
