"""Calls blocking functions in threads, a limited number at a time."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

from sacred_core.reused_threads import ReusedThread

T = TypeVar("T")


class Threads:
    """Daemon threads: one that waits for a server which does not answer delays no end.

    Args:
        limit: The number of functions that are called at the same time; others wait.
    """

    def __init__(self, limit: int) -> None:
        self._free = asyncio.Semaphore(limit)

    async def call(self, function: Callable[[], T], timeout: float | None = None) -> T:
        """Return what a function returns in a thread.

        A function is not interrupted: its thread is in use until it returns, also where nothing
        waits for it any more.

        Args:
            function: The function.
            timeout: Seconds until the caller gives up; None: it waits as long as it takes.

        Raises:
            TimeoutError: no result in this time.
        """
        async with asyncio.timeout(timeout):
            await self._free.acquire()
            loop = asyncio.get_running_loop()
            result: asyncio.Future[T] = loop.create_future()

            def finish(value: T | None, error: BaseException | None) -> None:
                self._free.release()
                if result.cancelled():
                    return
                if error is None:
                    result.set_result(value)  # type: ignore[arg-type]
                else:
                    result.set_exception(error)

            def work() -> None:
                value, failure = None, None
                try:
                    value = function()
                except BaseException as error:  # noqa: BLE001 - the caller gets it
                    failure = error
                with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                    loop.call_soon_threadsafe(finish, value, failure)

            ReusedThread(work, "sacred-board").start()
            return await result
