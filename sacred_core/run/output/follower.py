"""Shows spools where the descriptors led before: a process that starts and ends with a run.

It is started as ``python follower.py NUMBER_OF_SPOOLS`` with the descriptors of `layout` and needs
nothing of the script: whatever was written before a crash is shown. It imports only what starts
fast (about 9 ms). It ends once the script has closed the control pipe or ended, and no process can
write to a spool any more, so children that outlive the run are shown too.
"""

import _thread
import fcntl
import os
import select
import sys
import time
from collections.abc import Sequence

_CHUNK = 1 << 20
#: Seconds between two looks at the spools: after growth, and after none for a while.
_SHORT, _LONG = 0.002, 0.02
#: Where the process finds the control pipe and the state; the spools follow.
CONTROL, STATE, FIRST = 3, 4, 5


def layout(count: int) -> tuple[list[int], list[int], int]:
    """Return the descriptors of the spools, of where each is shown, and of the turns or -1."""
    readers = list(range(FIRST, FIRST + count))
    targets = list(range(FIRST + count, FIRST + 2 * count))
    return readers, targets, FIRST + 2 * count if count == 2 else -1


def has_writers(reader: int) -> bool:
    """Return whether any process has the file open for writing: only then a read lease is refused.

    Where a file system has no leases (https://man7.org/linux/man-pages/man2/F_SETLEASE.2const.html)
    none is assumed to.
    """
    set_lease = getattr(fcntl, "F_SETLEASE", None)
    if set_lease is None:
        return False
    try:
        fcntl.fcntl(reader, set_lease, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.fcntl(reader, set_lease, fcntl.F_UNLCK)
    return False


def sizes(readers: Sequence[int]) -> list[int]:
    """Return the sizes of two files at one moment, if that can be had in a few tries."""
    for _ in range(8):
        out, err = os.fstat(readers[0]).st_size, os.fstat(readers[1]).st_size
        if os.fstat(readers[0]).st_size == out:
            break
    return [out, err]


class Display:
    """Copies the growth of spools to the descriptors where it is shown.

    Two processes may do so by turns: a lock of the file ``state`` lets one at a time work, and the
    file holds how many bytes of each spool were shown. A lock of a process that dies is released.

    Args:
        state: The descriptor of that file.
        readers: The spools.
        targets: Where each is shown.
    """

    def __init__(self, state: int, readers: list[int], targets: list[int]) -> None:
        self.state = state
        self.readers = readers
        self.targets = targets
        self._shown = [0] * len(readers)
        self._gone = [False] * len(readers)
        self._lock = _thread.RLock()
        self._depth = 0

    def __enter__(self) -> "Display":
        """Wait until no other process shows anything."""
        self._lock.acquire()
        self._depth += 1
        if self._depth == 1:
            fcntl.lockf(self.state, fcntl.LOCK_EX)
        return self

    def __exit__(self, *error: object) -> None:
        """Release the lock."""
        self._depth -= 1
        if self._depth == 0:
            fcntl.lockf(self.state, fcntl.LOCK_UN)
        self._lock.release()

    @property
    def has_writers(self) -> bool:
        """Whether any process can still write to a spool."""
        return any(map(has_writers, self.readers))

    def show(self, ends: Sequence[int] = ()) -> bool:
        """Show what is new and return whether there was anything.

        Args:
            ends: How far each spool is shown; without them, everything.
        """
        with self._lock:
            ends = ends or [os.fstat(reader).st_size for reader in self.readers]
            grown = [number for number, end in enumerate(ends) if end > self._shown[number]]
            if grown:
                with self:
                    for number in grown:
                        self._copy(number, ends[number])
            return bool(grown)

    def write(self, number: int, data: bytes, done: list[int]) -> None:
        """Show ``data``, which is in no spool, from the byte ``sum(done)`` on; count it there."""
        with self:
            while sum(done) < len(data) and not self._gone[number]:
                self._write(number, data[sum(done) :], done)

    def _copy(self, number: int, end: int) -> None:
        place = 8 * number
        shown = int.from_bytes(os.pread(self.state, 8, place), "little")
        while data := os.pread(self.readers[number], max(0, min(_CHUNK, end - shown)), shown):
            done: list[int] = []
            try:
                self._write(number, data, done)
            finally:
                shown += len(data) if self._gone[number] else sum(done)
                os.pwrite(self.state, shown.to_bytes(8, "little"), place)
        self._shown[number] = shown

    def _write(self, number: int, data: bytes, done: list[int]) -> None:
        if self._gone[number]:
            return
        try:
            # The count is stored by the C code that writes: no interrupt falls between.
            done.extend(map(os.write, (self.targets[number],), (data,)))
        except BlockingIOError:
            time.sleep(_SHORT)
        except OSError:  # a closed pipe, a terminal that went away: recording continues
            self._gone[number] = True


class _Follower:
    """The loop of the process."""

    def __init__(self, display: Display, turns: int) -> None:
        self._display = display
        self._turns = turns
        self._noted = 0
        self._received = b""

    def follow(self) -> None:
        """Show growth until the script has ended and no process can write."""
        is_attached, pause = True, _SHORT
        while True:
            if is_attached:
                is_attached = self._wait(pause)
            else:
                time.sleep(pause)
            goes_on = is_attached or self._display.has_writers
            # What is shown was noted: what is written after it comes after it in the record.
            has_grown = self._display.show(self._note())
            if not goes_on:
                return
            pause = _SHORT if has_grown else min(2 * pause, _LONG)

    def _wait(self, seconds: float) -> bool:
        """Wait, take messages, and return whether the script is still connected."""
        if not select.select([CONTROL], [], [], seconds)[0]:
            return True
        data = os.read(CONTROL, 65536)
        *messages, self._received = (self._received + data).split(b"\0")
        for message in messages:
            number, _, path = message.partition(b" ")
            self._reopen(int(number), path)
        return bool(data)

    def _reopen(self, number: int, path: bytes) -> None:
        """Go on in the file at ``path``, to which a spool, or the turns, was moved."""
        readers = self._display.readers
        try:
            if number < len(readers):
                opened, before = os.open(path, os.O_RDONLY), readers[number]
                readers[number] = opened
            else:
                opened, before = os.open(path, os.O_WRONLY | os.O_APPEND), self._turns
                self._turns = opened
        except OSError:  # it was removed: the old one has what was written before
            return
        os.close(before)

    def _note(self) -> Sequence[int]:
        """Record the sizes of both spools if stderr has grown: see `SpoolReader.note`."""
        if self._turns < 0:
            return ()
        ends = sizes(self._display.readers)
        if ends[1] != self._noted:
            self._noted = ends[1]
            try:
                os.write(self._turns, b"".join(end.to_bytes(8, "little") for end in ends))
            except OSError:  # a full disk: the order is less exact
                return ends
        return ends


def _main() -> None:
    readers, targets, turns = layout(int(sys.argv[1]))
    os.closerange(max(turns, targets[-1]) + 1, 65536)  # what the script let its children have
    _Follower(Display(STATE, readers, targets), turns).follow()


if __name__ == "__main__":
    _main()
