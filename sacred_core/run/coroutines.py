"""Commands and hooks that are coroutine functions."""

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterable
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from sacred_core.exceptions import RunningLoopError

if TYPE_CHECKING:
    import asyncio


def must_be_awaited(functions: Iterable[Callable[..., Any]]) -> bool:
    """Return whether one of ``functions`` is asynchronous and this thread has a running loop.

    Then nothing can wait for it but a coroutine.
    """
    return has_running_loop() and any(map(inspect.iscoroutinefunction, functions))


def is_coroutine(value: object) -> bool:
    """Return whether ``value`` is a coroutine, without reading any attribute of it.

    `isinstance`, and with it `inspect.iscoroutine`, reads ``__class__``: objects may raise then.
    """
    return issubclass(type(value), CoroutineType)


def has_running_loop() -> bool:
    """Return whether an event loop of asyncio is running in this thread."""
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class CoroutineRunner:
    """Runs coroutines in one event loop, which is made when the first of them comes.

    To be used in a ``with`` block; its end cancels what is left in the loop and closes it.
    """

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    def __enter__(self) -> "CoroutineRunner":
        return self

    def __exit__(self, *error: object) -> None:
        if self._runner is not None:
            self._runner.close()

    def outcome(self, value: Any) -> Any:
        """Return ``value``, or what it returns if it is a coroutine.

        Raises:
            RunningLoopError: it is a coroutine, and the loop of this thread is running already.
            BaseException: what the coroutine raises.
        """
        if not is_coroutine(value):
            return value
        if has_running_loop():
            value.close()
            raise RunningLoopError(
                f"{value.__qualname__}() returned a coroutine, and an event loop is running: "
                "declare the command with 'async def' and use 'await ex.run(...)'"
            )
        if self._runner is None:
            import asyncio

            self._runner = asyncio.Runner()
        return self._runner.run(value)


def is_cancellation(error: BaseException) -> bool:
    """Return whether ``error`` is the cancellation of a task."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and isinstance(error, asyncio.CancelledError)


def task_canceller() -> Callable[[], None]:
    """Return a function that cancels the current task; it may be called in any thread."""
    import asyncio

    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    return lambda: None if task is None else _call_soon(loop, task.cancel)


def _call_soon(loop: "asyncio.AbstractEventLoop", function: Callable[[], object]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(function)


async def await_value(value: Any) -> Any:
    """Return ``value``, or what it returns if it is a coroutine."""
    return await value if is_coroutine(value) else value
