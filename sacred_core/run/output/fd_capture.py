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
import weakref
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sacred_core.run.output.base import OutputCapture
from sacred_core.run.output.growth import Growth
from sacred_core.run.output.presentation import Filter
from sacred_core.run.output.reading import Reading
from sacred_core.run.output.spool import Spool, write_counted
from sacred_core.run.output.stand_in import StandIn
from sacred_core.run.output.streams import INTERVAL, Recorders
from sacred_core.run.output.sys_capture import standard_streams

_logger = logging.getLogger(__name__)
#: The descriptors of each spool.
_ONE, _TWO = ((1, 2),), ((1,), (2,))


class Claim:
    """The right to replace the descriptors 1 and 2, which one capture at a time has.

    A capture that is garbage has no claim: whatever interrupts a start, the next run gets it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: weakref.ref[FdCapture] | None = None

    @property
    def holder(self) -> "FdCapture | None":
        """The capture that has the descriptors, if there is one."""
        return self._holder() if self._holder is not None else None

    def take(self, capture: "FdCapture") -> bool:
        """Give the descriptors to ``capture``, unless another one has them."""
        with self._lock:
            if self.holder not in (None, capture):
                return False
            self._holder = weakref.ref(capture)
            return True

    def release(self, capture: "FdCapture") -> None:
        """Take the descriptors back, if ``capture`` has them."""
        with self._lock:
            if self.holder is capture:
                self._holder = None

    def after_fork_in_child(self) -> None:
        """Replace the lock: another thread of the parent may have held it."""
        self._lock = threading.Lock()


claim = Claim()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=claim.after_fork_in_child)


def obstacle() -> str:
    """Return why the descriptors 1 and 2 are not what Python's streams write to, or ``""``."""
    if sys.platform == "win32":
        return "Windows has no such descriptors"
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        try:
            if not hasattr(stream, "reconfigure") or stream.fileno() != number:
                return f"sys.{name} does not write to the descriptor {number}"
            os.fstat(number)
        except (AttributeError, OSError, ValueError):
            return f"sys.{name} has no open descriptor"
    return ""


class FdCapture(OutputCapture):
    """Records the output of the whole process while one run lasts.

    Args:
        output_filter: Applied to the text before anybody sees it.
    """

    def __init__(self, output_filter: Filter | None = None) -> None:
        super().__init__()
        self._filter = output_filter
        self._numbers: Sequence[Sequence[int]] = ()
        self._spools: list[Spool] = []
        self._growths: list[Growth] = []
        self._used: list[tuple[str, StandIn]] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._copy, name="sacred-descriptors", daemon=True)
        self._is_restored = False

    def start(self, around: OutputCapture | None) -> None:
        """Put the spools in place of the descriptors, which were claimed before."""
        super().start(around)
        self._used = standard_streams.join(self)  # before: terminals still look like ones
        with standard_streams.paused():  # what other runs show meanwhile would be recorded here
            _flush(self._used)
            self._numbers = _ONE if os.path.sameopenfile(1, 2) else _TWO
            self._spools = [Spool() for _ in self._numbers]
            self._reading = Reading(self._spools, self._filter)
            self._growths = [
                Growth(spool, os.dup(numbers[0]))
                for spool, numbers in zip(self._spools, self._numbers, strict=True)
            ]
            standard_streams.show = self._write
            for number, spool in enumerate(self._spools):
                self._switch(number, spool.writer)
        self._thread.start()

    @property
    def recorders(self) -> Recorders:
        """This one, to which the text of a run inside this one belongs too, and those around it."""
        return [self, *super().recorders]

    def stop(self) -> None:
        """Restore the descriptors, show what is left and release the claim."""
        try:
            self._stop()
        finally:
            claim.release(self)

    def _stop(self) -> None:
        standard_streams.drain()
        self._restore()
        standard_streams.leave(self, self._used)
        self._used = []
        if not self._growths:
            return
        self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._reading.close()
        growths, self._growths = self._growths, []
        for growth in growths:
            growth.end()

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

    def _write(self, recorders: Recorders, is_error: bool, data: bytes, done: list[int]) -> None:
        """Write what Python's streams show to the descriptors; of another run, past the spool."""
        if recorders and self not in recorders:
            self._growths[is_error and len(self._growths) > 1].write(data, done)
            return
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
        # In this order, for a stream that shows text may have to give up.
        with standard_streams.paused(), self._lock:
            if self._is_restored:
                return
            self._is_restored = True
            _flush(self._used)
            standard_streams.show = None
            for growth, numbers in zip(self._growths, self._numbers, strict=True):
                for descriptor in numbers:
                    os.dup2(growth.target, descriptor)
                growth.show()  # before anything that goes there from now on


def _flush(used: Iterable[tuple[str, StandIn]]) -> None:
    for _, stand_in in used:
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stand_in.flush_original()
