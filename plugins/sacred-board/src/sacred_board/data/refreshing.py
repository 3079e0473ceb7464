"""Reads again what changes, once for all who need it at the same time."""

import asyncio
import time
from collections.abc import Awaitable, Callable

#: Seconds between two calls, at least and at most.
INTERVAL, LONGEST_INTERVAL = 1.0, 60.0


def pace_of(duration: float, share: float) -> float:
    """Return the seconds between two calls that take so long, and a share of the time at most."""
    return min(max(INTERVAL, duration / share), LONGEST_INTERVAL)


class Refresher:
    """Calls a coroutine function unless its last call is young enough; callers share a call.

    Args:
        function: Reads what changed.

    Attributes:
        begun_at: When the last successful call began, by the clock of `time.monotonic`.
        duration: How many seconds it took.
    """

    def __init__(self, function: Callable[[], Awaitable[None]]) -> None:
        self.begun_at = float("-inf")
        self.duration = 0.0
        self._function = function
        self._required_at = float("-inf")
        self._running: asyncio.Task[None] | None = None

    @property
    def is_required(self) -> bool:
        """Whether something changed that the last call could not find, see `require`."""
        return self._required_at > self.begun_at

    def require(self) -> None:
        """Let the next caller wait for a call that begins from now on."""
        self._required_at = time.monotonic()

    async def refresh(self, max_age: float) -> None:
        """Wait until a call has returned that began at most ``max_age`` seconds ago.

        Raises:
            Exception: as the function does.
        """
        needed_at = max(time.monotonic() - max_age, self._required_at)
        while self.begun_at < needed_at:
            # A caller that gives up does not end the call of others.
            await asyncio.shield(self.start())

    def start(self) -> "asyncio.Task[None]":
        """Begin a call unless one is running, and return it."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._call())
            self._running.add_done_callback(_take_exception)
        return self._running

    async def _call(self) -> None:
        begun_at = time.monotonic()
        await self._function()
        self.begun_at, self.duration = begun_at, time.monotonic() - begun_at


def _take_exception(task: "asyncio.Task[None]") -> None:
    """Take the exception of a call for which nothing waits any more: it is noted elsewhere."""
    if not task.cancelled():
        task.exception()
