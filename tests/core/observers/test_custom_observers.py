"""Tests of observers that users write themselves (section 1.6.13)."""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.events import EVENTS
from sacred_core.exceptions import ObserverSignatureError
from sacred_core.observer import QueueObserver, RunObserver


class MyObserver(RunObserver):
    """The manual's example, each method noting that it was called."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def queued_event(self, ex_info, command, queue_time, config, meta_info, _id):
        self.calls.append("queued")

    def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
        self.calls.append("started")

    def heartbeat_event(self, info, captured_out, beat_time, result):
        self.calls.append("heartbeat")

    def completed_event(self, stop_time, result):
        self.calls.append("completed")

    def interrupted_event(self, interrupt_time, status):
        self.calls.append("interrupted")

    def failed_event(self, fail_time, fail_trace):
        self.calls.append("failed")

    def resource_event(self, filename):
        self.calls.append("resource")

    def artifact_event(self, name, filename):
        self.calls.append("artifact")


def experiment(observer: Any, main: Callable[..., Any]) -> Experiment:
    ex = Experiment("custom")
    ex.observers.append(observer)
    ex.main(main)
    return ex


def test_the_manuals_example_receives_everything(tmp_path: Path) -> None:
    """Every method with the arguments as printed there."""
    (tmp_path / "file").write_text("x")

    def main() -> None:
        ex.open_resource(tmp_path / "file").close()
        ex.add_artifact(tmp_path / "file")

    observer = MyObserver()
    ex = experiment(observer, main)
    ex.run()
    assert observer.calls == ["started", "resource", "artifact", "heartbeat", "completed"]
    ex.run(options={"--queue": True})
    assert observer.calls[-1] == "queued"


@pytest.mark.parametrize(
    ("error", "last"), [(ValueError("x"), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_the_manuals_example_receives_other_ends(error: BaseException, last: str) -> None:
    """Failures and interrupts have methods of their own."""

    def main() -> None:
        raise error

    observer = MyObserver()
    with pytest.raises(type(error)):
        experiment(observer, main).run()
    assert observer.calls[-1] == last


def test_a_duck_serves_as_well() -> None:
    """No base class, only the events that it needs."""

    class Duck:
        results: tuple[Any, ...] = ()

        def completed_event(self, result: Any) -> None:
            self.results += (result,)

    duck = Duck()
    experiment(duck, lambda: 3).run()
    assert duck.results == (3,)


def test_keyword_arguments_get_all_documented_fields() -> None:
    """Those of section 1.15.6, the whole output among them."""

    class Greedy(RunObserver):
        heard: dict[str, set[str]]

        def started_event(self, **fields: Any) -> None:
            self.heard = {"started": set(fields)}

        def heartbeat_event(self, **fields: Any) -> None:
            self.heard["heartbeat"] = set(fields)

    greedy = Greedy()
    experiment(greedy, lambda: None).run()
    documented = {"ex_info", "command", "host_info", "start_time", "config", "meta_info", "_id"}
    assert documented <= greedy.heard["started"]
    assert greedy.heard["heartbeat"] == {"info", "captured_out", "beat_time", "result"}


def test_captured_functions_are_passed_to_a_method_that_names_them() -> None:
    """Not in ``**fields``, which an override passes on to a method with Sacred's signature."""

    class Named:
        def heartbeat_event(self, captured, **fields):
            self.found = captured, set(fields)

    observer = Named()
    ex = experiment(observer, lambda rate: None)
    ex.add_config(rate=1)
    ex.run()
    captured, names = observer.found
    ((source, name, entries),) = captured
    assert (source, entries) == (Path(__file__).name, ["rate"]) and name.endswith("<lambda>")
    assert names == {"info", "captured_out", "beat_time", "result"}


def test_an_argument_that_no_event_has_is_refused_before_the_run() -> None:
    """The main function does not run."""

    class Wrong(RunObserver):
        def completed_event(self, outcome: Any) -> None: ...

    with pytest.raises(ObserverSignatureError, match=r"Wrong.completed_event requires .*'outcome'"):
        experiment(Wrong(), lambda: pytest.fail("it ran")).run()


def test_started_event_may_name_the_run() -> None:
    """What it returns is the run's id."""

    class Naming(RunObserver):
        def started_event(self) -> str:
            return "my-id"

    assert experiment(Naming(), lambda: None).run()._id == "my-id"


PARAMETERS = {  # section 1.15.6, and what sacred-core adds
    "annotation_event": "(self, time, user, note, added, removed)",
    "artifact_event": "(self, name, filename, metadata=None, content_type=None)",
    "code_event": "(self, sources, dependencies, base_dir)",
    "completed_event": "(self, stop_time, result)",
    "failed_event": "(self, fail_time, fail_trace)",
    "heartbeat_event": "(self, info, captured_out, beat_time, result)",
    "interrupted_event": "(self, interrupt_time, status, fail_trace=None)",
    "join": "(self) -> None",
    "log_metrics": "(self, metrics_by_name, info)",
    "output_event": "(self, text, offset)",
    "queued_event": (
        "(self, ex_info, command, host_info, queue_time, config, meta_info, _id)"
    ),
    "resource_event": "(self, filename)",
    "started_event": (
        "(self, ex_info, command, host_info, start_time, config, meta_info, _id)"
    ),
}  # fmt: skip


@pytest.mark.parametrize("method", PARAMETERS)
def test_methods_show_their_documented_parameters(method: str) -> None:
    """Methods show their documented parameters to editors, help() and tools that read
    signatures.
    """
    assert str(inspect.signature(getattr(RunObserver, method))) == PARAMETERS[method]


def test_every_event_shows_its_parameters() -> None:
    """No method of the interface is missing."""
    assert {event.method for event in EVENTS} | {"join"} == PARAMETERS.keys()


def test_an_observer_without_a_place_is_equal_to_itself_only() -> None:
    """Two of them may do different things, and both are hashable."""

    class Plain(RunObserver): ...

    first, second = Plain(), Plain()
    assert first == first
    assert first != second
    assert len({first, second, first}) == 2


def test_observers_are_equal_by_class_and_place() -> None:
    """A subclass at the same place is another observer; a queue counts as what it covers."""

    class Placed(RunObserver):
        def __init__(self, place: str) -> None:
            self.place = place

        def recording_location(self) -> str:
            return self.place

    class Other(Placed): ...

    assert Placed("a") == Placed("a")
    assert hash(Placed("a")) == hash(Placed("a"))
    assert Placed("a") != Placed("b")
    assert Placed("a") != Other("a")
    assert Placed("a") != "a"
    assert Placed("a").__eq__("a") is NotImplemented  # the other one decides
    assert QueueObserver(Placed("a")) == QueueObserver(Placed("a"), interval=3)
    assert QueueObserver(Placed("a")) != QueueObserver(Other("a"))
    assert QueueObserver(Placed("a")) != Placed("a")
    assert QueueObserver(object()) != QueueObserver(object())
