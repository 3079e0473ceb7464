"""The mode ``fd``: everything that the process and its children write to the descriptors 1 and 2.

The descriptors lead to a spool; a thread copies its growth to where they led before. Python's text
streams hand everything to their binary buffers at once while that lasts: these may be flushed from
the thread that beats, which text streams do not bear (https://github.com/python/cpython/issues/119506).
Where stdout and stderr are different files there is a spool for each, put together in the
order in which Python wrote: each time that it writes to stderr the ends of both are noted.
"""

import codecs
import contextlib
import logging
import os
import sys
import threading
from collections import deque
from typing import Any

from sacred_core.run.output.base import OutputCapture
from sacred_core.run.output.locking import stream_lock
from sacred_core.run.output.presentation import Filter, Presentation, presented
from sacred_core.run.output.spool import Spool

_logger = logging.getLogger(__name__)
_INTERVAL = 0.02
_DISK_CHECKS = 50  # intervals between two looks at the disk

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
        self._presentation = Presentation(output_filter)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._spools: list[Spool] = []
        self._positions: list[int] = []
        #: The sizes of both spools each time that Python wrote to stderr.
        self._turns: deque[tuple[int, int]] = deque()
        self._merged: list[str] = []  # of two spools; one can be read again
        self._untold = ""
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._copy, name="sacred-output", daemon=True)
        self._restored = False

    def start(self, around: OutputCapture | None) -> None:
        """Put the spools in place of the descriptors."""
        global _holder
        super().start(around)
        _flush()
        terminals = [stream.isatty() for stream in (sys.stdout, sys.stderr)]
        is_one_file = os.path.sameopenfile(1, 2)
        self._spools = [Spool([1, 2])] if is_one_file else [Spool([1]), Spool([2])]
        self._positions = [0] * len(self._spools)
        self._stdout = _Through(sys.stdout, terminals[0])
        self._stderr = _Through(sys.stderr, terminals[1])
        self._noting = _Noting(sys.stderr, self)
        sys.stderr = self._noting
        _holder = self
        self._thread.start()

    def stop(self) -> None:
        """Restore the descriptors and show what is left."""
        global _holder
        if not self._spools:
            return
        self._restore()
        self._stopped.set()
        self._thread.join()
        for spool in self._spools:
            spool.close()
        _holder = None

    def note(self) -> None:
        """Note how far both spools are: what is there comes before what follows."""
        if len(self._spools) != 2:
            return
        sizes = (self._spools[0].size, self._spools[1].size)
        # No lock, which a forked child might find held: only the beat takes entries away.
        with contextlib.suppress(IndexError):
            if self._turns[-1][0] == sizes[0]:
                self._turns[-1] = sizes  # stderr again: one entry tells it all
                return
        self._turns.append(sizes)

    def text(self) -> str:
        """Return everything that was recorded so far, filtered and with secrets masked."""
        with self._lock:
            if len(self._spools) == 1:
                whole = self._spools[0].read(0, self._spools[0].size).decode("utf-8", "replace")
            else:
                self._untold += self._read(False)
                whole = "".join(self._merged)
            return presented(whole, self._filter)

    def take(self, final: bool) -> tuple[str, int] | None:
        """Return what changed since the last call; see `OutputCapture.take`."""
        self._stdout.flush()
        self._stderr.flush()
        with self._lock:
            new, self._untold = self._untold + self._read(final), ""
            return self._presentation.feed(new, final)

    def _read(self, final: bool) -> str:
        """Return what is new in the spools, in the order of Python's turns."""
        parts = []
        while self._turns:
            parts += [self._advance(n, end) for n, end in enumerate(self._turns.popleft())]
        parts += [self._advance(number, spool.size) for number, spool in enumerate(self._spools)]
        text = self._decoder.decode(b"".join(parts), final)
        if len(self._spools) == 2:
            self._merged.append(text)
        return text

    def _advance(self, number: int, end: int) -> bytes:
        start = self._positions[number]
        if end <= start:
            return b""
        self._positions[number] = end
        return self._spools[number].read(start, end)

    def _copy(self) -> None:
        """Show the spools' growth until the run ends; runs on a thread of its own."""
        rounds = 0
        while not self._stopped.wait(_INTERVAL):
            for spool in self._spools:
                while spool.show():
                    pass
            rounds += 1
            if rounds % _DISK_CHECKS == 0 and not self._spools[0].has_room:
                self._restore()
                _logger.warning("Little disk is left: the output is no longer recorded")
                return

    def _restore(self) -> None:
        with self._lock:
            if self._restored:
                return
            self._restored = True
        _flush()
        if sys.stderr is self._noting:
            sys.stderr = self._noting.original
        self._stdout.end()
        self._stderr.end()
        for spool in self._spools:
            spool.restore()


class _Through:
    """One of Python's streams, which holds no text back and looks like what it led to.

    Progress bars and colours depend on ``isatty``, which answers what it did before.
    """

    def __init__(self, stream: Any, is_terminal: bool) -> None:
        self._stream = stream
        self._was_through = stream.write_through
        stream.reconfigure(write_through=True)
        stream.isatty = lambda: is_terminal

    def flush(self) -> None:
        """Write what the binary buffer holds; may be called from any thread."""
        with contextlib.suppress(OSError, ValueError):  # it was closed meanwhile
            self._stream.buffer.flush()

    def end(self) -> None:
        """Let the stream be what it was."""
        vars(self._stream).pop("isatty", None)
        with contextlib.suppress(OSError, ValueError):
            self._stream.reconfigure(write_through=self._was_through)


class _Noting:
    """Stands in for ``sys.stderr`` and notes when Python writes to it."""

    def __init__(self, original: Any, capture: FdCapture) -> None:
        self.original = original
        self._capture = capture

    def write(self, text: str) -> int:
        """Write to the stream, after what Python wrote to stdout."""
        with stream_lock:
            sys.stdout.flush()
            self._capture.note()
            written: int = self.original.write(text)
            self.original.flush()
            self._capture.note()
        return written

    def writelines(self, lines: Any) -> None:
        """Write each of ``lines``."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue
