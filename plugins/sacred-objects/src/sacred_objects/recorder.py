"""The record of one run: kept on this machine as it should be, and sent as far as it changed."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sacred_file.append import AppendFile, AppendText
from sacred_file.metrics import metric_lines, write_folded
from sacred_file.record import FileLists, time_text

from sacred_core.regular_files import require_regular
from sacred_core.stable_files import file_version
from sacred_objects import layout
from sacred_objects.artifact_keys import ArtifactKeys
from sacred_objects.json_objects import json_bytes
from sacred_objects.kept import KeptFiles, Upload, Uploads
from sacred_objects.parts import Parts

#: Bytes of a record that is written for every sign of life; a longer one when it changed.
_SHORT = 16_384


class Recorder:
    """Everything may be told twice: what is told changes the record, then `send` sends it.

    Args:
        place: Where the runs are.
        name: The folder of this one.
        entry: What ``run.json`` holds.
        uploads: Sends files.

    Attributes:
        info: What ``info.json`` holds.
        folder: Of this run on this machine: ``cout.txt`` and ``metrics.jsonl``.
    """

    def __init__(
        self, place: layout.Place, name: str, entry: dict[str, Any], uploads: Uploads
    ) -> None:
        self.place = place
        self.prefix = place.run(name)
        self.entry = entry
        self.info: dict[str, Any] = {}
        self.uploads = uploads
        self.folder = Path(tempfile.mkdtemp(prefix="sacred_run_"))
        self._removal = weakref.finalize(self, _remove, self.folder, os.getpid())
        self._kept = KeptFiles(place, uploads)
        self._files = FileLists(entry)
        self._artifact_keys = ArtifactKeys()
        self._output, self._output_parts = self._grown(layout.OUTPUT, layout.OUTPUT_PARTS)
        self._metrics, self._metrics_parts = self._grown("metrics.jsonl", layout.METRICS_PARTS)
        self._text = AppendText(self._output)
        self._lines = AppendFile(self._metrics)
        self._last_lines = b""
        self._sent: dict[str, bytes] = {}
        self._has_ended = self._is_complete = False

    @property
    def is_complete(self) -> bool:
        """Whether the bucket has all of a run that ended."""
        return self._is_complete

    def keep(self) -> None:
        """Leave the folder where it is when this object is gone."""
        self._removal.detach()

    def heartbeat(self, info: Mapping[str, Any], beat_time: datetime | None, result: Any) -> None:
        """Note that the run is alive."""
        self.info = dict(info)
        self.entry["heartbeat"] = time_text(beat_time)
        self.entry["result"] = result

    def output(self, text: str, offset: int) -> None:
        """Let ``text`` stand in the output from the character ``offset`` on."""
        self._text.write(text, offset)
        written = len(text.encode("utf-8", "backslashreplace"))
        self._output_parts.changed(self._output.stat().st_size - written)

    def metrics(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> None:
        """Add points."""
        lines = metric_lines(metrics, starts)
        if self._metrics_parts.is_sent or lines != self._last_lines:
            self._metrics_parts.changed(self._lines.size)
            self._lines.write(lines)
            self._last_lines = lines

    def add_resource(self, filename: str) -> str:
        """Note a file that the run read; `send_files` sends it to what is returned."""
        return self._kept.resource(Path(filename))

    def list_resource(self, filename: str, kept: str) -> bool:
        """List a file that was sent, and tell whether to write that down at once."""
        return self._files.add_resource(str(filename), kept)

    def add_artifact(self, name: str, filename: str, content_type: str | None) -> None:
        """Note a file that the run made; `send_files` sends it."""
        path = Path(filename)
        require_regular(path)
        upload = Upload(lambda: file_version(path).open(), content_type, is_shared=False)
        self.uploads.add(self.prefix + self._artifact_keys.key(name), upload)

    def list_artifact(
        self, name: str, metadata: Mapping[str, Any] | None, content_type: str | None
    ) -> bool:
        """List a file that was sent, and tell whether to write that down at once."""
        return self._files.add_artifact(name, metadata, content_type)

    def code(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start."""
        experiment = self.entry["experiment"]
        known = {name for name, _ in experiment["sources"]}
        new = [p for p in self._kept.sources(base_dir, sources) if p[0] not in known]
        experiment["sources"] = sorted(experiment["sources"] + new)
        names = {*experiment["dependencies"], *dependencies}
        experiment["dependencies"] = sorted(names, key=str.lower)

    def end(
        self, status: str, stop_time: datetime, result: Any, fail_trace: Sequence[str] | None
    ) -> None:
        """Note how the run ended."""
        self.entry.update(status=status, stop_time=time_text(stop_time))
        if result is not None:
            self.entry["result"] = result
        if fail_trace:
            self.entry["fail_trace"] = list(fail_trace)
        self._has_ended, self._is_complete = True, False

    def send_files(self) -> None:
        """Send artifacts, resources and sources."""
        self.uploads.send()

    def send_growth(self) -> None:
        """Send what is new in the output and the metrics."""
        self._output_parts.send()
        self._metrics_parts.send()

    def send_record(self) -> None:
        """Send what changed in ``info.json`` and ``run.json``; at the end everything."""
        if self._has_ended:
            self._send_whole()
            return
        self.send_growth()
        self._send_info()
        data = json_bytes(self.entry)
        if len(data) > _SHORT:
            lasting = json_bytes({**self.entry, "heartbeat": None})
            if lasting == self._sent.get("lasting"):
                beat = json_bytes({"heartbeat": self.entry["heartbeat"]})
                self._put(layout.HEARTBEAT, beat)
                return
            self._put(layout.RUN, data)
            self._sent["lasting"] = lasting
        else:
            self._put(layout.RUN, data)

    def write_whole(self) -> None:
        """Write the record to the folder, as sacred-file does."""
        self._output.touch()
        write_folded(self._metrics, self.folder / layout.METRICS)
        (self.folder / layout.RUN).write_bytes(json_bytes(self.entry))
        (self.folder / layout.INFO).write_bytes(json_bytes(self.info))

    def _send_whole(self) -> None:
        if self._is_complete:
            return
        self.write_whole()
        with self._output.open("rb") as file:
            self.place.bucket.put(self.prefix + layout.OUTPUT, file, layout.TEXT)
        with (self.folder / layout.METRICS).open("rb") as file:
            self.place.bucket.put(self.prefix + layout.METRICS, file, layout.JSON)
        self._send_info()
        # From here on readers look at what was written above.
        self._put(layout.RUN, json_bytes(self.entry))
        self._output_parts.clear()
        self._metrics_parts.clear()
        self.place.bucket.delete([self.prefix + layout.HEARTBEAT])
        self._is_complete = True

    def _send_info(self) -> None:
        data = json_bytes(self.info)
        unsent = None if self._has_ended else json_bytes({})
        if data != self._sent.get("info", unsent):
            self._put(layout.INFO, data)
            self._sent["info"] = data

    def _put(self, name: str, data: bytes) -> None:
        self.place.bucket.put(self.prefix + name, data, layout.JSON)

    def _grown(self, name: str, parts: str) -> tuple[Path, Parts]:
        path = self.folder / name
        return path, Parts(self.place.bucket, self.prefix + parts, path)


def _remove(folder: Path, process: int) -> None:
    """Remove the folder, in the process that made it: a forked child has another's."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
