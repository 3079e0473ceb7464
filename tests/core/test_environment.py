"""Tests of what is derived from the environment variables."""

import os
import threading
from typing import Any

import pytest

from sacred_core.environment import (
    RUN_VARIABLE,
    RunAddress,
    decode_address,
    environment_state,
    inherited_address,
    once_per_environment,
    publish_address,
    published_address,
    withdraw_address,
)


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


def address_in(environ: Any) -> str | None:
    text = environ.get(RUN_VARIABLE)
    found = None if text is None else decode_address(text)
    return None if found is None else found.uid


def test_an_address_is_read_as_it_was_written() -> None:
    """Names and locations may have any characters; other strings are no addresses."""
    address = RunAddress(
        "a" * 32, "/tmp/ä b", 'x"y', "main", "-segment2", (("FileStorageObserver", "/r\n"),)
    )
    assert decode_address(address.encode()) == address
    damaged = ["", "1", "[]", "{}", '{"uid":1,"stores":[]}', '{"uid":"a","stores":[1]}', "\ud800"]
    assert [decode_address(text) for text in damaged] == [None] * len(damaged)


def test_the_variable_has_the_run_that_started_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs may end in any order; after the last one the variable is what it was before."""
    outside = RunAddress("outside").encode()
    for before in (None, outside, "other"):
        if before is None:
            monkeypatch.delenv(RUN_VARIABLE, raising=False)
        else:
            monkeypatch.setenv(RUN_VARIABLE, before)
        inherited = decode_address(before or "")
        runs = {name: object() for name in "abc"}
        found = []
        for name in "abc":
            publish_address(runs[name], RunAddress(name))
            found.append(address_in(os.environ))
            assert inherited_address() == inherited
        for name in "bca":
            assert published_address(runs[name]) == RunAddress(name)
            withdraw_address(runs[name])
            assert published_address(runs[name]) is None
            found.append(address_in(os.environ))
        withdraw_address(runs["a"])
        assert found[:5] == ["a", "b", "c", "c", "a"]
        assert os.environ.get(RUN_VARIABLE) == before


def test_runs_of_many_threads_leave_the_variable_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """They start and end at the same time."""
    monkeypatch.setenv(RUN_VARIABLE, "before")

    def start_runs() -> None:
        for _ in range(200):
            run = object()
            publish_address(run, RunAddress("x"))
            withdraw_address(run)

    threads = [threading.Thread(target=start_runs) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert os.environ[RUN_VARIABLE] == "before"


def test_the_variable_of_runs_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run sets it: what is derived from the environment would be derived for each run."""
    before = environment_state()
    monkeypatch.setenv(RUN_VARIABLE, "1")
    assert environment_state() == before
