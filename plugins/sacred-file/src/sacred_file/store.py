"""Reads the runs of a folder."""

import functools
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from sacred_core.contained_files import ContainedFolder
from sacred_core.exceptions import StoreError
from sacred_core.loggers import own_logger
from sacred_core.stores import (
    Annotation,
    Found,
    GuardedStore,
    RunQuery,
    StoredRun,
    checked_metrics,
    run_or_foreign,
    with_unfinished,
)
from sacred_core.stores.folder_format import (
    ANNOTATIONS,
    METRIC_LINES,
    METRICS,
    OUTPUT,
    RESOURCES,
    RUN,
    SOURCES,
    annotation_line,
    decode_output,
    is_run_name,
    parse_metrics,
    read_merged,
)
from sacred_core.stores.locations import absolute_path
from sacred_core.stores.record_files import append_bytes, read_columns, replace_output
from sacred_core.stores.run_ids import id_order, normalize_id
from sacred_file import layout
from sacred_file.opening import opened_below, opened_copy
from sacred_file.removal import delete, empty_trash
from sacred_file.run_folder import RunFolder

_logger = own_logger(__name__)


class FileStore(GuardedStore):
    """The runs below a folder, also those under way.

    Raises:
        StoreError: there is no such folder.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = absolute_path(root)
        self._files = ContainedFolder(self.root)
        if not self.root.is_dir():
            raise StoreError(f"there is no folder {str(self.root)!r}")

    @classmethod
    def from_location(cls, location: str) -> "FileStore":
        """Return the store of a path or of a ``file:`` URL."""
        parts = urlsplit(location)
        if parts.scheme != "file":
            return cls(location)
        home = parts.netloc if parts.netloc.startswith("~") else ""  # as in file://~/runs
        return cls(url2pathname(unquote(home + parts.path)))

    def get(self, run_id: int | str) -> StoredRun:
        """Return one run; see `RunStore.get`."""
        name = self._folder(run_id).name
        run = self._read(name)
        if run is None:
            raise self._missing(run_id)
        return run

    def output(self, run_id: int | str) -> str:
        """Return what the run printed."""
        folder = self._folder(run_id)
        with self._guard_part(run_id, "the output"):
            self._files.require_folder(folder)
            try:
                with self._files.open_in(folder / OUTPUT) as file:
                    text = decode_output(file.read())
            except FileNotFoundError:
                text = ""
            return with_unfinished(text, folder)

    def metrics(self, run_id: int | str) -> dict[str, dict[str, Any]]:
        """Return the metrics of a run, finished or running; see `RunStore.metrics`."""
        folder = self._folder(run_id)
        with self._guard_part(run_id, "the metrics"):
            self._files.require_folder(folder)
            stored = read_columns(folder / METRICS, self._files.open_in)
            if stored is None:
                stored = self._merged(folder / METRIC_LINES)
            return checked_metrics(parse_metrics(stored))

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        """Open a file of a run; see `RunStore.open_file`."""
        folder = self._folder(run_id)
        with self._guard_part(run_id, f"the {kind} {name!r}"):
            file = self._opened(folder, kind, name)
        if file is None:
            raise StoreError(f"the run {str(run_id)!r} has no {kind} {name!r}")
        return file

    def delete(self, run_id: int | str) -> None:
        """Remove a run, and resources and sources that no other run uses."""
        try:
            folder = self._folder(run_id)
        except StoreError:
            empty_trash(self.root)  # the deletion of this run may have been interrupted
            raise
        if self.get(run_id).is_running():
            raise StoreError(f"the run {str(run_id)!r} is under way")
        if not delete(self.root, folder):
            raise self._missing(run_id)

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Let ``text`` be the whole output; see `sacred_core.run.recovery.OutputStore`."""
        folder = self._folder(run_id)
        with self._guard_part(run_id, "the output"):
            self._files.require_folder(folder)
            replace_output(folder / OUTPUT, text)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        """Append what somebody said to a file of its own; see `RunStore.annotate`.

        Raises:
            StoreError: there is no such run, or the file is a link or cannot be written to.
        """
        folder = self._folder(run_id)
        self._files.require_folder(folder)
        append_bytes(folder / ANNOTATIONS, annotation_line(annotation))

    def _opened(self, folder: Path, kind: str, name: str) -> BinaryIO | None:
        """Open a file of a run; None if the record does not name it, or it is not there."""
        entry = RunFolder(self._files, folder.name).entry() or {}
        if kind == "artifact":
            made = layout.artifact_path(folder, name)
            is_known = name in list(entry.get("artifacts") or [])
            return opened_below(self._files, made) if is_known and made.is_file() else None
        if kind == "resource":
            pairs = entry.get("resources") or []
        elif kind == "source":
            pairs = (entry.get("experiment") or {}).get("sources") or []
        else:
            return None
        paths = (self._shared(kept) for original, kept in pairs if original == name)
        path = next(paths, None)
        return opened_copy(self._files, path) if path is not None and path.is_file() else None

    def _merged(self, lines: Path) -> dict[str, Any]:
        if not lines.exists():
            return {}
        with io.BufferedReader(self._files.open_in(lines)) as file:
            return read_merged(file)

    def _shared(self, kept: str) -> Path:
        """Return where a file that runs share is; Sacred named it from where it was started."""
        path = self.root / kept
        folder = SOURCES if SOURCES in path.parts else RESOURCES
        return path if path.is_file() else self.root / folder / path.name

    def _folder(self, run_id: int | str) -> Path:
        name = str(normalize_id(run_id))
        folder = self.root / name
        if not layout.is_run_folder(folder) or folder.name != name:
            raise self._missing(run_id)
        return folder

    def _missing(self, run_id: int | str) -> StoreError:
        return StoreError(f"run {str(normalize_id(run_id))!r} not found in {str(self.root)!r}")

    def _found(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        """Yield the content of each folder; log where the runs are if it is nowhere."""
        try:
            names = os.listdir(self.root)  # noqa: PTH208 - thousands of them
        except OSError as error:
            raise StoreError(f"cannot read {str(self.root)!r}: {error.strerror}") from None
        found_any = False
        for name in sorted(filter(is_run_name, names), key=id_order, reverse=newest_first):
            found = run_or_foreign(functools.partial(self._read, name, query))
            found_any = found_any or found is not None
            yield name, found
        if not found_any:
            self._hint_at_subfolders()

    def _hint_at_subfolders(self) -> None:
        """Log which folders below the root have runs: they are stores of their own."""
        found = sorted({path.parents[1].name for path in self.root.glob(f"*/*/{RUN}")})
        if found:
            _logger.warning(
                "%s has no runs, but its sub-folders have (%s): give one of them, as in %s",
                self.root, ", ".join(found[:5]), self.root / found[0],
            )  # fmt: skip

    def _read(self, name: str, query: RunQuery | None = None) -> StoredRun | None:
        folder = RunFolder(self._files, name)
        if not folder.is_run():
            return None
        return self._run(normalize_id(name), folder.fields(), query)
