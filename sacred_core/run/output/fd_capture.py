"""The mode ``fd``: everything that the process and its children write to the descriptors 1 and 2.

The descriptors lead to a spool, which is the record itself: whoever writes, C code and children
included, is done when the kernel has the bytes; a thread copies its growth to where they led
before. (A pipe with a reader would deadlock while C code holds the interpreter's lock, and lose
what is in it when the process is killed.) Where stdout and stderr are different files there is a
spool for each.
"""

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sacred_core.run.output.base import OutputCapture
from sacred_core.run.output.growth import Growth
from sacred_core.run.output.presentation import Filter
from sacred_core.run.output.reading import Reading
from sacred_core.run.output.spool import Spool, write_counted
from sacred_core.run.output.stand_in import StandIn
from sacred_core.run.output.streams import INTERVAL
from sacred_core.run.output.sys_capture import standard_streams

_logger = logging.getLogger(__name__)
#: The descriptors of each spool.
_ONE, _TWO = ((1, 2),), ((1,), (2,))

#: The capture that holds the descriptors, if one does.
_holder: "FdCapture | None" = None


def can_capture() -> bool:
    """Tell whether Python's streams are the descriptors 1 and 2, and nobody holds these."""
    if not all(hasattr(stream, "reconfigure") for stream in (sys.stdout, sys.stderr)):
        return False
    try:
        numbers = (sys.stdout.fileno(), sys.stderr.fileno())
        os.fstat(1), os.fstat(2)
    except (AttributeError, OSError, ValueError):
        return False
    return numbers == (1, 2) and _holder is None and sys.platform != "win32"


class FdCapture(OutputCapture):
    """Records the output of the whole process while one run lasts.

    Args:
        output_filter: Applied to the text before anybody sees it.
    """

    def __init__(self, output_filter: Filter | None = None) -> None:
        super().__init__()
        self._filter = output_filter
        self._spools: list[Spool] = []
        self._used: list[tuple[str, StandIn]] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._copy, name="sacred-descriptors", daemon=True)
        self._is_restored = False

    def start(self, around: OutputCapture | None) -> None:
        """Put the spools in place of the descriptors."""
        global _holder
        super().start(around)
        _flush([sys.stdout, sys.stderr])
        self._numbers = _ONE if os.path.sameopenfile(1, 2) else _TWO
        self._spools = [Spool() for _ in self._numbers]
        self._reading = Reading(self._spools, self._filter)
        self._used = standard_streams.join(self)  # before: terminals still look like ones
        standard_streams.show = self._write
        self._growths = [
            Growth(spool, os.dup(numbers[0]))
            for spool, numbers in zip(self._spools, self._numbers, strict=True)
        ]
        for number, spool in enumerate(self._spools):
            self._switch(number, spool.writer)
        _holder = self
        self._thread.start()

    def stop(self) -> None:
        """Restore the descriptors and show what is left."""
        global _holder
        if not self._spools:
            return
        standard_streams.drain()
        self._restore()
        standard_streams.leave(self, self._used)
        self._stopped.set()
        self._thread.join()
        self._reading.close()
        for growth in self._growths:
            growth.end()
        _holder = None

    def record(self, data: bytes, done: list[int]) -> None:
        """Do nothing: what Python's streams show is recorded where it goes."""

    def text(self) -> str:
        """Return everything that was recorded so far, filtered and with secrets masked."""
        if not self._spools:
            return ""
        standard_streams.drain()
        return self._reading.whole()

    def take(self, final: bool) -> Iterator[tuple[str, int]]:
        """Yield what changed since the last call; see `OutputCapture.take`."""
        standard_streams.drain()
        return self._reading.advance(final)

    def keep_in(self, folder: Path) -> None:
        """Let what is printed lie in ``folder``; see `OutputCapture.keep_in`."""
        with self._lock:
            if not self._is_restored:
                self._reading.keep_in(folder, self._switch)

    def confirm(self) -> None:
        """Note that the observers were told what `take` returned last."""
        self._reading.confirm()

    def _switch(self, number: int, writer: int) -> None:
        for descriptor in self._numbers[number]:
            os.dup2(writer, descriptor)

    def _copy(self) -> None:
        """Show the spools' growth until the run ends; runs on a thread of its own."""
        while not self._stopped.wait(INTERVAL):
            for growth in self._growths:
                growth.show()
            if not self._reading.has_room:
                self._give_up("Little disk is left")
                return

    def _write(self, is_error: bool, data: bytes, done: list[int]) -> None:
        """Let the descriptors have what Python's streams show."""
        while sum(done) < len(data):
            try:
                write_counted(2 if is_error else 1, data, done)
            except OSError as error:
                if self._is_restored:
                    break  # nobody reads the original
                self._give_up(str(error))
        if is_error and not self._is_restored:
            self._reading.note()

    def _give_up(self, reason: str) -> None:
        self._restore()
        _logger.warning("%s: the output is no longer recorded", reason)

    def _restore(self) -> None:
        with self._lock:
            if self._is_restored:
                return
            self._is_restored = True
            _flush([stand_in.original for _, stand_in in self._used])
            standard_streams.show = None
            for growth, numbers in zip(self._growths, self._numbers, strict=True):
                for descriptor in numbers:
                    os.dup2(growth.target, descriptor)
                growth.show()  # before anything that goes there from now on


def _flush(streams: Iterable[Any]) -> None:
    for stream in streams:
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
