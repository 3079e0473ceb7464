"""Shows spools where the descriptors led before: a process for the runs of a script.

It is started as ``python follower.py`` with a socket as descriptor 3 and needs nothing else of the
script: whatever was written before a crash is shown. It imports only what starts fast (about 9 ms).
It ends once the script has closed the socket or ended, and no process can write to a spool any
more, so children that outlive the run are shown too.

Messages end with a zero byte. ``run NUMBER_OF_SPOOLS`` comes with the descriptors of the state, of
the spools, of where each is shown, and of the turns if there are two spools. ``NUMBER PATH`` moves
a spool, or the turns, which are numbered after them. After ``end`` the process has no descriptors
but the socket, and waits for the next run.
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
#: Where the process finds the socket.
CONTROL = 3
#: Maximum number of descriptors in one message.
_MOST = 8


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

    def __init__(self) -> None:
        import _socket  # `socket` takes longer to import than all else here

        self._socket = _socket.socket(fileno=CONTROL)
        self._space = _socket.CMSG_SPACE(4 * _MOST)
        self._received = b""
        self._descriptors: list[int] = []
        self._is_attached = True
        self._display: Display | None = None
        self._turns = -1
        self._noted = 0

    def follow(self) -> None:
        """Show growth until the script has ended and no process can write."""
        pause = _SHORT
        while True:
            self._wait(pause)
            display = self._display
            goes_on = self._is_attached or (display is not None and display.has_writers)
            # What is shown was noted: what is written after it comes after it in the record.
            has_grown = display is not None and display.show(self._note(display))
            if not goes_on:
                return
            pause = _SHORT if has_grown else min(2 * pause, _LONG)

    def _wait(self, seconds: float) -> None:
        """Wait, and take messages; without a run, wait for the next message."""
        if not self._is_attached:
            time.sleep(seconds)
            return
        limit = None if self._display is None else seconds
        if not select.select([CONTROL], [], [], limit)[0]:
            return
        data, parts, _, _ = self._socket.recvmsg(65536, self._space)
        for _, _, numbers in parts:
            for start in range(0, len(numbers), 4):
                self._descriptors.append(int.from_bytes(numbers[start : start + 4], sys.byteorder))
        *messages, self._received = (self._received + data).split(b"\0")
        for message in messages:
            self._take(*message.split(b" ", 1))
        self._is_attached = bool(data)

    def _take(self, name: bytes, argument: bytes = b"") -> None:
        if name == b"run":
            self._begin(int(argument))
        elif name == b"end":
            self._end()
        elif self._display is not None:
            self._reopen(self._display.readers, int(name), argument)

    def _begin(self, count: int) -> None:
        """Start to show the spools of a run."""
        number = 1 + 2 * count + (count == 2)
        given, self._descriptors = self._descriptors[:number], self._descriptors[number:]
        self._display = Display(given[0], given[1 : 1 + count], given[1 + count : 1 + 2 * count])
        self._turns, self._noted = (given[-1] if count == 2 else -1), 0

    def _end(self) -> None:
        """Close what belongs to the run: the script has shown all of it."""
        display, self._display = self._display, None
        if display is not None:
            turns = [self._turns] if self._turns >= 0 else []
            for each in (display.state, *display.readers, *display.targets, *turns):
                os.close(each)

    def _reopen(self, readers: list[int], number: int, path: bytes) -> None:
        """Go on in the file at ``path``, to which a spool, or the turns, was moved."""
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

    def _note(self, display: Display) -> Sequence[int]:
        """Record the sizes of both spools if stderr has grown: see `SpoolReader.note`."""
        if self._turns < 0:
            return ()
        ends = sizes(display.readers)
        if ends[1] != self._noted:
            self._noted = ends[1]
            try:
                os.write(self._turns, b"".join(end.to_bytes(8, "little") for end in ends))
            except OSError:  # a full disk: the order is less exact
                return ends
        return ends


def _main() -> None:
    os.closerange(CONTROL + 1, 65536)  # what the script let its children have
    _Follower().follow()


if __name__ == "__main__":
    _main()
