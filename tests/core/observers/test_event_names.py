"""Tests of methods whose names look like events."""

import logging
from typing import Any

import pytest

from sacred_core import Experiment, RunObserver
from sacred_core.events import EVENTS
from sacred_core.observers import QueueObserver
from sacred_core.observers.event_names import misnamed_methods


def observer(*names: str, base: type[Any] = RunObserver) -> Any:
    return type("Acme", (base,), {name: lambda self, **fields: None for name in names})()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("start_event", "started_event"),
        ("complete_event", "completed_event"),
        ("fail_event", "failed_event"),
        ("artifacts_event", "artifact_event"),
        ("log_metric", "log_metrics"),
    ],
)
def test_the_event_that_was_meant_is_suggested(name: str, meant: str) -> None:
    """A name that is close to that of an event is reported with it, without a base class too."""
    expected = (
        f"Acme.{name} is never called: there is no event of this name (did you mean {meant!r}?)"
    )
    assert misnamed_methods(observer(name)) == [expected]
    assert misnamed_methods(observer(name, base=object)) == [expected]
    assert misnamed_methods(type(observer(name))) == [expected]


def test_other_names_are_reported_with_all_events() -> None:
    """A name that is close to none is reported with the names that there are."""
    [sentence] = misnamed_methods(observer("epoch_event"))
    assert "(events: " in sentence
    assert all(event.method in sentence for event in EVENTS)


@pytest.mark.parametrize(
    "name", ["_start_event", "log", "logger", "log_to", "save", "event", "join"]
)
def test_other_methods_are_not_reported(name: str) -> None:
    """Private methods, and methods that look like no event, are the observer's own."""
    assert misnamed_methods(observer(name)) == []


def test_events_and_attributes_are_not_reported() -> None:
    """No event is reported, and nothing that cannot be called."""
    every = observer(*(event.method for event in EVENTS))
    type(every).last_event = None
    assert misnamed_methods(every) == []


@pytest.mark.parametrize("wrap", [lambda each: each, QueueObserver])
def test_a_run_warns_once(wrap: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A run with the observer, also in a queue, logs one warning and completes."""
    ex = Experiment("misnamed", interactive=True, save_git_info=False)
    ex.main(lambda: 1)
    ex.observers.append(wrap(observer("start_event")))
    with caplog.at_level(logging.WARNING):
        assert ex.run().result == 1
    found = [record for record in caplog.records if "start_event" in record.message]
    assert [record.levelname for record in found] == ["WARNING"]
    assert "did you mean 'started_event'" in found[0].message
