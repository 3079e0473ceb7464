"""The events of a run: frozen records of plain data that can be delivered again.

A record names the observer method that takes it (`Event.method`) and its fields are that
method's arguments. Where it comes from (`Event.run`, `Event.segment`, `Event.writer`,
`Event.seq`) identifies it permanently, so that delivering it twice can be noticed.
"""

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

import attrs

PlainDict = Mapping[str, Any]
#: The writer of the process that started the run.
MAIN = "main"
#: As in `sacred_core.ranks.detection`; what is replayed may be anything.
_MOST_RANKS = 100_000
E = TypeVar("E", bound="Event")
#: Stores may have times in milliseconds.
_PRECISION = timedelta(milliseconds=1)


#: The segment of an event whose positions are counted over all segments of the run.
WHOLE_RUN = -1


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Event:
    """One thing that happened in a run.

    Attributes:
        run: Identity of the run, the same for all observers (``_id`` is each observer's own).
        segment: 0; resuming a run starts the next one. `WHOLE_RUN` of the events of a replayed run,
            which are about all its segments.
        writer: The process that records: ``"main"``, or a rank or child like ``"rank3"``.
        seq: Position among the events of this writer in this segment, from 0, without gaps.
    """

    method: ClassVar[str]
    #: Nothing follows but ``join``: it is tried even for an observer that failed before.
    final: ClassVar[bool] = False
    #: Nothing that follows builds on it: it may come later where an observer does not take it.
    order_independent: ClassVar[bool] = False
    #: Fields that are passed only to a method which names them, not in ``**fields``: overrides
    #: pass these on to methods with Sacred's signatures, which do not have them.
    only_by_name: ClassVar[tuple[str, ...]] = ()
    #: Arguments of the method that are not fields: they are computed at delivery.
    lazy_arguments: ClassVar[tuple[str, ...]] = ()

    run: str
    segment: int
    writer: str
    seq: int

    # Written once for all: made for each class they would take a tenth of the start of a script.
    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and attrs.astuple(self, recurse=False) == attrs.astuple(
            other, recurse=False
        )

    def __hash__(self) -> int:
        return hash((self.run, self.segment, self.writer, self.seq))

    def __repr__(self) -> str:
        names = (field.name for field in attrs.fields(type(self)))
        return f"{type(self).__name__}({', '.join(f'{n}={getattr(self, n)!r}' for n in names)})"

    @classmethod
    def arguments(cls) -> tuple[str, ...]:
        """Return the documented arguments of the observer method, without the identity."""
        if cls not in _arguments:
            names = tuple(field.name for field in attrs.fields(cls) if field.name not in IDENTITY)
            _arguments[cls] = names + cls.lazy_arguments
        return _arguments[cls]


IDENTITY = ("run", "segment", "writer", "seq")
_arguments: dict[type[Event], tuple[str, ...]] = {}


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunIdEvent(Event):
    """The first event of a run; the observers' answers are the id of the run.

    Attributes:
        _id: The id as known so far: requested, or chosen by an earlier observer; or None.
        asked_id: The id that the user requested, or None. Where it is taken, that is an error;
            where ``_id`` of an earlier observer is taken, an observer uses another free id.
        replayed: The run was recorded before, in another store or in a spool. An observer whose
            store has a run with this ``meta_info["uid"]`` continues that run and returns its id.
        resumed: The run was recorded before, and this process resumes it as its segment
            ``segment``. An observer whose store has a run with this ``meta_info["uid"]`` takes it
            over and returns its id.
    """

    only_by_name: ClassVar[tuple[str, ...]] = ("asked_id", "replayed", "resumed")

    ex_info: PlainDict
    command: str
    host_info: PlainDict
    config: PlainDict
    meta_info: PlainDict
    _id: Any = attrs.field(default=None, alias="_id")
    asked_id: Any = None
    replayed: bool = False
    resumed: bool = False

    @property
    def other_ranks(self) -> list[str]:
        """The names of the ranks that record in the run besides rank 0; empty without ranks."""
        size = self.meta_info.get("world_size")
        is_parallel = "group" in self.meta_info and "writer" not in self.meta_info
        if type(size) is not int or not is_parallel:
            return []
        return [f"rank{number}" for number in range(1, min(size, _MOST_RANKS))]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunQueued(RunIdEvent):
    """The run was put into the store to be started later; nothing else follows.

    Attributes:
        queue_time: The time; None of a copied run that has none, as Sacred queued it in a SQL
            database.
    """

    method = "queued_event"

    queue_time: datetime | None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunStarted(RunIdEvent):
    """The run starts now.

    Attributes:
        claim: Of a queued run that a worker starts, what
            `sacred_core.stores.worker_claims.encode_claim` returned; else None.
    """

    method = "started_event"
    only_by_name: ClassVar[tuple[str, ...]] = (*RunIdEvent.only_by_name, "claim")

    start_time: datetime
    claim: dict[str, Any] | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Heartbeat(Event):
    """The run is alive. Output and metrics of the same beat come before it.

    Attributes:
        captured: All captured functions that were called since the start: lists of source, name
            and entries as in `sacred_core.stores.captured.CapturedCall`. None if not known.
        segments: Of a run that is replayed, what `sacred_core.stores.segments.encode_segment`
            returned of each segment; None of a run with a single segment.
        writers: The other processes that record in the run; None if there is none.
        claim: Of a run that is replayed, what `sacred_core.stores.worker_claims.encode_claim`
            returned of its last claim. One without a worker: the run is in the queue again.
    """

    method = "heartbeat_event"
    only_by_name = ("captured", "segments", "writers", "claim")
    lazy_arguments = ("captured_out",)

    info: PlainDict
    beat_time: datetime
    result: Any = None
    captured: list[list[Any]] | None = None
    segments: list[dict[str, Any]] | None = None
    writers: list[str] | None = None
    claim: dict[str, Any] | None = None


