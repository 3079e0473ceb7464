"""Shows the growth of a spool where the descriptors led before."""

import contextlib
import os
import sys
import threading

from sacred_core.run.output import follower
from sacred_core.run.output.follower import has_writers
from sacred_core.run.output.spool import Spool, write_counted

_CHUNK = 1 << 20


class Growth:
    """Copies what is appended to ``spool`` to the descriptor ``target``, which it owns."""

    def __init__(self, spool: Spool, target: int) -> None:
        self._spool = spool
        self.target = target
        self._shown = 0
        self._is_gone = False
        self._lock = threading.RLock()

    def show(self) -> None:
        """Write what is new; may be called from any thread."""
        with self._lock:
            while data := self._spool.read(self._shown, self._shown + _CHUNK):
                self._shown += len(data)
                self.write(data, [])

    def end(self) -> None:
        """Show what is left, now and as long as children write, and let go of the target."""
        self.show()
        if not self._is_gone and has_writers(self._spool.reader):
            self._leave_to_follower()
        with contextlib.suppress(OSError):
            os.close(self.target)

    def write(self, data: bytes, done: list[int]) -> None:
        """Write ``data`` from the byte ``sum(done)`` on past the spool; count it in ``done``."""
        with self._lock:
            while sum(done) < len(data) and not self._is_gone:
                try:
                    write_counted(self.target, data, done)
                except BlockingIOError:
                    continue
                except OSError:  # a closed pipe, a terminal that went away: recording goes on
                    self._is_gone = True

    def _leave_to_follower(self) -> None:
        import subprocess

        numbers = (self._spool.reader, self.target)
        command = [sys.executable, "-IS", follower.__file__, *map(str, numbers), str(self._shown)]
        nothing = subprocess.DEVNULL  # a spool of another run could be at 1 and 2
        process = subprocess.Popen(
            command, pass_fds=numbers, stdin=nothing, stdout=nothing, stderr=nothing,
            start_new_session=True,
        )  # fmt: skip
        process.returncode = 0  # nobody waits for it
