"""Files that have what a run prints, as it was written, and how the record is read from them.

A file has no name, unless an observer offers a folder for it: then what was printed after the last
heartbeat is not lost with a process that is killed.
"""

import codecs
import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sacred_core.atomic_files import replace_bytes, write_new
from sacred_core.run.output.filters import Filter, OutputFilter, filter_output
from sacred_core.run.output.follower import sizes
from sacred_core.stores.unfinished import (
    OUTPUT_FILE,
    POSITIONS_FILE,
    STREAM_FILES,
    TURN,
    TURNS_FILE,
    filter_name,
)

_CHUNK = 1 << 20
#: Below this number of free bytes nothing more is recorded.
LITTLE = 16 * 1024 * 1024
#: What is reported then, with the words of the operating system.
LOW_DISK = "Low disk space (almost no space left on device)"
#: Seconds between two checks of the free space.
CHECK_INTERVAL = 0.2
#: Maximum number of bytes that a run that has ended keeps in memory, in place of an open file.
_KEPT = 1 << 16
#: Maximum number of bytes in one event.
_READ_CHUNK = 1 << 18


class Spool:
    """Bytes that are appended, by this process and by others that have its descriptor.

    It may be read by any thread, also while it moves.
    """

    def __init__(self) -> None:
        # While it is held `reader` stays open.
        self._lock = threading.Lock()
        path = os.path.join(tempfile.gettempdir(), f"sacred-output-{os.urandom(8).hex()}")  # noqa: PTH118
        self.reader = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self.writer = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.unlink(path)  # noqa: PTH108 - it goes with the last process that writes to it
        self.path: Path | None = None
        self._kept: bytes | None = None

    @property
    def size(self) -> int:
        """The size in bytes."""
        with self._lock:
            if self._kept is not None:
                return len(self._kept)
            return os.lseek(self.reader, 0, os.SEEK_END)  # a third of the time of `os.fstat`

    @property
    def free(self) -> int:
        """The free space of its disk in bytes."""
        with self._lock:
            disk = os.fstatvfs(self.reader)
        return disk.f_bavail * disk.f_frsize

    def append(self, data: bytes, done: list[int]) -> None:
        """Write ``data`` from the byte ``sum(done)`` on; append to ``done`` what was written."""
        write_counted(self.writer, data, done)

    def read(self, start: int, end: int | None = None) -> bytes:
        """Return the bytes between two positions."""
        end = self.size if end is None else end
        parts = []
        while start < end:
            with self._lock:
                length = min(_CHUNK, end - start)
                if self._kept is not None:
                    part = self._kept[start : start + length]
                else:
                    part = os.pread(self.reader, length, start)
            if not part:
                break
            parts.append(part)
            start += len(part)
        return b"".join(parts)

    def move(self, path: Path, switch: Callable[[int], None]) -> None:
        """Go on in a new file at ``path``.

        Args:
            path: There must be none; it is readable for the owner only: secrets are not masked.
            switch: Called with the new descriptor: from then on nothing is written to the old one.

        Raises:
            OSError: the file cannot be made; all stays as it was.
        """
        reader = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0o600)
        old_reader, old_writer, moved = self.reader, self.writer, 0
        try:
            writer = os.open(path, os.O_WRONLY | os.O_APPEND)
            moved = self._copy_to(writer, moved)
        except OSError:
            os.close(reader)
            path.unlink(missing_ok=True)
            raise
        switch(writer)
        self._copy_to(writer, moved)
        with self._lock:
            self.reader, self.writer, self.path = reader, writer, path
            os.close(old_reader)
            os.close(old_writer)

    def _copy_to(self, writer: int, start: int) -> int:
        while data := os.pread(self.reader, _CHUNK, start):
            start += os.write(writer, data)
        return start

    def end_writing(self) -> None:
        """Close the writing end and remove the name; the content remains readable."""
        with contextlib.suppress(OSError):
            os.close(self.writer)
        self.writer = -1
        if self.path is not None:
            with contextlib.suppress(OSError):  # the folder may be gone, or read-only
                self.path.unlink()

    def release(self) -> None:
        """Keep a small content in memory, and close the file: programs keep thousands of runs."""
        if self.size > _KEPT:
            return
        data = self.read(0)
        with self._lock:
            self._kept = data
            self._close_reader()

    def _close_reader(self) -> None:
        reader, self.reader = self.reader, -1
        with contextlib.suppress(OSError):
            os.close(reader)

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):  # its file could not be opened
            self._close_reader()


def write_counted(descriptor: int, data: bytes, done: list[int]) -> None:
    """Write ``data`` from the byte ``sum(done)`` on; append to ``done`` what was written.

    Raises:
        OSError: not all of it could be written.
    """
    while (start := sum(done)) < len(data):
        # The count is stored by the C code that writes: no interrupt falls between.
        done.extend(map(os.write, (descriptor,), (data[start:],)))


