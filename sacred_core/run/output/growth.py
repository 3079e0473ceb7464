"""Shows the growth of a spool where the descriptors led before."""

import contextlib
import os

from sacred_core.run.output.spool import Spool

_CHUNK = 1 << 20


class Growth:
    """Copies what is appended to ``spool`` to the descriptor ``target``, which it owns."""

    def __init__(self, spool: Spool, target: int) -> None:
        self._spool = spool
        self.target = target
        self._shown = 0
        self._is_gone = False

    def show(self) -> None:
        """Write what is new."""
        while data := self._spool.read(self._shown, self._shown + _CHUNK):
            self._shown += len(data)
            self._write(data)

    def end(self) -> None:
        """Show what is left, and let go of the target."""
        self.show()
        with contextlib.suppress(OSError):
            os.close(self.target)

    def _write(self, data: bytes) -> None:
        while data and not self._is_gone:
            try:
                data = data[os.write(self.target, data) :]
            except BlockingIOError:
                continue
            except OSError:  # a closed pipe, a terminal that went away: recording goes on
                self._is_gone = True
