"""Short notices of what changed, and the mailbox of each page that receives them."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

#: Plain data, with one of these as ``type``:
#:
#: - ``"start"``: the first notice of a stream; ``outages`` has the reason and the seconds until the
#:   next attempt (``retry_in``) of each location that cannot be reached, by slug.
#: - ``"run"``: the run with this ``slug`` and ``id`` is new or changed; its ``status``.
#: - ``"gone"``: the run with this ``slug`` and ``id`` was deleted.
#: - ``"away"``: the location ``slug`` cannot be reached, with the ``reason``; ``retry_in`` seconds.
#: - ``"back"``: the location ``slug`` can be reached again.
#: - ``"refresh"``: notices were missed, what is shown has to be read again.
#: - ``"stopped"``: the board ends.
Notice: TypeAlias = Mapping[str, Any]

#: Notices that wait for a page that does not read them.
MOST_NOTICES = 500
REFRESH: Notice = {"type": "refresh"}
STOPPED: Notice = {"type": "stopped"}


class Mailbox:
    """Notices for one page, of which later ones about the same run replace earlier ones.

    If too many wait, one notice that the page has to be read again replaces all of them.

    Args:
        first: Notices for the beginning.
    """

    def __init__(self, first: Iterable[Notice] = ()) -> None:
        self._waiting: dict[Any, Notice] = {}
        self._has_some = asyncio.Event()
        self._is_closed = False
        for notice in first:
            self.put(notice)

    def put(self, notice: Notice) -> None:
        """Add a notice."""
        key = _key(notice)
        self._waiting.pop(key, None)
        self._waiting[key] = notice
        if len(self._waiting) > MOST_NOTICES:
            states = {key: each for key, each in self._waiting.items() if key[0] != "run"}
            self._waiting = {**states, _key(REFRESH): REFRESH}
        self._has_some.set()

    def close(self) -> None:
        """Let the reader end after the notices that wait."""
        self._is_closed = True
        self._has_some.set()

    @property
    def is_over(self) -> bool:
        """Whether nothing follows."""
        return self._is_closed and not self._waiting

    async def take(self, timeout: float) -> list[Notice]:
        """Remove and return all notices; wait for one for a number of seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._has_some.wait()
        except TimeoutError:
            return []
        found = [*self._waiting.values()]
        self._waiting.clear()
        if not self._is_closed:
            self._has_some.clear()
        return found


def _key(notice: Notice) -> tuple[Any, ...]:
    """Return a key that a notice shares with those that it replaces."""
    kinds = {"run": "run", "gone": "run", "away": "state", "back": "state"}
    kind = notice["type"]
    return kinds.get(kind, kind), notice.get("slug"), notice.get("id")
