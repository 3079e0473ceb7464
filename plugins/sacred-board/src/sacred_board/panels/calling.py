"""Calls the targets of panels: one that fails, or is slow, is one line in its place."""

import logging
import threading
from concurrent.futures import Future
from typing import Any

import attrs
from markupsafe import Markup

from sacred_board.panels.offers import Offer
from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.hooks.targets import ends_process, resolve_target
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.printable import printable

_LOGGER = logging.getLogger("sacred_board")
#: Characters that a panel may return, and of a reason.
_MOST_CHARACTERS, _LONGEST_REASON = 5_000_000, 300


@attrs.frozen
class Shown:
    """What a panel shows.

    Attributes:
        content: HTML; None if the panel has nothing to show, or failed.
        problem: Why it failed, in a sentence; empty if it did not.
        is_late: The target did not return in time.
    """

    content: Markup | None = None
    problem: str = ""
    is_late: bool = False

    @property
    def is_hidden(self) -> bool:
        """Whether the panel has nothing to show."""
        return self.content is None and not self.problem


class PanelCaller:
    """Calls panels of plugins in threads of their own, which may not return.

    A thread cannot be ended, so that a panel that does not return holds one: after a few of them
    it is not called any more until one returns.

    Args:
        most_calls: Calls of one panel that may run at the same time.
    """

    def __init__(self, most_calls: int = 4) -> None:
        self._most_calls = most_calls
        self._free: dict[Offer, threading.Semaphore] = {}
        self._lock = threading.Lock()

    def start(self, offer: Offer, view: Any) -> "Future[Shown]":
        """Call the target of a panel, and return what it will have shown."""
        with self._lock:
            free = self._free.setdefault(offer, threading.BoundedSemaphore(self._most_calls))
        future: Future[Shown] = Future()
        if not free.acquire(blocking=False):
            problem = f"still runs: {self._most_calls} earlier calls did not return"
            future.set_result(Shown(problem=_sentence(offer, problem), is_late=True))
            return future

        def run() -> None:
            try:
                future.set_result(call_panel(offer, view))
            finally:
                free.release()

        threading.Thread(target=run, daemon=True, name=f"panel {offer.key}").start()
        return future


def wait_for(offer: Offer, future: "Future[Shown]", seconds: float) -> Shown:
    """Return what a panel shows, or that it did not return within some seconds."""
    try:
        return future.result(seconds)
    except TimeoutError:
        problem = _sentence(offer, f"took longer than {seconds:g} s")
        return Shown(problem=problem, is_late=True)


def call_panel(offer: Offer, view: Any) -> Shown:
    """Call the target of a panel, and return what it shows.

    Raises:
        StoreError: a built-in panel could not read the store.
    """
    try:
        return _check_result(offer, resolve_target(offer.panel.target)(view))
    except DamagedRecordError as error:
        return Shown(problem=short_line(str(error)))
    except BaseException as error:
        if ends_process(error) or (offer.is_builtin and isinstance(error, StoreError)):
            raise
        reason = f"failed: {type(error).__name__}: {error}".removesuffix(": ")
        _LOGGER.debug("The panel %r failed", offer.title, exc_info=True)
        return Shown(problem=_sentence(offer, reason))


def _check_result(offer: Offer, result: Any) -> Shown:
    if result is None:
        return Shown()
    if not isinstance(result, str):
        kind = type(result).__name__
        return Shown(problem=_sentence(offer, f"returned a {kind}, not a string or Markup"))
    if len(result) > _MOST_CHARACTERS:
        size = counted(len(result), "character")
        problem = f"returned {size}; at most {_MOST_CHARACTERS} are shown"
        return Shown(problem=_sentence(offer, problem))
    if isinstance(result, Markup):
        return Shown(content=result)
    text = printable(result, "\n\t")
    return Shown(content=Markup('<pre class="panel-text">{}</pre>').format(text))


def _sentence(offer: Offer, problem: str) -> str:
    owner = "" if offer.is_builtin else f" of the plugin {offer.plugin!r} ({offer.distribution})"
    return short_line(f"The panel {offer.panel.title!r}{owner} {problem}")


def short_line(text: str) -> str:
    """Return why something cannot be shown, in one short line without secrets."""
    line = printable(" ".join(mask_text(text).split()))
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 1]}…"
