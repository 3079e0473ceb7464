"""Reads the record in the folder of one run."""

import functools
import io
import os
from collections.abc import Iterator
from typing import Any

from sacred_core.contained_files import ContainedFolder
from sacred_core.exceptions import DamagedRecordError, NotARunError
from sacred_core.jsonpickle_data import decode_jsonpickle, decode_run_entry, sacred_release
from sacred_core.serialization import from_json
from sacred_core.stores import Annotation, Read, guard, once, require_record
from sacred_core.stores.folder_format import (
    ANNOTATIONS,
    CONFIG,
    INFO,
    METRIC_LINES,
    METRICS,
    RUN,
    parse_annotations,
    parse_metrics,
    read_merged,
    run_fields,
)
from sacred_core.stores.record_files import read_columns, read_json

_parse_entry = functools.partial(from_json, decode=decode_run_entry)


class RunFolder:
    """The files of a run, none of which a link may place outside of the root.

    Args:
        files: The root.
        name: Of the folder in it.

    Attributes:
        name, path: Of the folder.
        entry: Returns the content of ``run.json``, None if it is missing.
    """

    def __init__(self, files: ContainedFolder, name: str) -> None:
        self._files = files
        self.name = name
        # Thousands of them are read at a time: a path object costs as much again.
        self.path = os.path.join(files.root, name)  # noqa: PTH118
        self.entry = once(self._entry)

    def exists(self) -> bool:
        """Return whether the folder has a record, whosever it is, which may be damaged."""
        try:
            return self.entry() is not None
        except (DamagedRecordError, NotARunError):
            return True

    def is_run(self) -> bool:
        """Return whether the folder has a record, which may be damaged.

        Raises:
            NotARunError: it is that of another program.
        """
        try:
            return self.entry() is not None
        except DamagedRecordError:
            return True

    def fields(self) -> dict[str, Read]:
        """Return what reads each field of the run; see `sacred_core.stores.GuardedStore`."""
        return {
            **run_fields(self.entry),
            "config": functools.partial(self._values, CONFIG),
            "info": functools.partial(self._values, INFO),
            "annotations": self._annotations,
        }

    def points(self) -> dict[str, dict[str, Any]]:
        """Return the points of the run, finished or running."""
        self._files.require_folder(self.path)
        stored = read_columns(self.file(METRICS), self._files.open_in)
        lines = self.file(METRIC_LINES)
        if stored is None and os.path.lexists(lines):
            with io.BufferedReader(self._files.open_in(lines)) as file:
                stored = read_merged(file)
        return parse_metrics(stored or {})

    def _entry(self) -> Any:
        """Return what ``run.json`` holds, or None if there is none."""
        path = self.file(RUN)
        with guard(repr(path)):
            if os.path.islink(self.path):  # noqa: PTH114
                if not os.path.lexists(path):
                    return None
                self._files.require(self.path)
            entry = read_json(path, parse=_parse_entry, opener=self._files.open_in)
            return entry if entry is None else require_record(entry, repr(path))

    def _values(self, name: str) -> Any:
        path = self.file(name)
        with guard(repr(path)):
            self._files.require_folder(self.path)
            decode = functools.partial(decode_jsonpickle, release=self._release())
            parse = functools.partial(from_json, decode=decode)
            return read_json(path, {}, parse, self._files.open_in)

    def _release(self) -> str | None:
        try:
            return sacred_release(self.entry().get("experiment"))
        except DamagedRecordError:
            return None

    def _annotations(self) -> Iterator[Annotation] | tuple[()]:
        path = self.file(ANNOTATIONS)
        if not os.path.lexists(path):
            return ()
        with guard(repr(path)):
            self._files.require_folder(self.path)
            with self._files.open_in(path) as file:
                return parse_annotations(file.read())

    def file(self, name: str) -> str:
        """Return the path of a file in the folder."""
        return os.path.join(self.path, name)  # noqa: PTH118
