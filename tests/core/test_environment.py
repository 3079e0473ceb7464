"""Tests of what is derived from the environment variables."""

import os

import pytest

from sacred_core.environment import environment_state, once_per_environment


def test_a_function_is_called_again_after_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set, changed or deleted is a change; nothing else is."""
    calls: list[int] = []

    @once_per_environment
    def value() -> str | None:
        """Return a variable."""
        calls.append(1)
        return os.environ.get("SACRED_TEST_VARIABLE")

    found = []
    for change in (None, "a", "b", None):
        if change is None:
            monkeypatch.delenv("SACRED_TEST_VARIABLE", raising=False)
        else:
            monkeypatch.setenv("SACRED_TEST_VARIABLE", change)
        found += [value(), value()]
    assert found == [None, None, "a", "a", "b", "b", None, None]
    assert len(calls) == 4
    assert value.__doc__ == "Return a variable."


def test_an_environment_of_another_kind_is_read_as_a_mapping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program may replace `os.environ`; the state is a copy."""
    monkeypatch.setattr(os, "environ", {"A": "1"})
    before = environment_state()
    os.environ["A"] = "2"
    assert (before, environment_state()) == ({"A": "1"}, {"A": "2"})
