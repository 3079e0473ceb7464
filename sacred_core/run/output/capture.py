"""The recording of output as a run uses it, and the modes ``no`` and ``sys``."""

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FunctionType

from sacred_core.loggers import own_logger
from sacred_core.masking import mask_text
from sacred_core.run.output.filters import Filter
from sacred_core.run.output.spool import CHECK_INTERVAL, LITTLE, LOW_DISK, Spool, SpoolReader
from sacred_core.run.output.stream_proxy import StreamProxy
from sacred_core.run.output.streams import Recorder, Recorders, standard_streams

_logger = own_logger(__name__)


class OutputCapture:
    """Records nothing: the mode ``no``, and the interface of the others."""

    def __init__(self) -> None:
        self._around: OutputCapture | None = None

    def start(self, around: "OutputCapture | None") -> None:
        """Begin to record. What is recorded goes to the capture ``around`` this one too."""
        self._around = around

    def stop(self) -> None:
        """Restore what `start` changed; the text stays available."""

    @property
    def recorders(self) -> Sequence[Recorder]:
        """The recorders of this run's output: its own, and those of its outer runs."""
        return self._around.recorders if self._around is not None else []

    @property
    def has_spool(self) -> bool:
        """Whether the output has a spool that `move_to` can move."""
        return False

    def move_to(self, folder: Path) -> None:
        """Move the spool to ``folder``, where it is stored until the run ends.

        Raises:
            OSError: it cannot be written there; the recording continues as before.
        """

    def confirm(self) -> None:
        """Record that the observers received the last result of `take`."""

    def text(self) -> str:
        """Return everything that was recorded so far, filtered and with secrets masked."""
        return ""

    def take(self, final: bool) -> Iterator[tuple[str, int]]:
        """Yield what changed since the last call, in pieces of bounded length.

        Args:
            final: Nothing more will come: include what is unfinished.

        Yields:
            A new string and the character of the whole output at which it starts.
        """
        del final
        return iter(())


class FixedOutput(OutputCapture):
    """Records nothing; observers receive ``text`` once. For filters that ignore their input."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = mask_text(text)
        self._was_taken = False

    def text(self) -> str:
        """Return the fixed text."""
        return self._text

    def take(self, final: bool) -> Iterator[tuple[str, int]]:
        """Yield the text the first time; see `OutputCapture.take`."""
        del final
        if not self._was_taken and self._text:
            self._was_taken = True
            yield self._text, 0


def ignores_its_input(output_filter: Filter) -> bool:
    """Return whether the code of a filter, as in ``lambda text: "off"``, never reads its input."""
    import dis

    if not isinstance(output_filter, FunctionType):
        return False
    code = output_filter.__code__
    if code.co_argcount != 1:
        return False
    name = code.co_varnames[0]
    # An inner function, or a loop over several variables, contains the name in a tuple.
    read = (step.argval for step in dis.get_instructions(code))
    return not any(name == each or (isinstance(each, tuple) and name in each) for each in read)


class SpoolCapture(OutputCapture):
    """Records output in spools; what the modes ``sys`` and ``fd`` have in common.

    Args:
        output_filter: Applied to the text before it leaves the class.
    """

    _spool_reader: SpoolReader

    def __init__(self, output_filter: Filter | None = None) -> None:
        super().__init__()
        self._filter = output_filter
        self._used: list[tuple[str, StreamProxy]] = []

    def start(self, around: OutputCapture | None) -> None:
        """Put proxies in place of Python's streams."""
        super().start(around)
        self._used = standard_streams.join(self)

    @property
    def recorders(self) -> Recorders:
        """This one and those around it."""
        return [self, *super().recorders]

    def record(self, data: bytes, done: list[int]) -> None:
        """Do nothing; see `sacred_core.run.output.streams.Recorder`."""

    @property
    def has_spool(self) -> bool:
        """Always."""
        return True

    def confirm(self) -> None:
        """Record that the observers received the last result of `take`."""
        self._spool_reader.confirm()

    def text(self) -> str:
        """Return everything that was recorded so far, filtered and with secrets masked."""
        self._empty_queue()
        return self._spool_reader.whole()

    def take(self, final: bool) -> Iterator[tuple[str, int]]:
        """Yield what changed since the last call; see `OutputCapture.take`."""
        self._empty_queue()
        return self._spool_reader.advance(final)

    def _empty_queue(self) -> None:
        """Record what Python wrote until now."""
        standard_streams.record()


class SysCapture(SpoolCapture):
    """Records what belongs to one run, whichever thread writes it: the mode ``sys``."""

    def __init__(self, output_filter: Filter | None = None) -> None:
        super().__init__(output_filter)
        self._spool = Spool()
        self._spool_reader = SpoolReader([self._spool], output_filter)
        self._lock = threading.RLock()
        self._is_full = False
        self._checked_at = 0.0
        self._unchecked = LITTLE

    def stop(self) -> None:
        """Restore the streams, unless another run still needs them replaced."""
        if self._used:
            standard_streams.leave(self, self._used)
            self._used = []
            self._spool_reader.close()
            self._spool_reader.release()

    def record(self, data: bytes, done: list[int]) -> None:
        """Record ``data`` from the byte ``sum(done)`` on; append to ``done`` what was."""
        with self._lock:
            if self._is_full:
                return
            reason = "" if self._has_room(len(data)) else LOW_DISK
            try:
                if not reason:
                    self._spool.append(data, done)
            except OSError as error:
                reason = str(error)
            if reason:
                self._is_full = True
                _logger.warning("%s: stopped recording output", reason)

    def _has_room(self, size: int) -> bool:
        """Return whether the disk has enough space; it is not checked for each line."""
        now = time.monotonic()
        self._unchecked += size
        if self._unchecked < LITTLE // 4 and now < self._checked_at + CHECK_INTERVAL:
            return True
        self._checked_at, self._unchecked = now, 0
        return self._spool_reader.has_room

    def move_to(self, folder: Path) -> None:
        """Move the spool to ``folder``; see `OutputCapture.move_to`."""
        with self._lock:
            self._spool_reader.move_to(folder, lambda number, writer: None)
