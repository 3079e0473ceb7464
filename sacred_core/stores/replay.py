"""The events that would have recorded a stored run.

`replay` is what copies runs from any store to any other: the target gets events, as if the run
were in progress, so each store writes its own layout. All events have positions (the offset of
output, the index of points, the name and digest of a file, the time of an annotation), so that
delivering them again changes nothing.
"""

from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.events import (
    WHOLE_RUN,
    ArtifactAdded,
    CodeLoaded,
    Event,
    EventSource,
    Heartbeat,
    MetricsLogged,
    OutputCaptured,
    ResourceAdded,
    RunAnnotated,
    RunCompleted,
    RunFailed,
    RunIdEvent,
    RunInterrupted,
    RunQueued,
    RunStarted,
    is_later_beat,
)
from sacred_core.exceptions import StoreError
from sacred_core.stores import curves
from sacred_core.stores.model import StoredRun
from sacred_core.stores.replayed_files import ReplayedFiles
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.segments import encode_segment
from sacred_core.stores.stored_parts import (
    Stored,
    annotation_key,
    has_ended,
    has_same_end,
    is_continued,
    is_same_file,
    is_unstarted,
    was_resumed,
)
from sacred_core.stores.worker_claims import WorkerClaim, encode_claim

#: Points and characters of one event.
POINTS, CHARACTERS = 50_000, 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@attrs.define
class Replay:
    """The events of one run, to be iterated over once.

    They are made in the order in which the run would have sent them: its start, code that was
    imported later, output, points, files, annotations, a heartbeat and its end. While an event is
    current, its files are in a temporary folder.

    Attributes:
        store: The source.
        run: In the source, with all attributes.
        stored: What the target has, None if it has nothing: only what is missing there is made.
        output: The output of the source, or its length; known once all events were made.
    """

    store: RunStore
    run: StoredRun
    stored: Stored | None = None
    output: str | int | None = attrs.field(default=None, init=False)
    _source: EventSource = attrs.field(init=False)
    _files: ReplayedFiles = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._source = EventSource(self.run.uid, WHOLE_RUN)
        self._files = ReplayedFiles(self.store, self.run.id)

    @property
    def missing(self) -> list[str]:
        """What cannot be read from the source, known once all events were made."""
        return self._files.missing

    @property
    def size(self) -> int:
        """The number of bytes of files so far."""
        return self._files.size

    def __iter__(self) -> Generator[Event, None, None]:
        run, known = self.run, self._known
        if run.damage is not None:
            raise StoreError(f"run {str(run.id)!r} is damaged and is not copied: {run.damage}")
        with self._files.open_folder():
            if known is not None and not is_continued(run, known):
                yield from self._annotations()  # it is complete already, or another run
                return
            yield from self._begin()
            if is_unstarted(run):
                yield from self._annotations()
                return
            has_added = known is not None and was_resumed(run, known)
            if has_added:  # first: points of later segments hide others
                yield self._heartbeat()
            for event in self._content():
                has_added = True
                yield event
            yield from self._annotations()
            yield from self._end(has_added)

    @property
    def _known(self) -> StoredRun | None:
        return None if self.stored is None else self.stored.run

    def _content(self) -> Iterator[Event]:
        if self._known is not None and not is_unstarted(self._known):
            yield from self._later_code(self._known)
        yield from self._output()
        yield from self._points()
        yield from self._resources()
        yield from self._artifacts()

    def _begin(self) -> Iterator[Event]:
        """Yield that the run was queued and its start, as far as the target has them not."""
        run, known = self.run, self._known
        is_queued = is_unstarted(run)
        if known is None and (is_queued or run.queue_time is not None):
            yield from self._id_event(RunQueued, queue_time=run.queue_time)
        if not is_queued and (known is None or is_unstarted(known)):
            yield from self._id_event(RunStarted, start_time=_start_of(run))

    def _id_event(self, kind: type[RunIdEvent], **times: Any) -> Iterator[Event]:
        run = self.run
        experiment = {**_without(run.experiment, "captured"), "base_dir": self._base_dir}
        if "repositories" in experiment:
            experiment["repositories"] = list(self._repositories())
        with self._files.sources(self._base_dir, run.sources) as sources:
            yield self._source.make(
                kind,
                ex_info={**experiment, "sources": sources},
                command=run.command,
                host_info=run.host,
                config=run.config,
                meta_info={**_without(run.meta, "queue_time"), "uid": run.uid},
                _id=run.id,
                replayed=True,
                **times,
            )

    def _later_code(self, known: StoredRun) -> Iterator[Event]:
        new = {name: md5 for name, md5 in self.run.sources.items() if name not in known.sources}
        old = known.experiment.get("dependencies") or ()
        dependencies = [
            str(each) for each in self.run.experiment.get("dependencies") or () if each not in old
        ]
        if new or dependencies:
            with self._files.sources(self._base_dir, new) as sources:
                yield self._source.make(
                    CodeLoaded, sources=sources, dependencies=dependencies, base_dir=self._base_dir
                )

    @property
    def _base_dir(self) -> str:
        return str(self.run.experiment.get("base_dir") or ".")

    def _repositories(self) -> Iterator[dict[str, Any]]:
        for each in self.run.experiment.get("repositories") or ():
            if isinstance(each, Mapping):
                own = {key: each[key] for key in each if not str(key).startswith("patch")}
                has_patch = len(own) < len(each)
                yield own | (self._files.patch(str(each.get("commit"))) if has_patch else {})

    def _output(self) -> Iterator[Event]:
        known = self.stored.output if self.stored else ""
        if isinstance(known, int) and known == self.run.output_length:
            self.output = known
            return
        text = self.output = self.store.output(self.run.id)
        start = min(known, len(text)) if isinstance(known, int) else _common_length(known, text)
        length = known if isinstance(known, int) else len(known)
        if start == len(text) < length and has_ended(self.run):  # it was rewritten
            yield self._source.make(OutputCaptured, text="", offset=start)
        for offset in range(start, len(text), CHARACTERS):
            part = text[offset : offset + CHARACTERS]
            yield self._source.make(OutputCaptured, text=part, offset=offset)

    def _points(self) -> Iterator[Event]:
        known = (self.stored.run.metrics or {}) if self.stored else {}
        counts = {name: summary.stop for name, summary in known.items()}
        all_points = None
        if self.run.metrics is None:  # a record without an index would be read for each range
            all_points = curves.all_points(self.store, self.run.id)
            stops = {name: len(metric["steps"]) for name, metric in all_points.items()}
        else:
            blocks = curves.summaries(self.store, self.run.id, raw=True)
            stops = {name: own[-1].stop for name, own in blocks.items() if own}
        for ranges in _chunks(counts, stops):
            if all_points is None:
                points = curves.points(self.store, self.run.id, ranges, raw=True)
            else:
                points = curves.ranges_of(all_points, ranges)
            yield self._source.make(
                MetricsLogged,
                metrics_by_name={name: self._metric(name, own) for name, own in points.items()},
                info=self.run.info,
                starts={name: start for name, (start, _) in ranges.items()},
            )

    def _metric(self, name: str, points: Mapping[str, Any]) -> dict[str, Any]:
        times = points["timestamps"]
        if self.run.metrics is None and any(time is None for time in times):
            times = [time or _start_of(self.run) for time in times]
        return {"name": name, **points, "timestamps": times}

    def _resources(self) -> Iterator[Event]:
        known = self.stored.run.resource_info if self.stored else {}
        for name, info in self.run.resource_info.items():
            if name not in known or not is_same_file(info, known[name]):
                with self._files.content("resource", name, info.md5) as path:
                    if path is not None:
                        yield self._source.make(ResourceAdded, filename=name, content_path=path)

    def _artifacts(self) -> Iterator[Event]:
        known = self.stored.run.artifact_info if self.stored else {}
        for name, info in self.run.artifact_info.items():
            if name not in known or not is_same_file(info, known[name]):
                with self._files.content("artifact", name, info.md5) as path:
                    if path is not None:
                        yield self._source.make(
                            ArtifactAdded, name=name, filename=path,
                            metadata=info.metadata, content_type=info.content_type,
                        )  # fmt: skip

    def _annotations(self) -> Iterator[Event]:
        known = self.stored.run.annotations if self.stored else ()
        keys = set(map(annotation_key, known))
        for each in self.run.annotations:
            if annotation_key(each) not in keys:
                fields = attrs.asdict(each) | {"added": [*each.added], "removed": [*each.removed]}
                yield self._source.make(RunAnnotated, **fields)

    def _end(self, has_added: bool) -> Iterator[Event]:
        run, known = self.run, self._known
        if known is not None and has_same_end(run, known) and not has_added:
            return
        # A store may write facts about what was added with a heartbeat or the end only.
        is_last = has_added and not has_ended(run)
        additions = (run.info, run.experiment.get("captured"), run.recorded_segments, run.writers)
        claim = _copied_claim(run)
        is_needed = is_last or any((*additions, claim)) or run.result is not None
        beat = None if known is None else known.heartbeat
        is_claim_known = claim is None or (known is not None and _copied_claim(known) == claim)
        is_new = has_added or not is_claim_known or is_later_beat(self._beat_time, beat)
        if is_new and (run.heartbeat is not None or is_needed):
            yield self._heartbeat(claim)
        if has_ended(run):
            yield self._end_event()

    @property
    def _beat_time(self) -> datetime:
        return self.run.heartbeat or self.run.stop_time or _start_of(self.run)

    def _heartbeat(self, claim: dict[str, Any] | None = None) -> Event:
        run = self.run
        return self._source.make(
            Heartbeat,
            info=run.info,
            beat_time=self._beat_time,
            result=run.result,
            captured=run.experiment.get("captured"),
            segments=[*map(encode_segment, run.recorded_segments)] or None,
            writers=run.writers or None,
            claim=claim,
        )

    def _end_event(self) -> Event:
        run = self.run
        time = run.stop_time or run.heartbeat or _start_of(run)
        trace = list(map(str, run.fail_trace))
        if run.recorded_status == "COMPLETED":
            return self._source.make(RunCompleted, stop_time=time, result=run.result)
        if run.recorded_status == "FAILED":
            return self._source.make(RunFailed, fail_time=time, fail_trace=trace)
        return self._source.make(
            RunInterrupted, interrupt_time=time, status=run.recorded_status, fail_trace=trace
        )


