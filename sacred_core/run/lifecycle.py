"""The stages of a run, and the only place that emits its events."""

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from sacred_core import events
from sacred_core.delivery.dispatcher import Dispatcher
from sacred_core.dotted_path import DottedPath
from sacred_core.exceptions import RunLostError
from sacred_core.masking import mask_text, mask_value, note_environment
from sacred_core.run.beats import BeatThread
from sacred_core.run.locations import ChildProcesses, RunLocations
from sacred_core.run.metrics import MANY
from sacred_core.run.plain_copies import PlainCopy
from sacred_core.run.state import RunState
from sacred_core.serialization import plain, reason_of
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.recorded_files import merge_code

if TYPE_CHECKING:
    from sacred_core.run.spools import LiveSpool


#: Points that wait to be sent before the calls that log more of them wait too.
_MOST_POINTS = 4 * MANY
#: Seconds for which such a call waits, at most, once for thousands of points.
_LONGEST_WAIT = 0.5
#: Some stores have no more digits of a time.
_MILLISECOND = timedelta(milliseconds=1)
#: Characters of output and points that are delivered with the heartbeat after them.
_MOST_ADDED = 1_000_000
_POINT_CHARACTERS = 100


class Lifecycle:
    """Sends the events of one run to its observers.

    In a forked child, which is not the run, every method does nothing.
    """

    def __init__(self, run: RunState) -> None:
        self._run = run
        run.own_process()
        self._source = events.EventSource(run.meta_info["uid"], run.own_segment, run.writer)
        to = run.observers
        self._dispatcher = Dispatcher(to, self._resolve_lazy, run.run_logger, self._stop_lost)
        self._locations = RunLocations(self._dispatcher, run.run_logger)
        self._beats = BeatThread(self.beat, self._send_points, run.beat_interval, run.run_logger)
        self._is_started = self._is_ending = False
        self._info, self._result = PlainCopy(), PlainCopy()
        self._is_unconfirmed = False
        self._sending = threading.RLock()
        #: Characters of what is added, but not sent.
        self._added = 0
        self._annotated = datetime.min.replace(tzinfo=UTC)
        self._spool: LiveSpool | None = None
        #: Stops the code of the user, if another process has resumed the run.
        self.stop_code: Callable[[], None] | None = None
        self._children = ChildProcesses(self._locations)
        #: Paths of what the record does not show.
        self.masked_paths: list[DottedPath] = []
        run.observers = self._dispatcher.observers
        run.metrics.keeps_points = self.is_observed
        run.metrics.when_many = self._hurry

    @property
    def is_observed(self) -> bool:
        """Whether the run has observers."""
        return bool(self._run.observers)

    @property
    def lost(self) -> RunLostError | None:
        """The error of a run that another process has resumed; else None."""
        return self._dispatcher.lost

    def queue(self) -> None:
        """Put the run aside; raises what an observer raises."""
        self._run.status = "QUEUED"
        now = datetime.now(UTC)
        self._run.meta_info["queue_time"] = now
        event = self._source.make(
            events.RunQueued, queue_time=now, replayed=self._run.is_unique, **self._announcement()
        )
        try:
            self._run._id = self._send_start(event)
        except BaseException:
            self._run.status = "FAILED"
            raise
        finally:
            self._dispatcher.finish(None)

    def start(self) -> None:
        """Start the run and its beats; raises what an observer raises."""
        self._run.start_time = datetime.now(UTC)
        self._run.status = "RUNNING"
        if self.is_observed:
            event = self._source.make(
                events.RunStarted,
                start_time=self._run.start_time,
                resumed=self._run.own_segment > 0,
                claim=self._encoded_claim(),
                **self._announcement(),
            )
            run_id = self._send_start(event)
            if not self._run.is_part:
                self._run._id = run_id
            if self._run.is_resumed:
                self._send_segment_code()
            self._move_output()
            self._beats.start()
        self._is_started = True

    def _encoded_claim(self) -> dict[str, Any] | None:
        if self._run.claim is None:
            return None
        from sacred_core.stores.worker_claims import encode_claim  # few runs have workers

        return encode_claim(self._run.claim)

    def publish(self) -> None:
        """Let processes that are started from now on find the run."""
        self._children.publish(self._run)

    def beat(self) -> None:
        """Send what is new, and that the run is alive."""
        if self._run.is_forked or not self.is_observed:
            return
        with self._sending:
            self._send_news(final=False)

    def _send_points(self) -> None:
        """Send the points that are new, before the next beat."""
        if self._run.is_forked or not self.is_observed:
            return
        with self._sending:
            info = self._info_now()
            self._guard("metrics", lambda: self._send_metrics(info))

    def _hurry(self, waiting: int) -> None:
        """Have points sent soon; where too many wait, wait for it, so that memory has a limit."""
        self._beats.send_early(_LONGEST_WAIT if waiting >= _MOST_POINTS else 0.0)

    def resource(self, filename: str) -> None:
        """Send the event of a file that was read."""
        self._send(self._source.make(events.ResourceAdded, filename=filename))

    def artifact(self, **fields: Any) -> None:
        """Send the event of a file that was made, after the points that were logged before it.

        A run that is resumed from a checkpoint then has all points up to it.
        """
        fields["metadata"] = mask_value(plain(fields["metadata"]))[0]
        if self._run.metrics.has_points:
            self._send_points()
        self._send(self._source.make(events.ArtifactAdded, **fields))

    def annotate(self, annotation: Annotation) -> None:
        """Send the event of tags and a note; each has a different millisecond."""
        with self._sending:
            time = max(annotation.time, self._annotated + _MILLISECOND)
            self._annotated = time
            note = annotation.note
            event = self._source.make(
                events.RunAnnotated,
                time=time,
                user=annotation.user,
                note=None if note is None else mask_text(note),
                added=list(map(mask_text, annotation.added)),
                removed=list(map(mask_text, annotation.removed)),
            )
            self._send(event)

    def complete(self) -> None:
        """End the run with its result."""
        if not self._run.is_forked:
            self._run.status = "COMPLETED"
            result = None
            try:
                result = self._result.of(self._run.result)
            finally:
                self._finish(events.RunCompleted, "stop_time", result=result)

    def interrupt(self, status: str, trace: list[str]) -> None:
        """End the run for a reason that is not a failure."""
        if not self._run.is_forked:
            self._run.status = status
            trace = mask_text("".join(trace)).splitlines(keepends=True)
            self._finish(events.RunInterrupted, "interrupt_time", status=status, fail_trace=trace)

    def fail(self, trace: list[str]) -> None:
        """End the run with the traceback of what it raised."""
        if not self._run.is_forked:
            self._run.status = "FAILED"
            trace = mask_text("".join(trace)).splitlines(keepends=True)
            self._finish(events.RunFailed, "fail_time", fail_trace=trace)

    def drop(self) -> None:
        """End a run that another process has resumed: nothing more is recorded."""
        self._is_ending = True
        self._beats.stop()
        self._dispatcher.finish(None)

    def _announcement(self) -> dict[str, Any]:
        run = self._run
        note_environment()
        meta = {**run.meta_info, "beat_interval": run.beat_interval}
        parts = {
            "config": run.config, "meta": meta, "host": run.host_info,
            "experiment": run.experiment_info,
        }  # fmt: skip
        fields, self.masked_paths = mask_value(
            {name: plain(value) for name, value in parts.items()}
        )
        if self.masked_paths:
            fields["meta"]["masked"] = [str(path) for path in self.masked_paths]
        return {
            "ex_info": fields["experiment"],
            "command": run.command,
            "host_info": fields["host"],
            "config": fields["config"],
            "meta_info": fields["meta"],
            "asked_id": None if run.is_part or run.segment else run._id,
        }

    def _move_output(self) -> None:
        """Move the output to where it can be found if the process does not end the run.

        That is in the folder that the first observer offers, or in one for the user's state. That
        of a resumed run is in the latter, as the former process may still write to the other one.
        """
        if self._run.own_segment:
            from sacred_core.run.spools import remove_offered_spools

            remove_offered_spools(self._run.observers)
        if not self._run.output.has_spool:
            return
        folders = (getattr(observer, "spool_folder", None) for observer in self._run.observers)
        offered = next((Path(folder) for folder in folders if folder is not None), None)
        offered = None if self._run.own_segment else offered
        with contextlib.suppress(OSError):  # then it is in a file without a name
            folder = self._describe_spool(offered)
            if folder is not None:
                self._run.output.move_to(folder)

    def _describe_spool(self, offered: Path | None) -> Path | None:
        """Describe the spool for ``sacred runs recover``, and return where it is to be."""
        run, known = self._run, self._locations.stores()
        if not known or run.start_time is None:
            return offered
        try:
            from sacred_core.run.spools import describe_run

            self._spool = describe_run(run, [each[:3] for each in known], offered)
        except (ImportError, OSError) as error:
            run.run_logger.debug("sacred runs recover will not find this run: %s", error)
            return offered
        return self._spool.entry.folder

    def locations(self) -> list[tuple[str, Any]]:
        """Return where the run is recorded, as users write it, and its id there."""
        return self._locations.shown()

    def release_spool(self) -> None:
        """Remove the description of the spool: the observers were given all of the output."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def _send_start(self, event: events.RunIdEvent) -> Any:
        known_id = None if self._run.is_part else self._run._id
        return self._dispatcher.send_start(event, known_id)

    def _send(self, event: events.Event) -> None:
        self._added = 0
        if not self._run.is_forked:
            self._dispatcher.send(event)

    def _add(self, event: events.Event) -> None:
        if not self._run.is_forked:
            self._dispatcher.add(event)

    def _send_with_heartbeat(self, event: events.Event, size: int) -> None:
        """Let the next event deliver a small event; a large one does not wait for it."""
        self._added += size
        if self._added <= _MOST_ADDED:
            self._add(event)
        else:
            self._send(event)

    def _send_news(self, final: bool) -> None:
        """Send output, imported code and metrics that are new, then a heartbeat.

        Info and result are converted once, and first: what they make secret is masked in all of it.
        """
        info, result = self._info_now(), self._result.of(self._run.result)
        self._guard("output", lambda: self._send_output(final))
        self._guard("imported code", self._send_code)
        self._guard("metrics", lambda: self._send_metrics(info))
        captured: list[list[Any]] = []
        self._guard("captured functions", lambda: captured.extend(self._run.executed_functions()))
        now = datetime.now(UTC)
        self._run.heartbeat_time = now
        heartbeat = self._source.make(
            events.Heartbeat, info=info, beat_time=now, result=result, captured=captured,
            writers=self._children.writers(),
        )  # fmt: skip
        if final:  # the end, which follows at once, is delivered with it
            self._add(heartbeat)
            return
        self._send(heartbeat)
        if self._is_unconfirmed and self.lost is None:  # after all of it: it replaces a file
            self._run.output.confirm()
            self._is_unconfirmed = False

    def _info_now(self) -> dict[str, Any]:
        info = self._info.of(self._run.info)
        return info if isinstance(info, dict) else {"info": info}

    def _send_output(self, final: bool) -> None:
        for text, offset in self._run.output.take(final):
            event = self._source.make(events.OutputCaptured, text=text, offset=offset)
            self._send_with_heartbeat(event, len(text))
            self._is_unconfirmed = True
            # After a large piece, which the threads of observers may have recorded.
            if not self._added and self.lost is None:
                self._run.output.confirm()

    def _send_code(self) -> None:
        grown = self._run.code.take_new() if self._run.code is not None else None
        if grown is not None:
            info = self._run.experiment_info
            info.update(merge_code(info, grown["sources"], grown["dependencies"]))
            self._send_sources(info["base_dir"], **grown)

    def _send_sources(self, base_dir: str, sources: Any, dependencies: Any) -> None:
        fields = {"base_dir": base_dir, "sources": sources, "dependencies": dependencies}
        resumption = self._run.resumption if self._run.is_resumed else None
        for each in [fields] if resumption is None else resumption.code_events(**fields):
            self._send(self._source.make(events.CodeLoaded, **each))

    def _send_segment_code(self) -> None:
        """Send the code of a resumed run, as far as its record does not have it."""
        info = self._run.experiment_info
        if info.get("sources") is not None:
            self._send_sources(info["base_dir"], info["sources"], info["dependencies"])

    def _send_metrics(self, info: dict[str, Any]) -> None:
        for metrics, starts in self._run.metrics.drain():
            event = self._source.make(
                events.MetricsLogged, metrics_by_name=metrics, info=info, starts=starts
            )
            points = sum(len(metric["steps"]) for metric in metrics.values())
            self._send_with_heartbeat(event, points * _POINT_CHARACTERS)

    def _finish(self, kind: type[events.Event], time: str, **fields: Any) -> None:
        """Stop the heartbeats, send what they have not sent, and then the end in any case.

        Args:
            kind: Its class.
            time: The name of the field for the time of the end.
            **fields: Its other fields.
        """
        began = monotonic()
        self._is_ending = True
        self._run.stop_time = fields[time] = datetime.now(UTC)
        try:
            self._beats.stop()
            if self.is_observed and self._is_started:
                with self._sending:
                    self._guard("heartbeat", lambda: self._send_news(final=True))
        finally:
            try:
                self._dispatcher.finish(self._source.make(kind, **fields), began)
            finally:
                self._children.close()

    def _stop_lost(self) -> None:
        """Stop the code of a run that another process has resumed; called in any thread."""
        if self.stop_code is not None and not self._is_ending:
            self.stop_code()

    def _guard(self, what: str, send: Callable[[], None]) -> None:
        """Call ``send``; where it raises, the other parts of a heartbeat or an end follow."""
        try:
            send()
        except Exception as error:  # noqa: BLE001 - it reads what the user's code made
            self._run.run_logger.warning(
                "The %s of the run could not be sent to the observers: %s",
                what, mask_text(reason_of(error)),
            )  # fmt: skip

    def _resolve_lazy(self, name: str) -> Any:
        return {"captured_out": self._run.output.text}[name]()
