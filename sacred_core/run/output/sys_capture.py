"""The mode ``sys``: what is written to ``sys.stdout`` and ``sys.stderr``, in order."""

import threading

from sacred_core.context import current_run
from sacred_core.exceptions import AmbiguousRunError
from sacred_core.run.output.base import OutputCapture
from sacred_core.run.output.presentation import Filter, Presentation, presented
from sacred_core.run.output.router import Router, Sink, install, release


class SysCapture(OutputCapture):
    """Records what belongs to one run, whichever thread writes it.

    Args:
        output_filter: Applied to the text before anybody sees it.
    """

    def __init__(self, output_filter: Filter | None = None) -> None:
        super().__init__()
        self._filter = output_filter
        self._presentation = Presentation(output_filter)
        self._parts: list[str] = []
        self._taken = 0
        self._lock = threading.Lock()
        self._routers: list[tuple[str, Router]] = []

    def start(self, around: OutputCapture | None) -> None:
        """Route the streams."""
        super().start(around)
        record = self.record if around is not None else self._parts.append
        self._routers = install(_current_record, record)

    def stop(self) -> None:
        """Restore the streams, unless another run still needs them routed."""
        release(self._routers)
        self._routers = []

    def record(self, text: str) -> None:
        """Record ``text`` for this run and for those around it."""
        self._parts.append(text)
        super().record(text)

    def text(self) -> str:
        """Return everything that was recorded so far, filtered and with secrets masked."""
        return presented("".join(self._parts.copy()), self._filter)

    def take(self, final: bool) -> tuple[str, int] | None:
        """Return what changed since the last call; see `OutputCapture.take`."""
        with self._lock:
            new = self._parts[self._taken :]
            self._taken += len(new)
            return self._presentation.feed("".join(new), final)


def _current_record() -> Sink | None:
    try:
        run = current_run()
    except AmbiguousRunError:  # a thread that no run can be told for
        return None
    return run.output.record if run is not None else None
