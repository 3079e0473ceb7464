"""What changes in a run that is under way: in files of its own, since the database is one file.

In the run's folder ``state.json`` holds fields of its document that changed since the start,
``info.json`` the information of its own, ``output`` what it printed, and ``metrics.jsonl`` its
points; see `sacred_core.stores.folder_format`.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sacred_core.atomic_files import replace_bytes
from sacred_core.stores import with_unfinished
from sacred_core.stores.folder_format import decode_output, json_bytes, metric_lines, read_merged
from sacred_core.stores.record_files import (
    AppendFile,
    AppendText,
    merge_metric_lines,
    read_json,
    replace_output,
)
from sacred_core.stores.tokens import run_removed
from sacred_tinydb.database import Document

_STATE, _INFO, _OUTPUT, _POINTS, _METRICS, _TOKEN = (
    "state.json", "info.json", "output", "metrics.jsonl", "metrics.json", "token",
)  # fmt: skip


class Live:
    """The folder of a run under way.

    Args:
        folder: Which; made by `begin`.
        token: Of the run that writes there; see `sacred_core.stores.tokens`. Another run may have
            the folder later. None where the folder is only read, or changed for any run.
    """

    def __init__(self, folder: Path, token: str | None = None) -> None:
        self.folder = folder
        self._token = token
        self._info: dict[str, Any] = {}
        self._output: AppendText | None = None
        self._points: AppendFile | None = None

    def begin(self) -> None:
        """Make the folder; what an earlier run left there goes."""
        self.remove()
        self.folder.mkdir(parents=True)
        replace_bytes(self.folder / _TOKEN, (self._token or "").encode())

    def is_own(self) -> bool:
        """Return whether the folder is that of this run: it is not where the run was deleted."""
        try:
            return (self.folder / _TOKEN).read_text() == self._token
        except (FileNotFoundError, NotADirectoryError):
            return False

    def _require(self) -> None:
        if self._token is not None and not self.is_own():
            raise run_removed(self.folder.name, str(self.folder.parent))

    def remove(self) -> None:
        """Remove the folder, if it is there."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def save(self, state: Document) -> None:
        """Let `state` be ``state``.

        Raises:
            RunRemovedError: the run was deleted; so do the other methods that write.
        """
        self._require()
        replace_bytes(self.folder / _STATE, json_bytes(state))

    def save_info(self, info: Mapping[str, Any]) -> None:
        """Let `info` be ``info``; what did not change is not written."""
        self._require()
        if dict(info) != self._info:
            replace_bytes(self.folder / _INFO, json_bytes(dict(info)))
            self._info = dict(info)

    def write_output(self, text: str, offset: int) -> None:
        """Let ``text`` stand in the output from ``offset`` on."""
        self._require()
        if self._output is None:
            self._output = AppendText(self.folder / _OUTPUT)
        self._output.write(text, offset)

    def replace_output(self, text: str) -> None:
        """Let ``text`` be the whole output."""
        replace_output(self.folder / _OUTPUT, text)

    def write_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> None:
        """Append points."""
        self._require()
        if self._points is None:
            self._points = AppendFile(self.folder / _POINTS)
        self._points.write(metric_lines(metrics, starts))

    def state(self) -> Document:
        """Return the fields that changed."""
        found: Document = read_json(self.folder / _STATE, {})
        return found

    def info(self) -> Any:
        """Return the information of the run's own."""
        return read_json(self.folder / _INFO, {})

    def output(self) -> str:
        """Return what was printed so far, also after the last beat."""
        try:
            data = (self.folder / _OUTPUT).read_bytes()
        except FileNotFoundError:
            data = b""
        return with_unfinished(decode_output(data), self.folder)

    def points(self) -> dict[str, dict[str, list[Any]]]:
        """Return the points by metric, times as text."""
        try:
            with (self.folder / _POINTS).open("rb") as file:
                return read_merged(file)
        except FileNotFoundError:
            return {}

    def metrics_file(self) -> Path | None:
        """Write the points into one JSON file and return it, or None if there are none."""
        parts = self.folder / _POINTS
        if not parts.exists():
            return None
        merge_metric_lines(parts, self.folder / _METRICS)
        return self.folder / _METRICS
