"""The interface of an observer."""

import inspect
import os
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from sacred_core.exceptions import StoreError
from sacred_core.observers.retry_policy import RetryPolicy

if TYPE_CHECKING:
    from sacred_core.stores.run_store import RunStore

F = TypeVar("F", bound=Callable[..., Any])
_START = "ex_info command host_info {} config meta_info _id"


def _with_parameters(names: str) -> Callable[[F], F]:
    """Return a decorator that sets the parameters that `inspect.signature` shows.

    An override may declare any of them in any order, so a type checker must see ``*args``.

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
    """Receives the events of one run at a time. Override the methods for the events that you need.

    Each method can declare any of the arguments that its docstring lists, in any order; they are
    passed by keyword. All methods are optional: a method that is not overridden is not called. An
    object that has some of the methods works as well as a subclass.

    Calls arrive one at a time, in the order of the methods below, in a separate thread with a copy
    of the context (`contextvars`) of the start of the run. With
    ``RetryPolicy(has_own_thread=False)`` they arrive in the thread that starts the run. After a
    failure, a call may be repeated with the same arguments. An exception in `started_event` or
    `queued_event` fails the run. Any other exception is reported once, and the event is retried
    according to `retry_policy`.

    Two observers of one class are equal if both have the same `recording_location`.

    A subclass of an observer can override methods with the signatures that Sacred documents and
    call ``super()``, with arguments by position or by name.

    Example:
        ```python
        class Bell(RunObserver):
            def completed_event(self, result):
                print("\\a", result)

        ex.observers.append(Bell())
        ```

    Attributes:
        priority: Observers with a higher priority are started first. The first observer that
            returns an id sets the id of the run. Observers with equal priorities are started in
            the order in which they were added.
        spool_folder: After the start of a run, its folder on this machine, or None. During the
            run, it may contain the output in files whose names begin with ``.output``;
            `sacred_core.stores.with_unfinished` reads the output of a killed run there.
        store_location: The location of the store for `sacred_core.stores.open_store`, without
            secrets; None without a store. ``sacred runs recover`` stores the last output of a
            killed run there.
        display_location: The location as users write it, such as a relative path; None:
            ``store_location``.
        retry_policy: How long the run waits for the observer, and when events are retried.
        failure_dir: The folder for undelivered events at the end of a run, from which
            ``sacred spool flush`` stores them; None: ``_undelivered`` in `SETTINGS.SPOOL`, or a
            folder in the user's state folder.
        lists_files_with_heartbeats: A stored file is in the record only after the next heartbeat.
            If no heartbeat follows, it is written to the folder of undelivered events.
    """

    priority: int = 0
    spool_folder: "os.PathLike[str] | None" = None
    store_location: str | None = None
    display_location: str | None = None
    retry_policy: RetryPolicy = RetryPolicy()
    failure_dir: "os.PathLike[str] | None" = None
    lists_files_with_heartbeats: bool = False

    def recording_location(self) -> Hashable:
        """Return the location of the records, without secrets; None: not equal to any other.

        The location does not change.
        """
        return None

    def run_locations(self, run_id: Any) -> "list[tuple[str, Any]]":
        """Return where the current run is recorded, as users write it, and its id there.

        Args:
            run_id: The id that the observer has returned.
        """
        location = self.store_location
        return [] if location is None else [(self.display_location or location, run_id)]

    def open_store(self) -> "RunStore":
        """Return the store that reads what this observer writes.

        By default it is opened at `store_location`. An observer whose location does not include
        everything, such as a password or a client, overrides this and uses its own connection.

        It also works before the first run: then the store is empty, and may have been created. A
        store that uses the connection of the observer can be used until the observer is joined.

        Raises:
            StoreError: the observer has no store, or the store cannot be opened.
        """
        from sacred_core.stores.opening import open_store  # imports what reading needs

        if self.store_location is None:
            raise missing_store_error(self)
        return open_store(self.store_location)

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
        """The run was queued, to be started later; return its id, or None.

        ``(ex_info: dict, command: str, host_info: dict, queue_time: datetime, config: dict,
        meta_info: dict, _id: int | str | None)``, as in `started_event`.
        """

    @_with_parameters(_START.format("start_time"))
    def started_event(self, *args: Any, **kwargs: Any) -> Any:
        """The run starts: reset the state of an earlier run, and return the id, or None.

        ``(ex_info: dict, command: str, host_info: dict, start_time: datetime, config: dict,
        meta_info: dict, _id: int | str | None)``. Times are in UTC and aware. ``_id`` is the
        id that the user requested (then `sacred_core.observers.delivering.asked_id` returns it
        too) or that an earlier observer returned, or None.
        """

    @_with_parameters("filename")
    def resource_event(self, *args: Any, **kwargs: Any) -> None:
        """A file was read: ``(filename: str)``, an absolute path."""

    @_with_parameters("name filename metadata= content_type=")
    def artifact_event(self, *args: Any, **kwargs: Any) -> None:
        """A file was produced.

        ``(name: str, filename: str, metadata: dict | None, content_type: str | None)``.
        """

    @_with_parameters("sources dependencies base_dir")
    def code_event(self, *args: Any, **kwargs: Any) -> None:
        """Code was imported after the start.

        ``(sources: list[[filename, md5]], dependencies: list[str], base_dir: str)``: the new
        entries, in the form of ``ex_info`` at the start.
        """

    @_with_parameters("time user note added removed")
    def annotation_event(self, *args: Any, **kwargs: Any) -> None:
        """The run added tags and a note to itself, or removed tags.

        ``(time: datetime, user: str, note: str | None, added: list[str], removed: list[str])``.
        """

    @_with_parameters("text offset")
    def output_event(self, *args: Any, **kwargs: Any) -> None:
        """Output was captured: ``(text: str, offset: int)``.

        ``text`` replaces the output from the character ``offset`` on.
        """

    @_with_parameters("metrics_by_name info")
    def log_metrics(self, *args: Any, **kwargs: Any) -> None:
        """Metrics were logged.

        ``(metrics_by_name: dict, info: dict)``: the new points of each metric,
        ``{"name": str, "steps": list, "values": list, "timestamps": list[datetime]}``.
        `sacred_core.observers.delivering.MetricPositions` returns the index of its first point.
        """

    @_with_parameters("info captured_out beat_time result")
    def heartbeat_event(self, *args: Any, **kwargs: Any) -> None:
        """The run is still running.

        ``(info: dict, captured_out: str, beat_time: datetime, result)``. ``captured_out`` is
        the whole output, if the method declares it.
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
        """Wait for pending work; this is the last call for a run."""


def missing_store_error(observer: object) -> StoreError:
    """Return the error for an observer without a store."""
    return StoreError(
        f"{type(observer).__name__} has no store: it has no store_location and no open_store, so "
        "the runs that it records cannot be read"
    )
