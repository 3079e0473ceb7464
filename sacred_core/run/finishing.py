"""Starting a run and waiting for its end, whether its command is asynchronous or not."""

from collections.abc import Awaitable
from typing import Any, cast

from sacred_core.run.conclusion import UsersFrames
from sacred_core.run.coroutines import is_coroutine
from sacred_core.run.run import Run


def finish_run(run: Run, *args: Any) -> Run:
    """Call ``run`` and return it; what has to be awaited, as a coroutine that returns it."""
    outcome = run(*args)
    return cast(Run, _finish_in_loop(run, outcome)) if is_coroutine(outcome) else run


async def _finish_in_loop(run: Run, outcome: Awaitable[Any]) -> Run:
    with UsersFrames(run.debug):
        await outcome
    return run
