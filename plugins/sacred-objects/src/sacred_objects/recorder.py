"""The record of one run: complete on this machine, and sent as far as it changed."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from sacred_core.finalizing import call_when_unused
from sacred_core.regular_files import require_regular
from sacred_core.stable_files import FileVersion, file_version
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.folder_format import (
    INFO,
    METRIC_INDEX,
    METRIC_LINES,
    METRICS,
    OUTPUT,
    RUN,
    FileLists,
    encode_output,
    entry_bytes,
    json_bytes,
    metric_lines,
    update_entry,
)
from sacred_core.stores.model import StoredRun
from sacred_core.stores.record_files import AppendFile, AppendText, merge_metric_lines
from sacred_core.stores.tokens import TOKEN, run_removed_error
from sacred_objects import object_keys
from sacred_objects.annotations import put_annotation
from sacred_objects.bucket import BucketAwayError, read_json
from sacred_objects.contents import Upload, UploadQueue
from sacred_objects.object_keys import ArtifactKeys
from sacred_objects.parts import Parts
from sacred_objects.run_index import RunIndex
from sacred_objects.segments import Copy

#: How often the token is replaced while another process writes the record.
_ATTEMPTS = 10
#: Bytes of a record that is written for every heartbeat; a longer one when it changed.
_SHORT = 16_384


class Recorder:
    """Every event may come twice: it changes the record, then a `send` method sends it.

    Args:
        layout: Where the runs are.
        name: The folder of this one.
        entry: The content of ``run.json``.
        uploads: Sends files.

    Attributes:
        info: The content of ``info.json``.
        files: Lists files in the entry.
        folder: Of this run on this machine: ``cout.txt`` and ``metrics.jsonl``.
    """

    def __init__(
        self,
        layout: object_keys.BucketLayout,
        name: str,
        entry: dict[str, Any],
        uploads: UploadQueue,
    ) -> None:
        self.layout = layout
        self.name = name
        self.prefix = layout.run(name)
        self.entry = entry
        self.info: dict[str, Any] = {}
        self.uploads = uploads
        self.folder = Path(tempfile.mkdtemp(prefix="sacred_run_"))
        self._removal = call_when_unused(self, _remove, self.folder, os.getpid())
        self.files = FileLists(entry)
        self._artifact_keys = ArtifactKeys()
        self._output, self._output_parts = self._new_parts(OUTPUT, object_keys.OUTPUT_PARTS)
        self._metrics, self._metrics_parts = self._new_parts(
            METRIC_LINES, object_keys.METRICS_PARTS
        )
        self._text = AppendText(self._output)
        self._lines = AppendFile(self._metrics)
        self._last_lines = b""
        #: Objects of annotations of lower numbers exist.
        self._annotations = 1
        self._sent: dict[str, bytes] = {}
        #: For the index of runs: what this process has written, by name.
        self._copies: dict[str, Copy] = {}
        #: Of ``run.json`` and ``heartbeat.json``, as this process has written them.
        self._version: str | None = None
        self._beat_version: str | None = None
        self._has_ended = self._is_complete = False

    def adopt(self, run: StoredRun, output: str, metrics: Mapping[str, Any]) -> None:
        """Continue a run that is in the bucket.

        Nothing is written: each write checks that the run is still there, and not another's.
        """
        self.info = run.info
        self._has_ended = run.stop_time is not None
        for name in run.artifacts:
            self._artifact_keys.key(name)
        self._text.write(output, 0)
        for name, points in metrics.items():
            self._lines.write(metric_lines({name: points}, {name: 0}))
        self._metrics.touch()
        if not self._has_ended:
            self._output_parts.adopt()
            self._metrics_parts.adopt()

    def update(self, run: StoredRun, names: frozenset[str]) -> None:
        """Change the record by fields of the run; see `DocumentObserver.update_run`."""
        update_entry(self.entry, run, names)
        self.info, self._is_complete = run.info, False
        if len(run.recorded_segments) > 1:
            self.entry["info"] = run.info
        if "stop_time" not in names:
            return
        is_reopened = self._has_ended and run.stop_time is None
        self._has_ended = run.stop_time is not None
        if is_reopened:
            self._output_parts.send_whole()
            self._metrics_parts.send_whole()

    @property
    def _is_resumed(self) -> bool:
        """Whether info and heartbeat are in ``run.json``: only who has the token writes that."""
        return "info" in self.entry

    def replace_token(self, old: str, new: str) -> bool:
        """Replace the token, and return False if that of the record is not ``old``.

        Where the parts of a running run are depends on its token: what the bucket has is sent to
        the new place before.
        """
        answers = (self._try_to_replace(old, new) for _ in range(_ATTEMPTS))
        return bool(next((each for each in answers if each is not None), False))

    def _try_to_replace(self, old: str, new: str) -> bool | None:
        """Replace the token; None if the record changed meanwhile: a former process goes on."""
        bucket, key = self.layout.bucket, self.prefix + RUN
        version, entry = bucket.version(key), read_json(bucket, key, None)
        if version is None or not isinstance(entry, dict) or (entry.get(TOKEN) or "") != old:
            return False
        if new == old:
            return True
        renamed = {**entry, TOKEN: new}
        if not self._has_ended:
            names = (object_keys.OUTPUT_PARTS, object_keys.METRICS_PARTS)
            for name, path in zip(names, (self._output, self._metrics), strict=True):
                Parts(bucket, self._parts_prefix(name, renamed), path).send_whole()
        if bucket.replace(key, entry_bytes(renamed), version, object_keys.JSON) is None:
            return None
        bucket.delete([*self._part_keys(), self.prefix + object_keys.HEARTBEAT])
        return True

    def output(self, text: str, offset: int) -> None:
        """Replace the output from the character ``offset`` on by ``text``."""
        self._is_complete = False
        self._text.write(text, offset)
        written = len(encode_output(text))
        self._output_parts.mark_changed(self._output.stat().st_size - written)

    def metrics(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> None:
        """Add points."""
        self._is_complete = False
        lines = metric_lines(metrics, starts)
        if self._metrics_parts.is_sent or lines != self._last_lines:
            self._metrics_parts.mark_changed(self._lines.size)
            self._lines.write(lines)
            self._last_lines = lines

    def add_artifact(
        self,
        name: str,
        filename: str,
        content_type: str | None,
        note: Callable[[FileVersion], None],
    ) -> None:
        """Add a file that the run produced; `send_files` sends it.

        Args:
            name: Of the artifact.
            filename: Of the file.
            content_type: Its media type, None if it is not known.
            note: Is called with the version that is sent.
        """
        path = Path(filename)
        require_regular(path)

        def open_version() -> BinaryIO:
            version = file_version(path)
            note(version)
            return version.open()

        upload = Upload(open_version, content_type, is_shared=False)
        self.uploads.add(self.prefix + self._artifact_keys.key(name), upload)

    def send_files(self) -> None:
        """Send artifacts, resources and sources.

        Raises:
            RunRemovedError: the run was deleted.
        """
        if self.uploads.has_waiting:
            self.require()
        self.uploads.send()

    def send_growth(self) -> None:
        """Send what is new in the output and the metrics; of a run that ended `complete` does."""
        if self._has_ended:
            return
        self._output_parts.send()
        self._metrics_parts.send()

    def send_start(self, version: str | None) -> bool:
        """Write ``run.json`` for the first time.

        Args:
            version: That of the record to be replaced, None if there is none.

        Returns:
            False if another process has written the record.
        """
        bucket, key, data = self.layout.bucket, self.prefix + RUN, entry_bytes(self.entry)
        if version is None:
            self._version = bucket.put_if_absent(key, data, object_keys.JSON)
        else:
            self._version = bucket.replace(key, data, version, object_keys.JSON)
        if self._version is None and not self._is_own():  # else the answer was lost
            return False
        self.uploads.mark_recorded()
        return True

    def send_record(self) -> None:
        """Send what changed in ``run.json`` and ``info.json``; at the end everything.

        Raises:
            RunRemovedError: the run was deleted.
        """
        if self._has_ended:
            self._send_folder()
            return
        self.send_growth()
        # Before the heartbeat: a copy that continues sends nothing older than that.
        is_sent = json_bytes(self.info) == self._sent.get("info", json_bytes({}))
        if not (is_sent or self._is_resumed):
            self.require()
            self._send_info()
        self._send_entry()

    def complete(self) -> None:
        """Send everything of a run that ended and changed since."""
        if self._has_ended and not self._is_complete:
            self._send_folder()

    def send_annotation(self, annotation: Annotation) -> None:
        """Write an annotation into a separate object.

        Raises:
            RunRemovedError: the run was deleted.
        """
        self.require()
        number, copy = put_annotation(
            self.layout.bucket, self.prefix, annotation, self._annotations
        )
        self._annotations = number + 1
        self._copies[copy.key] = copy

    def note_copy(self, name: str, version: str | None, data: bytes) -> None:
        """Note for the index what an object of the run contains.

        Args:
            name: Of the object.
            version: None if it is not known.
            data: Its content.
        """
        if version is not None:
            self._copies[name] = Copy(f"{self.name}/{name}", version, data)

    def require(self) -> None:
        """Check that the run was not deleted.

        Raises:
            RunRemovedError: it was; another one may have its id.
        """
        if self.layout.bucket.version(self.prefix + RUN) != self._version:
            self._adopt_version()

    def remove_parts(self) -> None:
        """Remove what was sent of the output and the metrics."""
        self.layout.bucket.delete(self._part_keys())

    def _part_keys(self) -> list[str]:
        """Return the keys of the parts, which are no longer used."""
        return [*self._output_parts.clear(), *self._metrics_parts.clear()]

    def write_folder(self) -> None:
        """Write the record to the folder, as sacred-file does."""
        self._output.touch()
        merge_metric_lines(self._metrics, self.folder / METRICS)
        (self.folder / RUN).write_bytes(entry_bytes(self.entry))
        (self.folder / INFO).write_bytes(json_bytes(self.info))

    def _send_folder(self) -> None:
        if self._is_complete:
            return
        self.require()
        self.uploads.restore_missing()
        self.write_folder()
        with self._output.open("rb") as file:
            self.layout.bucket.put(self.prefix + OUTPUT, file, object_keys.TEXT)
        for path in (self.folder / METRICS, self.folder / METRIC_INDEX):
            if path.exists():  # a run without metrics has no index
                with path.open("rb") as file:
                    self.layout.bucket.put(self.prefix + path.name, file, object_keys.JSON)
        self._send_info()
        # From here on readers look at what was written above.
        self._replace_record(entry_bytes(self.entry))
        # At once: a process that deletes the run removes it from the index last.
        RunIndex(self.layout).add(self._copies.values())
        self.layout.bucket.delete(
            [*self._part_keys(), self.prefix + object_keys.HEARTBEAT],
        )
        self._is_complete = True

    def _send_entry(self) -> None:
        data = entry_bytes(self.entry)
        if len(data) <= _SHORT or self._is_resumed:
            self._replace_record(data)
            return
        lasting = entry_bytes({**self.entry, "heartbeat": None})
        if lasting == self._sent.get("lasting"):
            self._replace_heartbeat(json_bytes({"heartbeat": self.entry["heartbeat"]}))
            return
        self._replace_record(data)
        self._sent["lasting"] = lasting

    def _replace_record(self, data: bytes) -> None:
        """Write ``run.json`` if it is still that of this run."""
        bucket, key = self.layout.bucket, self.prefix + RUN
        written = self._version and bucket.replace(key, data, self._version, object_keys.JSON)
        if not written:  # its version changed: the answer to an earlier attempt was lost
            written = bucket.replace(key, data, self._adopt_version(), object_keys.JSON)
        if not written:
            raise BucketAwayError(f"'{bucket.url}/{key}' is written by several processes at once")
        self._version = written
        self.note_copy(RUN, written, data)
        self.uploads.mark_recorded()

    def _replace_heartbeat(self, data: bytes) -> None:
        bucket, key = self.layout.bucket, self.prefix + object_keys.HEARTBEAT
        before = self._beat_version
        self._beat_version = before and bucket.replace(key, data, before, object_keys.JSON)
        if self._beat_version is None:
            self.require()
            self._beat_version = bucket.put(key, data, object_keys.JSON)

    def _is_own(self) -> bool:
        """Return whether ``run.json`` is that of this run, and note its version."""
        key = self.prefix + RUN
        version = self.layout.bucket.version(key)
        entry = read_json(self.layout.bucket, key, {})
        is_own = isinstance(entry, dict) and entry.get(TOKEN) == self.entry.get(TOKEN)
        if is_own:
            self._version = version
        return is_own

    def _adopt_version(self) -> str:
        is_own = self._is_own()
        if not is_own or self._version is None:
            raise run_removed_error(self.name, self.layout.display_name)
        return self._version

    def _send_info(self) -> None:
        data = json_bytes(self.info)
        unsent = None if self._has_ended else json_bytes({})
        if data != self._sent.get("info", unsent):
            self._put(INFO, data)
            self._sent["info"] = data

    def _put(self, name: str, data: bytes) -> None:
        version = self.layout.bucket.put(self.prefix + name, data, object_keys.JSON)
        self.note_copy(name, version, data)

    def _new_parts(self, name: str, parts: str) -> tuple[Path, Parts]:
        path = self.folder / name
        return path, Parts(self.layout.bucket, self._parts_prefix(parts, self.entry), path)

    def _parts_prefix(self, parts: str, entry: Mapping[str, Any]) -> str:
        return self.prefix + object_keys.parts_prefix(parts, entry)


def _remove(folder: Path, process: int) -> None:
    """Remove the folder, in the process that made it: a forked child has another's."""
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
