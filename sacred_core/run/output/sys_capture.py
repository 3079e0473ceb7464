"""The mode ``sys``: what Python writes to ``sys.stdout`` and ``sys.stderr``, in order."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from sacred_core.context import current_run
from sacred_core.exceptions import AmbiguousRunError
from sacred_core.loggers import own_logger
from sacred_core.run.output.capture import OutputCapture
from sacred_core.run.output.filters import Filter
from sacred_core.run.output.spool import LOW_DISK, Spool, SpoolReader
from sacred_core.run.output.stream_proxy import StreamProxy
from sacred_core.run.output.streams import Recorders, Streams

_logger = own_logger(__name__)


class SysCapture(OutputCapture):
    """Records what belongs to one run, whichever thread writes it.

    Args:
        output_filter: Applied to the text before it leaves the class.
    """

    def __init__(self, output_filter: Filter | None = None) -> None:
        super().__init__()
        self._spool = Spool()
        self._spool_reader = SpoolReader([self._spool], output_filter)
        self._lock = threading.RLock()
        self._is_full = False
        self._used: list[tuple[str, StreamProxy]] = []

    @property
    def recorders(self) -> Recorders:
        """This one and those around it."""
        return [self, *super().recorders]

    def start(self, around: OutputCapture | None) -> None:
        """Put proxies in place of the streams."""
        super().start(around)
        self._used = standard_streams.join(self)

    def stop(self) -> None:
        """Restore the streams, unless another run still needs them replaced."""
        if self._used:
            standard_streams.leave(self, self._used)
            self._used = []
            self._spool_reader.close()

    def record(self, data: bytes, done: list[int]) -> None:
        """Record ``data`` from the byte ``sum(done)`` on; append to ``done`` what was."""
        with self._lock:
            if self._is_full:
                return
            reason = "" if self._spool_reader.has_room else LOW_DISK
            try:
                if not reason:
                    self._spool.append(data, done)
            except OSError as error:
                reason = str(error)
            if reason:
                self._is_full = True
                _logger.warning("%s: stopped recording output", reason)

    def text(self) -> str:
        """Return everything that was recorded so far, filtered and with secrets masked."""
        standard_streams.record()
        return self._spool_reader.whole()

    def take(self, final: bool) -> Iterator[tuple[str, int]]:
        """Yield what changed since the last call; see `OutputCapture.take`."""
        standard_streams.record()
        return self._spool_reader.advance(final)

    @property
    def has_spool(self) -> bool:
        """Always."""
        return True

    def keep_in(self, folder: Path) -> None:
        """Let what was printed be found in ``folder``; see `OutputCapture.keep_in`."""
        with self._lock:
            self._spool_reader.keep_in(folder, lambda number, writer: None)

    def confirm(self) -> None:
        """Note that the observers received what `take` returned last."""
        self._spool_reader.confirm()


def _recorders() -> Recorders:
    try:
        run = current_run()
    except AmbiguousRunError:  # a thread whose run is unknown
        return []
    return run.output.recorders if run is not None else []


standard_streams = Streams(_recorders)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=standard_streams.before_fork,
        after_in_parent=standard_streams.after_fork,
        after_in_child=standard_streams.after_fork_in_child,
    )
