"""The folder of a running run, in which its document's changes, output and points are."""

import contextlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from sacred_core.atomic_files import replace_bytes, replacing
from sacred_core.stores import with_unfinished
from sacred_core.stores.folder_format import (
    METRIC_INDEX,
    METRICS,
    decode_output,
    json_bytes,
    metric_lines,
)
from sacred_core.stores.record_files import (
    AppendFile,
    AppendText,
    merge_metric_lines,
    read_json,
    replace_output,
)
from sacred_tinydb.database import Document

_STATE, _INFO, _OUTPUT, _POINTS, _TOKEN = (
    "state.json", "info.json", "output", "metrics.jsonl", "token",
)  # fmt: skip


class OtherRunError(Exception):
    """The folder of a running run was removed, or is that of another process now."""


class RunningRunFolder:
    """The folder of a running run.

    Args:
        folder: Which; made by `begin`.
        token: Of the run that writes there; see `sacred_core.stores.tokens`. Another run may have
            the folder later. None where the folder is only read, or changed for any run.
    """

    def __init__(self, folder: Path, token: str | None = None) -> None:
        self.folder = folder
        self._token = token
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

    def fill(self, output: str, metrics: Mapping[str, Any]) -> None:
        """Make the folder with output and points of a run that had ended."""
        self.begin()
        self.write_output(output, 0)
        if metrics:
            self.write_points(metrics, dict.fromkeys(metrics, 0))

    def write(self, work: Callable[["RunningRunFolder"], None]) -> bool:
        """Call what writes to the folder, and return False if another run or process has it."""
        try:
            work(self)
        except OtherRunError:
            return False
        except FileNotFoundError:
            if self.is_own():
                raise
            return False
        return True

    def require(self) -> None:
        """Check that the folder is that of this run.

        Raises:
            OtherRunError: it is not.
        """
        if self._token is not None and not self.is_own():
            raise OtherRunError(str(self.folder))

    def replace_token(self, token: str) -> None:
        """Use another token, if there is a folder.

        What grows is replaced by a copy: another process may have opened it to write to it.
        """
        self._token = token
        if self.folder.exists():
            replace_bytes(self.folder / _TOKEN, token.encode())
            for name in (_OUTPUT, _POINTS):
                with contextlib.suppress(FileNotFoundError), replacing(self.folder / name) as copy:
                    shutil.copyfile(self.folder / name, copy)

    def remove(self) -> None:
        """Remove the folder, if it is there."""
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def save(self, state: Document) -> None:
        """Store ``state`` as `state`."""
        replace_bytes(self.folder / _STATE, json_bytes(state), self.require)

    def save_info(self, info: Mapping[str, Any]) -> None:
        """Store ``info`` as `info`."""
        replace_bytes(self.folder / _INFO, json_bytes(dict(info)), self.require)

    def write_output(self, text: str, offset: int) -> None:
        """Replace the output from ``offset`` on by ``text``."""
        if self._output is None:
            self._output = AppendText(self.folder / _OUTPUT, self.require)
        self._output.write(text, offset)

    def replace_output(self, text: str) -> None:
        """Replace the output by ``text``."""
        replace_output(self.folder / _OUTPUT, text)

    def write_points(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> None:
        """Append points."""
        if self._points is None:
            self._points = AppendFile(self.folder / _POINTS, self.require)
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

    def open_points(self) -> BinaryIO | None:
        """Open the lines of points; None if there are none."""
        try:
            return (self.folder / _POINTS).open("rb")
        except FileNotFoundError:
            return None

    def metrics_files(self) -> tuple[Path, ...]:
        """Write the points into one JSON file and return it and its index; none without points."""
        parts = self.folder / _POINTS
        if not parts.exists():
            return ()
        merge_metric_lines(parts, self.folder / METRICS)
        return self.folder / METRICS, self.folder / METRIC_INDEX
