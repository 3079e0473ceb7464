"""Reads the record in the folder of one run."""

import contextlib
import functools
import io
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from sacred_core.contained_files import ContainedFolder
from sacred_core.serialization import from_json
from sacred_core.stores import Annotation, guard
from sacred_core.stores.folder_format import (
    ANNOTATIONS,
    METRIC_INDEX,
    METRIC_LINES,
    METRICS,
    RUN,
    MetricReader,
    parse_annotations,
)
from sacred_core.stores.record_files import read_json
from sacred_core.stores.record_folder import MISSING, RecordFolder, content_of

if TYPE_CHECKING:  # few runs have several
    from sacred_core.stores.segments import Segment


class RunFolder(RecordFolder):
    """The files of a run, none of which a link may place outside of the root.

    Args:
        files: The root.
        name: Of the folder in it.

    Attributes:
        path: Of the folder.
    """

    def __init__(self, files: ContainedFolder, name: str) -> None:
        super().__init__(name)
        self._files = files
        # Thousands of them are read at a time: a path object costs as much again.
        self.path = os.path.join(files.root, name)  # noqa: PTH118

    def file(self, name: str) -> str:
        """Return the path of a file in the folder."""
        return os.path.join(self.path, name)  # noqa: PTH118

    def has_record(self) -> bool:
        """Return whether there is a ``run.json``, without reading it."""
        return os.path.lexists(self.file(RUN))

    def inode(self) -> int | None:
        """Return the number that the file system has for the folder, None if it does not exist."""
        try:
            return os.stat(self.path).st_ino  # noqa: PTH116 - of thousands
        except FileNotFoundError:
            return None

    def location(self, name: str) -> str:
        """Return the path in quotation marks."""
        return repr(self.file(name))

    def read_json(self, name: str, decode: Callable[[Any], Any]) -> Any:
        """Return the decoded content of a file."""
        path = self.file(name)
        with guard(repr(path)):
            if name == RUN and os.path.islink(self.path) and not os.path.lexists(path):  # noqa: PTH114
                return None  # a link to something else than a run may lead anywhere
            self._files.require_folder(self.path)
            parse = functools.partial(from_json, decode=decode)
            return content_of(read_json(path, MISSING, parse, self._files.open_in), repr(path))

    def read_annotations(self) -> Iterator[Annotation] | tuple[()]:
        """Return the annotations in the file of them."""
        path = self.file(ANNOTATIONS)
        if not os.path.lexists(path):
            return ()
        with guard(repr(path)):
            self._files.require_folder(self.path)
            with self._files.open_in(path) as file:
                return parse_annotations(file.read())

    def segments(self) -> "Sequence[Segment]":
        """Return the segments of a run that was resumed, of another one nothing."""
        try:
            with self._files.open_in(self.file(RUN)) as file:
                is_resumed = b'"segments"' in file.read()
        except FileNotFoundError:
            return ()
        return self.fields()["segments"]() or () if is_resumed else ()

    @contextlib.contextmanager
    def metrics(self) -> Iterator[MetricReader]:
        """Return what reads the points of the run, finished or running."""
        self._files.require_folder(self.path)
        with contextlib.ExitStack() as stack:
            files = [self._open(name, stack) for name in (METRICS, METRIC_INDEX, METRIC_LINES)]
            yield MetricReader(*files)

    def _open(self, name: str, stack: contextlib.ExitStack) -> BinaryIO | None:
        try:
            file = io.BufferedReader(self._files.open_in(self.file(name)))
        except FileNotFoundError:
            return None
        return cast(BinaryIO, stack.enter_context(file))
