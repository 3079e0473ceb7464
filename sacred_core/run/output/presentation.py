"""From recorded text to what observers are told: filtered, masked, and only what changed."""

import functools
import logging
from collections.abc import Callable

from sacred_core.masking import masked_text

_logger = logging.getLogger(__name__)
Filter = Callable[[str], str]
#: A filter that is given the whole text runs when that has grown by this factor, and at the end.
_GROWTH = 1.5


class Presentation:
    """The output of one run, as it is fed piece by piece; each piece costs its own length.

    A filter with the attribute ``incremental = True`` is given the text from its last unfinished
    line on. Any other is given the whole text, at geometrically growing lengths and at the end.
    """

    def __init__(self, output_filter: Filter | None) -> None:
        self._filter = output_filter
        self._is_incremental = output_filter is None or getattr(output_filter, "incremental", False)
        self._pending = ""  # raw text that may still change what is shown
        self._start = 0  # the character of the shown text at which the pending text begins
        self._shown = ""  # what was told of the pending text
        self._filtered_length = 0

    @property
    def unsettled(self) -> tuple[int, str]:
        """From which character on the shown text may still change, and its raw text from there."""
        if self._is_incremental:
            return self._start, self._pending
        return len(self._shown), self._pending[self._filtered_length :]

    def feed(self, text: str, final: bool) -> tuple[str, int] | None:
        """Take ``text`` and return what changed and from which character on, or None.

        Args:
            text: What was recorded since the last call.
            final: Nothing more will come: nothing is held back.
        """
        self._pending += text
        if not self._is_incremental and not self._is_due(final):
            return None
        raw = self._pending if final else _without_last_word(self._pending)
        shown = presented(raw, self._filter)
        same = _common_length(self._shown, shown)
        change = (shown[same:], self._start + same)
        has_changed = same < len(shown) or same < len(self._shown)
        self._shown = shown
        if self._is_incremental:
            self._settle(raw, shown)
        return change if has_changed else None

    def _is_due(self, final: bool) -> bool:
        if final or len(self._pending) > _GROWTH * self._filtered_length:
            self._filtered_length = len(self._pending)
            return True
        return False

    def _settle(self, raw: str, shown: str) -> None:
        """Forget finished lines: nothing that comes can change them."""
        end = len(raw) if self._filter is None else raw.rfind("\n") + 1
        shown_end = len(shown) if self._filter is None else shown.rfind("\n") + 1
        self._pending = self._pending[end:]
        self._start += shown_end
        self._shown = shown[shown_end:]


def presented(text: str, output_filter: Filter | None) -> str:
    """Return the whole of ``text`` as observers are told it."""
    return masked_text(text if output_filter is None else _filtered(text, output_filter))


def _filtered(text: str, output_filter: Filter) -> str:
    """Apply the user's function; where it fails, the text stays as it is."""
    try:
        filtered = output_filter(text)
        if isinstance(filtered, str):
            return filtered
        problem = f"returned {filtered!r:.100}, which is no text"
    except Exception as error:  # noqa: BLE001 - the user's code
        problem = f"raised {type(error).__name__}: {error}"
    _warn_once(f"The output filter {output_filter!r} {problem}: the output is kept as it is")
    return text


@functools.lru_cache(maxsize=16)
def _warn_once(message: str) -> None:
    _logger.warning(message)


def _without_last_word(text: str) -> str:
    """Hold an unfinished word back: it may be the first half of a URL with a password."""
    if text[-1:].isspace():
        return text
    words = text.rsplit(None, 1)
    return text[: len(text) - len(words[-1])] if words else text


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
