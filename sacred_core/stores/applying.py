"""How each event changes a stored run."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sacred_core.events import (
    ArtifactAdded,
    CodeLoaded,
    Event,
    Heartbeat,
    ResourceAdded,
    RunCompleted,
    RunFailed,
    RunInterrupted,
    RunQueued,
    RunStarted,
)

if TYPE_CHECKING:
    from sacred_core.stores.base import StoredRun


def apply_event(run: "StoredRun", event: Event) -> None:
    """Change ``run`` as `StoredRun.apply` describes."""
    apply = _APPLY.get(type(event))
    if apply is not None:
        apply(run, event)


def _announced(run: "StoredRun", event: Any) -> None:
    run.command = event.command
    run.experiment, run.host = dict(event.ex_info), dict(event.host_info)
    run.config, run.meta = dict(event.config), dict(event.meta_info)


def _queued(run: "StoredRun", event: RunQueued) -> None:
    _announced(run, event)
    run.status, run.queue_time = "QUEUED", event.queue_time


def _started(run: "StoredRun", event: RunStarted) -> None:
    _announced(run, event)
    run.status, run.start_time = "RUNNING", event.start_time


def _alive(run: "StoredRun", event: Heartbeat) -> None:
    run.heartbeat, run.info, run.result = event.beat_time, dict(event.info), event.result


def _read(run: "StoredRun", event: ResourceAdded) -> None:
    if event.filename not in run.resources:
        run.resources.append(event.filename)


def _made(run: "StoredRun", event: ArtifactAdded) -> None:
    if event.name not in run.artifacts:
        run.artifacts.append(event.name)


def _loaded(run: "StoredRun", event: CodeLoaded) -> None:
    for key, new in (("sources", event.sources), ("dependencies", event.dependencies)):
        old = run.experiment.get(key, [])
        run.experiment[key] = [*old, *(each for each in new if each not in old)]


def _completed(run: "StoredRun", event: RunCompleted) -> None:
    run.status, run.stop_time, run.result = "COMPLETED", event.stop_time, event.result


def _interrupted(run: "StoredRun", event: RunInterrupted) -> None:
    run.status, run.stop_time = event.status, event.interrupt_time
    run.fail_trace = list(event.fail_trace)


def _failed(run: "StoredRun", event: RunFailed) -> None:
    run.status, run.stop_time = "FAILED", event.fail_time
    run.fail_trace = list(event.fail_trace)


_APPLY: dict[type[Event], Callable[["StoredRun", Any], None]] = {
    RunQueued: _queued,
    RunStarted: _started,
    Heartbeat: _alive,
    ResourceAdded: _read,
    ArtifactAdded: _made,
    CodeLoaded: _loaded,
    RunCompleted: _completed,
    RunInterrupted: _interrupted,
    RunFailed: _failed,
}
