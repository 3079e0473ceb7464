"""Which run am I in?

It is in a context variable; a plain thread, which starts with an empty context, belongs to
the process's only active run.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from sacred_core.environment import withdraw_address
from sacred_core.exceptions import AmbiguousRunError, ForkedRunError, NoRunError
from sacred_core.plurals import counted

_current: ContextVar[Any] = ContextVar("sacred_core_run", default=None)
# No lock: each step is atomic, and a forked child must not inherit one that is held.
_live: list[Any] = []
#: Called with an experiment and a request in place of `sacred_core.run.creation.new_run`, in a
#: process that repeats a recorded run; else None.
run_creator: Callable[[Any, Any], Any] | None = None
#: What `sacred_core.attach` returned in this process: it records in the run of another process.
attached_child: Any = None


class DetachedRun:
    """The ``_run`` of a captured function that was pickled for another process.

    It has the attributes of what `sacred_core.attach` returned there, and is false before.
    """

    def __bool__(self) -> bool:
        return attached_child is not None

    def __getattr__(self, name: str) -> Any:
        if attached_child is None:
            raise ForkedRunError(
                f"_run.{name} cannot be used in another process than that of the run (pid "
                f"{os.getpid()}): return the values to that process and use it there, or call "
                "sacred_core.attach() first"
            )
        return getattr(attached_child, name)


@contextmanager
def running(run: Any) -> Iterator[None]:
    """Make ``run`` the current one inside the ``with`` block, and live in the process."""
    _live.append(run)
    token = _current.set(run)
    try:
        yield
    finally:
        _live.remove(run)
        withdraw_address(run)
        with suppress(ValueError):  # a coroutine that is closed from another context
            _current.reset(token)


def live_runs() -> list[Any]:
    """Return the runs in progress in this process, in the order in which they started."""
    return list(_live)


def run_of_context() -> Any:
    """Return the run that the caller was started in, or None; never that of another thread."""
    run = _current.get()
    return run if run in _live else None


def current_run() -> Any:
    """Return the run that the caller belongs to, or None if none is running.

    Raises:
        AmbiguousRunError: several runs are active and this thread was started without a context.
    """
    run = _current.get()
    if run is not None and run in _live:  # `run_of_context`, without another call
        return run
    return _only(live_runs())


def current_run_of(owner: object) -> Any:
    """Return the active run of the experiment ``owner`` that the caller is in, or None.

    That of a nested run is the innermost of ``owner``.

    Raises:
        AmbiguousRunError: several are active and this thread was started without a context.
    """
    run = run_of_context()
    while run is not None and run.owner is not owner:
        run = run.outer
    return run or _only([live for live in live_runs() if live.owner is owner])


def require_run(what: str) -> Any:
    """Return the current run, or what records in the run of another process.

    Args:
        what: The operation, for the error.

    Raises:
        NoRunError: none is running.
    """
    run = current_run() or attached_child
    if run is None:
        raise NoRunError(f"{what} works only while the experiment is running")
    return run


def _only(live: list[Any]) -> Any:
    if len(live) > 1:
        raise AmbiguousRunError(
            f"{counted(len(live), 'run')} are running and it is not clear which one this thread "
            "belongs to: start it with threading.Thread(target=contextvars.copy_context().run, "
            "args=(function, ...))"
        )
    return live[0] if live else None
