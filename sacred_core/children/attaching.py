"""How a process finds the run in which it was started, and records in it."""

import os
import stat
import threading
from pathlib import Path

from sacred_core import context
from sacred_core.children.child_run import ChildRun, OwnRun, SilentRun, start_child
from sacred_core.environment import RUN_VARIABLE, RunAddress, inherited_address, published_address
from sacred_core.exceptions import NoRunError, SpoolError, UsageError
from sacred_core.loggers import own_logger

_logger = own_logger(__name__)


class _Process:
    """What this process has attached to.

    Attributes:
        run: What `attach` returned; None before.
        lock: Held while it attaches.
    """

    def __init__(self) -> None:
        self.run: ChildRun | None = None
        self.lock = threading.RLock()


_process = _Process()


def attach(name: str | None = None) -> ChildRun:
    """Let this process record in the run that started it, as another writer.

    It can be called in any process that the run has started, directly or by other processes: forked
    and spawned ones, workers of pools, programs. Metrics have the name of the writer: ``loss`` of
    ``child1`` is ``loss@child1``. In the process of the run itself the returned object records in
    the run. Every call in one process returns the same object. The process ends as a writer at its
    exit, or with `ChildRun.close`.

    Example:
        ```python
        def evaluate(model):
            with attach() as child:
                child.log_scalar("accuracy", accuracy(model))
        ```

    Args:
        name: The name of the writer; by default ``child1``, ``child2``, and so on. If a process
            with this name has ended, a number is added.

    Returns:
        An object with `log_scalar`, `log_scalars`, `add_artifact`, `info` and `flush`. If the run
        has no observer with a store, it records nothing.

    Raises:
        NoRunError: the process was not started by a run.
        UsageError: a running process has the name, or this process is attached by another name.
        SpoolError: nothing can be recorded on this machine, or sacred-file is not installed.
    """
    with _process.lock:
        run = _process.run
        if run is not None and not run.is_closed:
            if name is not None and run.asked_name not in (None, name):
                raise UsageError(
                    f"this process is attached as {run.name!r}, so it cannot attach as {name!r}: "
                    "close() it first"
                )
            return run
        run = _attach(name)
        if not isinstance(run, OwnRun):  # the next call may be in another run of this process
            _process.run = context.attached_child = run
        return run


def _attach(name: str | None) -> ChildRun:
    own = context.current_run() if context.live_runs() else None
    if own is not None and not own.is_forked:
        return OwnRun(own)
    address = inherited_address() if own is None else published_address(own)
    if address is None:
        given = os.environ.get(RUN_VARIABLE)
        raise NoRunError(
            "attach() works only in a process that a run has started, or in the run itself: "
            + (
                f"the environment variable {RUN_VARIABLE} is not set"
                if given is None
                else f"the environment variable {RUN_VARIABLE} does not contain a run"
            )
        )
    if not address.folder:
        return SilentRun()
    if not address.stores:
        _logger.warning(
            "No observer of the run has a store: what this process logs is not recorded"
        )
        return SilentRun()
    return start_child(address, _private_folder(address), name)


def _private_folder(address: RunAddress) -> Path:
    """Create the private folder of a run, for this user alone.

    Raises:
        SpoolError: it cannot be created, or belongs to another user.
    """
    path = Path(address.folder)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.stat()
        if hasattr(os, "getuid") and found.st_uid != os.getuid():
            raise SpoolError(
                f"cannot record in {address.folder!r}: it belongs to another user; run the process "
                "as the user of the run"
            )
        if stat.S_IMODE(found.st_mode) & 0o077:
            path.chmod(0o700)
        _check_writable(path)
    except OSError as error:
        raise SpoolError(
            f"this process cannot record in the run: {address.folder!r}: "
            f"{error.strerror or error}. SETTINGS.SPOOL_DIR of the run names another folder"
        ) from error
    return path


def _check_writable(path: Path) -> None:
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(13, "it cannot be written")


def attached() -> ChildRun | None:
    """Return what this process has attached to, None if it has not."""
    return _process.run


def detach() -> None:
    """End the writer of this process, so that `attach` begins another one."""
    run, _process.run = _process.run, None
    if run is not None:
        run.close()
    context.attached_child = None


def _forget() -> None:
    """Let a forked process attach as a writer of its own."""
    _process.run = context.attached_child = None
    _process.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