def is_later_beat(beat_time: datetime, stored: datetime | None) -> bool:
    """Return whether a heartbeat is later than a stored one, in any store."""
    return stored is None or beat_time - stored >= _PRECISION


@attrs.frozen(kw_only=True, eq=False, repr=False)
class OutputCaptured(Event):
    """From character ``offset`` of the segment on, the captured output is now ``text``.

    A filter may rewrite what was given before: then ``offset`` is before its end.
    """

    method = "output_event"

    text: str
    offset: int


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MetricsLogged(Event):
    """New points of metrics.

    Attributes:
        metrics_by_name: For each metric ``{"name", "steps", "values", "timestamps"}``: lists
            of equal length, only what is new since the last record. The timestamps may be another
            sequence of times; observers are called with a list.
        starts: For each metric the index, counted within the segment, of its first point here.
        info: As in `Heartbeat`.
    """

    method = "log_metrics"
    only_by_name = ("starts",)

    metrics_by_name: Mapping[str, Mapping[str, Any]]
    info: PlainDict
    starts: Mapping[str, int]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ResourceAdded(Event):
    """The run reads the file ``filename`` (an absolute path).

    Attributes:
        content_path: A copy of the file, made because an observer records it later; or None.
    """

    method = "resource_event"
    order_independent = True
    only_by_name = ("content_path",)

    filename: str
    content_path: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ArtifactAdded(Event):
    """The run produced the file ``filename`` (an absolute path), known as ``name``."""

    method = "artifact_event"
    order_independent = True

    name: str
    filename: str
    metadata: PlainDict | None = None
    content_type: str | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CodeLoaded(Event):
    """More of the experiment's code was imported since the start.

    Attributes:
        sources: Pairs of a file name, relative to ``base_dir``, and the md5 of its content.
        dependencies: Strings like ``numpy==2.0``.
        base_dir: As in the ``ex_info`` of the start.
    """

    method = "code_event"
    order_independent = True

    sources: list[list[str]]
    dependencies: list[str]
    base_dir: str


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunAnnotated(Event):
    """The run added tags or a note to itself.

    Attributes:
        time: When; no other annotation of the run has the same millisecond.
        user: Who runs it.
        note: A text, or None.
        added, removed: Tags.
    """

    method = "annotation_event"

    time: datetime
    user: str
    note: str | None
    added: list[str]
    removed: list[str]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunCompleted(Event):
    """The command returned ``result``."""

    method = "completed_event"
    final = True

    stop_time: datetime
    result: Any = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunInterrupted(Event):
    """The run was stopped, where ``fail_trace`` shows, for the reason in ``status``."""

    method = "interrupted_event"
    final = True

    interrupt_time: datetime
    status: str
    fail_trace: list[str]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunFailed(Event):
    """The command raised; ``fail_trace`` contains the lines of the traceback."""

    method = "failed_event"
    final = True

    fail_time: datetime
    fail_trace: list[str]


#: Every event there is. (Not ``__subclasses__``: attrs makes each class with slots twice.)
EVENTS: tuple[type[Event], ...] = (
    RunQueued,
    RunStarted,
    Heartbeat,
    OutputCaptured,
    MetricsLogged,
    ResourceAdded,
    ArtifactAdded,
    CodeLoaded,
    RunAnnotated,
    RunCompleted,
    RunInterrupted,
    RunFailed,
)


class EventSource:
    """Makes the records of one writer and numbers them; may be used from several threads."""

    def __init__(self, run: str, segment: int = 0, writer: str = MAIN) -> None:
        self.run = run
        self.segment = segment
        self.writer = writer
        self._numbers = itertools.count()

    def make(self, kind: type[E], **fields: Any) -> E:
        """Return a new record of ``kind`` with the next number."""
        return kind(
            run=self.run,
            segment=self.segment,
            writer=self.writer,
            seq=next(self._numbers),
            **fields,
        )