def replay(store: RunStore, run: StoredRun, stored: Stored | None = None) -> Iterator[Event]:
    """Return the events that would have recorded a run.

    A file that an event names exists until the next event is requested.

    Args:
        store: The source.
        run: In the source, with all attributes, as `RunStore.get` returns it.
        stored: What the target has already; only what is missing there is returned.

    Raises:
        StoreError: the run is damaged, or cannot be read. A file without content is skipped; see
            `Replay.missing`.
    """
    return iter(Replay(store, run, stored))


def _copied_claim(run: StoredRun) -> dict[str, Any] | None:
    """Return the claim of a copy: no worker has it, and a run that a worker executes has none."""
    if run.recorded_status == "QUEUED":
        known = run.claim or WorkerClaim()
        return encode_claim(attrs.evolve(known, worker="", token="", beats=0))
    return encode_claim(run.claim) if run.claim is not None and has_ended(run) else None


def _start_of(run: StoredRun) -> datetime:
    return run.start_time or run.queue_time or run.heartbeat or run.stop_time or _EPOCH


def _chunks(
    counts: Mapping[str, int], stops: Mapping[str, int]
) -> Iterator[dict[str, tuple[int, int | None]]]:
    """Yield ranges of points that are new, with at most `POINTS` points together."""
    ranges: dict[str, tuple[int, int | None]] = {}
    left = POINTS
    for name, stop in stops.items():
        start = counts.get(name, 0)
        while start < stop:
            end = min(stop, start + left)
            ranges[name] = start, end
            left -= end - start
            start = end
            if not left:
                yield ranges
                ranges, left = {}, POINTS
    if ranges:
        yield ranges


def _common_length(one: str, other: str) -> int:
    """Return the number of characters with which both strings begin."""
    if other.startswith(one):
        return len(one)
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _without(mapping: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key != name}
