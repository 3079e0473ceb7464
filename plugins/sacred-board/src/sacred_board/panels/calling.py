"""Calls the targets of panels: one that fails, or is slow, is one line in its place."""

import logging
import threading
from typing import Any

import attrs
from markupsafe import Markup

from sacred_board.panels.offers import Offer
from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.hooks.targets import ends_process, resolve_target
from sacred_core.masking import mask_text
from sacred_core.printable import printable

_LOGGER = logging.getLogger("sacred_board")
#: Calls of one panel of a plugin that may run at the same time.
_MOST_CALLS = 4
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


class PanelCall:
    """A call of the target of a panel of a plugin, in a thread of its own.

    Args:
        offer: The panel.
        view: A `RunView` or a `FileView`.
        free: Of which one is taken until the target returns.
    """

    def __init__(self, offer: Offer, view: Any, free: threading.Semaphore) -> None:
        self._offer = offer
        self._results: list[Shown] = []
        self._thread: threading.Thread | None = None
        if free.acquire(blocking=False):
            self._thread = threading.Thread(
                target=self._run, args=(view, free), daemon=True, name=f"panel {offer.key}"
            )
            self._thread.start()

    def result(self, seconds: float) -> Shown:
        """Return what the panel shows, or that it did not return within some seconds."""
        if self._thread is None:
            problem = f"still runs: {_MOST_CALLS} earlier calls did not return"
            return Shown(problem=_sentence(self._offer, problem), is_late=True)
        self._thread.join(seconds)
        if self._results:
            return self._results[0]
        problem = f"took longer than {seconds:g} s"
        return Shown(problem=_sentence(self._offer, problem), is_late=True)

    def _run(self, view: Any, free: threading.Semaphore) -> None:
        try:
            self._results.append(call_panel(self._offer, view))
        finally:
            free.release()


class PanelCaller:
    """Starts calls of panels of plugins.

    A thread cannot be ended, so that a panel that does not return holds one: after a few of them
    it is not called any more until one returns.
    """

    def __init__(self) -> None:
        self._free: dict[Offer, threading.Semaphore] = {}
        self._lock = threading.Lock()

    def start(self, offer: Offer, view: Any) -> PanelCall:
        """Call the target of a panel in a thread."""
        with self._lock:
            free = self._free.setdefault(offer, threading.BoundedSemaphore(_MOST_CALLS))
        return PanelCall(offer, view, free)


def call_panel(offer: Offer, view: Any) -> Shown:
    """Call the target of a panel, and return what it shows.

    Raises:
        StoreError: a built-in panel could not read the store.
    """
    try:
        return _check_result(offer, resolve_target(offer.panel.target)(view))
    except DamagedRecordError as error:
        return Shown(problem=_line(str(error)))
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
        problem = f"returned {len(result)} characters; at most {_MOST_CHARACTERS} are shown"
        return Shown(problem=_sentence(offer, problem))
    if isinstance(result, Markup):
        return Shown(content=result)
    text = printable(result, "\n\t")
    return Shown(content=Markup('<pre class="panel-text">{}</pre>').format(text))


def _sentence(offer: Offer, problem: str) -> str:
    owner = "" if offer.is_builtin else f" of the plugin {offer.plugin!r} ({offer.distribution})"
    return _line(f"The panel {offer.panel.title!r}{owner} {problem}")


def _line(text: str) -> str:
    line = printable(" ".join(mask_text(text).split()))
    return line if len(line) <= _LONGEST_REASON else f"{line[: _LONGEST_REASON - 1]}…"
