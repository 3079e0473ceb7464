"""The mode ``sys``: what is written to ``sys.stdout`` and ``sys.stderr``, in order."""

import threading
from collections.abc import Callable

from sacred_core.context import current_run
from sacred_core.exceptions import AmbiguousRunError
from sacred_core.masking import masked_text
from sacred_core.run.output.base import OutputCapture
from sacred_core.run.output.router import Router, Sink, install, release

Filter = Callable[[str], str]


class SysCapture(OutputCapture):
    """Records what belongs to one run, whichever thread writes it.

    Args:
        output_filter: Applied to the whole text before anybody sees it.
    """

    def __init__(self, output_filter: Filter | None = None) -> None:
        super().__init__()
        self._filter = output_filter
        self._parts: list[str] = []
        self._lock = threading.Lock()
        self._routers: list[tuple[str, Router]] = []
        self._shown = ""

    def start(self, around: OutputCapture | None) -> None:
        """Route the streams."""
        super().start(around)
        self._routers = install(_current_record)

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
        return self._whole()

    def take(self, final: bool) -> tuple[str, int] | None:
        """Return what changed since the last call; see `OutputCapture.take`."""
        with self._lock:
            whole = self._whole()
            if not final:
                whole = _without_last_word(whole)
            start = _common_length(self._shown, whole)
            if start == len(self._shown) == len(whole):
                return None
            self._shown = whole
            return whole[start:], start

    def _whole(self) -> str:
        text = "".join(self._parts.copy())
        return masked_text(self._filter(text) if self._filter else text)


def _current_record() -> Sink | None:
    try:
        run = current_run()
    except AmbiguousRunError:  # a thread that no run can be told for
        return None
    return run.output.record if run is not None else None


def _without_last_word(text: str) -> str:
    """Hold an unfinished word back: it may be the first half of a URL with a password."""
    words = text.rsplit(None, 1)
    if len(words) < 2 or text[-1:].isspace():
        return text if text[-1:].isspace() else ""
    return text[: len(text) - len(words[1])]


def _common_length(first: str, second: str) -> int:
    """Return how many characters both texts begin with, by bisection of comparisons."""
    if second.startswith(first):
        return len(first)
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
