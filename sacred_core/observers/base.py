"""The interface of an observer."""

import inspect
import os
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sacred_core.observers.retry_policy import RetryPolicy

F = TypeVar("F", bound=Callable[..., Any])
_START = "ex_info command host_info {} config meta_info _id"


def _with_parameters(names: str) -> Callable[[F], F]:
    """Let `inspect.signature` show the documented parameters of a method.

    An override may declare any of them, in any order, so that a type checker must see others.

    Args:
        names: Separated by blanks; one that ends in ``=`` is None by default.
    """

    def decorate(method: F) -> F:
        method.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                inspect.Parameter(
                    name.removesuffix("="),
                    inspect.Parameter.POSITIONAL_OR_KEYWORD,
                    default=None if name.endswith("=") else inspect.Parameter.empty,
                )
                for name in ["self", *names.split()]
            ]
        )
        return method

    return decorate


class RunObserver:
    """Watches one run at a time. Override the methods for the events that you need.

    Each method may declare any of the arguments that its docstring lists, in any order; they
    are passed by keyword. Everything else is optional: an untouched method is never called, and
    an object that has only some of the methods serves as well as a subclass.

    Calls come one at a time, in the order of the docstrings below, in a thread of the observer's
    own, which has a copy of the context (`contextvars`) of the start of the run; with
    ``RetryPolicy(has_own_thread=False)`` in the thread that starts the run. Every call may
    come twice, with the same arguments, after an earlier one failed. An exception in
    `started_event` or `queued_event` fails the run; any other is reported once, and what was
    missed is retried later, as `retry_policy` describes.

    Two observers of one class are equal if both have the same `recording_location`.

    A subclass of an observer may override methods with the signatures that Sacred documents and
    call ``super()``, with arguments by position or by name; what is recorded stays the same.

    Example:
        ```python
        class Bell(RunObserver):
            def completed_event(self, result):
                print("\\a", result)

        ex.observers.append(Bell())
        ```

    Attributes:
        priority: Observers of higher priority receive the start first; the first that returns
            an id names the run. The order of equals is that in which they were added.
        spool_folder: Once the run has started, a folder of that run on this machine, or None.
            The output of the run may be there, in files whose names begin with ``.output``, until
            it ends; `sacred_core.stores.with_unfinished` finds there what a killed run printed
            after its last heartbeat.
        store_location: What `sacred_core.stores.open_store` opens to read the runs of this
            observer, without a password or another secret; None without such a store. With it
            ``sacred runs recover`` stores what a killed run printed after its last heartbeat.
        display_location: What users write in place of ``store_location``, such as a relative path;
            None: ``store_location`` itself.
        retry_policy: How long the run waits for the observer, and when events are retried.
        failure_dir: The folder for what could not be recorded at the end of a run; None: one for
            the user's state. ``sacred runs load`` stores it.
        lists_files_with_heartbeats: Whether a file that was recorded is part of the record only
            after the next heartbeat. Then it is written to the folder too if no heartbeat follows.
    """

    priority: int = 0
    spool_folder: "os.PathLike[str] | None" = None
    store_location: str | None = None
    display_location: str | None = None
    retry_policy: RetryPolicy = RetryPolicy()
    failure_dir: "os.PathLike[str] | None" = None
    lists_files_with_heartbeats: bool = False

    def recording_location(self) -> Hashable:
        """Return where it records, without secrets; None for one that is equal to no other.

        It is the same for the whole life of the observer.
        """
        return None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, RunObserver) or type(other) is not type(self):
            return NotImplemented
        location = self.recording_location()
        return location is not None and location == other.recording_location()

    def __hash__(self) -> int:
        location = self.recording_location()
        return object.__hash__(self) if location is None else hash((type(self), location))

    @_with_parameters(_START.format("queue_time"))
    def queued_event(self, *args: Any, **kwargs: Any) -> Any:
        """The run is put aside, to be started later; return its id, or None.

        ``(ex_info: dict, command: str, host_info: dict, queue_time: datetime, config: dict,
        meta_info: dict, _id: int | str | None)``, as in `started_event`.
        """

    @_with_parameters(_START.format("start_time"))
    def started_event(self, *args: Any, **kwargs: Any) -> Any:
        """The run starts: forget any earlier one, and return the id of this one, or None.

        ``(ex_info: dict, command: str, host_info: dict, start_time: datetime, config: dict,
        meta_info: dict, _id: int | str | None)``. Times are in UTC and aware. ``_id`` is what
        the user requested (then `sacred_core.observers.delivering.asked_id` returns it too) or an
        earlier observer chose, None if none did yet.
        """

    @_with_parameters("filename")
    def resource_event(self, *args: Any, **kwargs: Any) -> None:
        """A file was read: ``(filename: str)``, an absolute path."""

    @_with_parameters("name filename metadata= content_type=")
    def artifact_event(self, *args: Any, **kwargs: Any) -> None:
        """A file was made.

        ``(name: str, filename: str, metadata: dict | None, content_type: str | None)``.
        """

    @_with_parameters("sources dependencies base_dir")
    def code_event(self, *args: Any, **kwargs: Any) -> None:
        """Code was imported after the start.

        ``(sources: list[[filename, md5]], dependencies: list[str], base_dir: str)``: what is new,
        as in the ``ex_info`` of the start.
        """

    @_with_parameters("time user note added removed")
    def annotation_event(self, *args: Any, **kwargs: Any) -> None:
        """The run added tags and a note to itself, or removed tags.

        ``(time: datetime, user: str, note: str | None, added: list[str], removed: list[str])``.
        """

    @_with_parameters("text offset")
    def output_event(self, *args: Any, **kwargs: Any) -> None:
        """Something was printed: ``(text: str, offset: int)``.

        From its character ``offset`` on the output is now ``text``.
        """

    @_with_parameters("metrics_by_name info")
    def log_metrics(self, *args: Any, **kwargs: Any) -> None:
        """Numbers were logged.

        ``(metrics_by_name: dict, info: dict)``: for each metric its new
        ``{"name": str, "steps": list, "values": list, "timestamps": list[datetime]}``.
        `sacred_core.observers.delivering.MetricPositions` returns the index of its first point.
        """

    @_with_parameters("info captured_out beat_time result")
    def heartbeat_event(self, *args: Any, **kwargs: Any) -> None:
        """The run is alive.

        ``(info: dict, captured_out: str, beat_time: datetime, result)``. ``captured_out`` is
        the whole output; it is put together only for a method that requires it.
        """

    @_with_parameters("stop_time result")
    def completed_event(self, *args: Any, **kwargs: Any) -> None:
        """The command returned: ``(stop_time: datetime, result)``."""

    @_with_parameters("interrupt_time status fail_trace=")
    def interrupted_event(self, *args: Any, **kwargs: Any) -> None:
        """The run was stopped: ``(interrupt_time: datetime, status: str, fail_trace: list)``."""

    @_with_parameters("fail_time fail_trace")
    def failed_event(self, *args: Any, **kwargs: Any) -> None:
        """The command raised: ``(fail_time: datetime, fail_trace: list[str])``."""

    def join(self) -> None:
        """Wait for whatever is still running; nothing follows."""