class SpoolReader:
    """The output of one run, from the one spool of both streams or from a spool of each.

    Two are put together by turns, the ends of both at one moment: what stdout got since the turn
    before comes first. A turn is noted behind each write of Python's to stderr, before one to
    stdout if stderr has grown, and each time that `follower` finds that it has. So the order of
    what Python writes is exact; what children write is exact to the interval of the follower.
    Methods may be called from any thread.

    Args:
        spools: One, or that of stdout and that of stderr.
        output_filter: Applied to the text before it leaves the class.
    """

    def __init__(self, spools: Sequence[Spool], output_filter: Filter | None) -> None:
        self._filter = output_filter
        self._filtered = OutputFilter(output_filter)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._whole = spools[0] if len(spools) == 1 else Spool()
        self._parts = list(spools) if len(spools) == 2 else []
        self._merged = [0, 0]
        self._noted = 0  # the size of stderr at the last turn of this process
        self._turns = Spool() if self._parts else None
        self._turned = 0
        self._delivered = 0
        self._folder: Path | None = None
        self._lock = threading.RLock()

    @property
    def has_room(self) -> bool:
        """Whether the disk has enough space after this output is in the record too."""
        waiting = sum(part.size for part in self._parts) - sum(self._merged)
        waiting += waiting + self._whole.size - self._delivered
        return self._whole.free > LITTLE + waiting

    @property
    def turns(self) -> Spool | None:
        """The file of the turns, if there are two spools."""
        return self._turns

    def note(self) -> Sequence[int]:
        """Record a turn if stderr has grown since the last one; return the sizes of two spools."""
        if self._turns is None:
            return ()
        with self._lock:  # it does not move meanwhile
            ends = self._sizes()
            if ends[1] != self._noted:
                self._noted = ends[1]
                with contextlib.suppress(OSError):  # a full disk: the order is less exact
                    self._turns.append(TURN.pack(*ends), [])
        return ends

    def note_growth(self) -> None:
        """Record a turn if stderr has grown since the last one; cheap if it has not."""
        if self._parts and self._parts[1].size != self._noted:
            self.note()

    def _sizes(self) -> list[int]:
        return sizes([part.reader for part in self._parts])

    def whole(self) -> str:
        """Return everything, filtered and with secrets masked."""
        with self._lock:
            self._merge()
            return filter_output(self._whole.read(0).decode("utf-8", "replace"), self._filter)

    def advance(self, final: bool) -> Iterator[tuple[str, int]]:
        """Yield what changed since the last call; see `OutputCapture.take`."""
        with self._lock:
            self._merge()
            end = self._whole.size
        while True:
            with self._lock:
                new = self._whole.read(self._delivered, min(end, self._delivered + _READ_CHUNK))
                self._delivered += len(new)
                is_last = self._delivered >= end or not new
                text = self._decoder.decode(new, final and is_last)
                change = self._filtered.feed(text, final and is_last)
            if change is not None:
                yield change
            if is_last:
                return

    def move_to(self, folder: Path, switch: Callable[[int, int], None]) -> None:
        """Move all into ``folder``, where `sacred_core.stores.unfinished` finds it.

        Args:
            folder: Of this run only.
            switch: Called with the number of each spool and its new writing end.

        Raises:
            OSError: it cannot be written there; the recording continues as before.
        """
        with self._lock:
            if self._parts:
                for number, part in enumerate(self._parts):
                    part.move(folder / STREAM_FILES[number], lambda fd, n=number: switch(n, fd))  # type: ignore[misc]
                for spool, name in ((self._whole, OUTPUT_FILE), (self._turns, TURNS_FILE)):
                    assert spool is not None
                    spool.move(folder / name, lambda fd: None)
            else:
                self._whole.move(folder / OUTPUT_FILE, lambda fd: switch(0, fd))
            self._folder = folder
            self._confirm(write_new)

    def confirm(self) -> None:
        """Store how much of the spools the observers received."""
        self._confirm(replace_bytes)

    def _confirm(self, write: Callable[[Path, bytes], None]) -> None:
        if self._folder is None:
            return
        with self._lock:
            characters, pending = self._filtered.pending
            undecoded = self._decoder.getstate()[0]
            # What is not UTF-8 was one byte each.
            held = len(pending.replace("\ufffd", "?").encode("utf-8", "replace")) + len(undecoded)
            positions = {
                "characters": characters,
                "whole": [self._delivered - held, self._delivered],
                "parts": self._merged if self._parts else [],
                "turns": self._turned,
                "filter": filter_name(self._filter),
            }
        with contextlib.suppress(OSError):  # the record has it all the same
            write(self._folder / POSITIONS_FILE, json.dumps(positions).encode())

    def close(self) -> None:
        """Remove the files; what they contain can still be read from here."""
        with self._lock:
            self._merge()
        for spool in [self._whole, *self._parts, self._turns]:
            if spool is not None:
                spool.end_writing()
        if self._folder is not None:
            _remove(self._folder / POSITIONS_FILE)

    def release(self) -> None:
        """Close the descriptors that nothing needs after `close`."""
        with self._lock:
            if [part.size for part in self._parts] == self._merged[: len(self._parts)]:
                self._parts, self._turns = [], None  # they are closed when they are garbage
            self._whole.release()

    def _merge(self) -> None:
        """Append what is new in the parts to the whole, in the order of Python's turns."""
        if self._turns is None:
            return
        # First the sizes: a turn that is noted meanwhile, and what follows it, waits.
        ends_now = self._sizes()
        turns = self._turns.read(self._turned)
        for ends in TURN.iter_unpack(turns[: len(turns) // TURN.size * TURN.size]):
            if any(end > size for end, size in zip(ends, ends_now, strict=True)):
                return
            if not self._advance(ends):
                return
            self._turned += TURN.size
        self._advance(ends_now)

    def _advance(self, ends: Sequence[int]) -> bool:
        """Append the parts up to ``ends``; return whether there was room for all of it."""
        for number, end in enumerate(ends):
            while (start := self._merged[number]) < end:
                data = self._parts[number].read(start, min(end, start + _READ_CHUNK))
                done: list[int] = []
                with contextlib.suppress(OSError):  # a full disk; the next beat tries again
                    self._whole.append(data, done)
                self._merged[number] += sum(done)
                if sum(done) < len(data):
                    return False
        return True


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
