"""The mode ``fd``: everything that the process and its children write to the descriptors 1 and 2.

The descriptors lead to a spool, which is the record itself: whoever writes, C code and children
included, is done when the kernel has the bytes. A separate process (`follower`) copies its growth
to where they led before, so that it is shown however this one ends; where it cannot be started, a
thread does. (A pipe with a reader would deadlock while C code holds the interpreter's lock, and
lose what is in it when the process is killed.) Where stdout and stderr are different files there
is a spool for each.
"""

import contextlib
import os
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path

from sacred_core.late_threads import LateThread
from sacred_core.loggers import own_logger
from sacred_core.run.output.capture import OutputCapture, SpoolCapture
from sacred_core.run.output.filters import Filter
from sacred_core.run.output.follower import Display
from sacred_core.run.output.follower_process import FollowerProcess, can_start, follow
from sacred_core.run.output.spool import (
    CHECK_INTERVAL,
    LOW_DISK,
    Spool,
    SpoolReader,
    write_counted,
)
from sacred_core.run.output.stream_proxy import StreamProxy
from sacred_core.run.output.streams import INTERVAL, Recorders, standard_streams

_logger = own_logger(__name__)
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
        """Assign the descriptors to ``capture``, unless another capture has them."""
        with self._lock:
            if self.holder not in (None, capture):
                return False
            self._holder = weakref.ref(capture)
            return True

    def release(self, capture: "FdCapture") -> None:
        """Release the descriptors, if ``capture`` has them."""
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


class FdCapture(SpoolCapture):
    """Records the output of the whole process while one run lasts.

    What Python's streams show is recorded where it goes, so `record` does nothing.
    """

    def __init__(self, output_filter: Filter | None = None) -> None:
        super().__init__(output_filter)
        self._numbers: Sequence[Sequence[int]] = ()
        self._spools: list[Spool] = []
        self._display: Display | None = None
        self._follower: FollowerProcess | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = LateThread(self._watch, "sacred-descriptors", INTERVAL)
        self._is_restored = False
        self._has_started = False

    def start(self, around: OutputCapture | None) -> None:
        """Put the spools in place of the descriptors, which were claimed before."""
        super().start(around)  # before: terminals still look like ones
        with (
            standard_streams.pause_display()
        ):  # what other runs show meanwhile would be recorded here
            _flush(self._used)
            self._numbers = _ONE if os.path.sameopenfile(1, 2) else _TWO
            self._spools = [Spool() for _ in self._numbers]
            self._spool_reader = SpoolReader(self._spools, self._filter)
            self._has_started = True
            self._display = _display(self._spools, [numbers[0] for numbers in self._numbers])
            self._start_follower()
            standard_streams.show = self._write
            for number, spool in enumerate(self._spools):
                self._switch(number, spool.writer)
        if self._is_followed:
            self._thread.delay = CHECK_INTERVAL
        self._thread.start()

    def stop(self) -> None:
        """Restore the descriptors, show what is left and release the claim."""
        try:
            standard_streams.drain()
            self._restore()
            standard_streams.leave(self, self._used)
            self._used = []
            self._stopped.set()
            self._thread.join()
            if self._display is not None:
                self._end_display(self._display)
                self._display = None
                self._spools = []  # the reader has what is still needed
                self._spool_reader.release()
        finally:
            claim.release(self)

    def text(self) -> str:
        """Return everything that was recorded so far; nothing before `start`."""
        return super().text() if self._has_started else ""

    def _empty_queue(self) -> None:
        standard_streams.drain()

    def move_to(self, folder: Path) -> None:
        """Move the spools to ``folder``; see `OutputCapture.move_to`."""
        with self._lock:
            if self._is_restored or self._display is None:
                return
            with self._display as display:
                self._spool_reader.move_to(folder, self._switch)
                display.readers[:] = [spool.reader for spool in self._spools]
            if self._follower is not None:
                moved = [*self._spools, self._spool_reader.turns]
                for number, spool in enumerate(moved):
                    if spool is not None and spool.path is not None:
                        self._follower.follow_to(number, spool.path)

    def _switch(self, number: int, writer: int) -> None:
        for descriptor in self._numbers[number]:
            os.dup2(writer, descriptor)

    def _start_follower(self) -> None:
        assert self._display is not None
        turns = self._spool_reader.turns
        if can_start():
            try:
                self._follower = follow(self._display, turns.writer if turns else -1)
            except OSError as error:
                _logger.debug("A thread shows the output: %s", error)

    def _end_display(self, display: Display) -> None:
        """Release all resources; the follower shows later output of children."""
        self._spool_reader.close()
        if display.has_writers:
            if self._follower is None or not self._follower.is_alive:
                self._start_follower()
            if self._follower is not None:
                self._follower.detach()
        elif self._follower is not None:
            self._follower.end()
        self._follower = None
        for descriptor in (display.state, *display.targets):
            os.close(descriptor)

    def _watch(self) -> None:
        """See to the disk until the run ends, and show the growth where no process does."""
        while not self._stopped.is_set():
            if not self._is_followed and self._display is not None:
                self._display.show(self._spool_reader.note())
            if not self._spool_reader.has_room:
                self._give_up(LOW_DISK)
                return
            self._stopped.wait(CHECK_INTERVAL if self._is_followed else INTERVAL)

    @property
    def _is_followed(self) -> bool:
        return self._follower is not None and self._follower.is_alive

    def _write(self, recorders: Recorders, is_error: bool, data: bytes, done: list[int]) -> None:
        """Write what Python's streams show to the descriptors; of another run, past the spool."""
        if recorders and self not in recorders:
            if self._display is not None:
                self._display.write(int(is_error and len(self._spools) > 1), data, done)
            return
        if not is_error and not self._is_restored:
            self._spool_reader.note_growth()  # what a child wrote to stderr comes before
        while True:
            try:
                write_counted(2 if is_error else 1, data, done)
                break
            except OSError as error:
                if self._is_restored:
                    break  # the original has no reader
                self._give_up(str(error))
        if is_error and not self._is_restored:
            self._spool_reader.note()

    def _give_up(self, reason: str) -> None:
        self._restore()
        _logger.warning("%s: stopped recording output", reason)

    def _restore(self) -> None:
        # In this order, for a stream that shows text may have to give up.
        with standard_streams.pause_display(), self._lock:
            if self._is_restored or self._display is None:
                return
            self._is_restored = True
            _flush(self._used)
            standard_streams.show = None
            with self._display as display:
                display.show()  # before anything that goes there from now on
                for target, numbers in zip(display.targets, self._numbers, strict=True):
                    for descriptor in numbers:
                        os.dup2(target, descriptor)
                display.show()


def _display(spools: Sequence[Spool], descriptors: Sequence[int]) -> Display:
    """Return the object that shows ``spools`` at the targets of ``descriptors``."""
    return Display(
        _unnamed_file(), [spool.reader for spool in spools], [os.dup(each) for each in descriptors]
    )


def _unnamed_file() -> int:
    """Return the descriptor of a small file, in memory where the system has such files."""
    if hasattr(os, "memfd_create"):
        with contextlib.suppress(OSError):
            return os.memfd_create("sacred-shown")
    descriptor, path = tempfile.mkstemp(prefix="sacred-shown-")
    os.unlink(path)  # noqa: PTH108 - only its descriptor is used
    return descriptor


def _flush(used: Iterable[tuple[str, StreamProxy]]) -> None:
    for _, proxy in used:
        with contextlib.suppress(AttributeError, OSError, ValueError):
            proxy.flush_original()
