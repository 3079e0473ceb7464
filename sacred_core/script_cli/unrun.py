"""A warning at the end of a script that defines a main function and never runs it.

It is printed only where it is certain: the script was executed to its last line, it has no name of
a method that runs an experiment, no experiment of the process was run, and nobody can still run it.
"""

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType

#: Methods that run an experiment; a script with one of them, in any place, is not watched.
_METHODS = frozenset(("automain", "create_run", "new_run", "run", "run_command", "run_commandline"))
#: The instructions that end a module that raised nothing, in the versions of Python.
_RETURNS = ("RETURN_VALUE", "RETURN_CONST")


def watch(name: str, frame: FrameType | None, was_used: Callable[[], bool]) -> None:
    """Print the warning at the end of the process, if it applies.

    Args:
        name: The name of the experiment.
        frame: The frame that defines the main function; it is in the module ``__main__``.
        was_used: Returns whether an experiment of the process was run.
    """
    while frame is not None and frame.f_code.co_name != "<module>":
        frame = frame.f_back
    if frame is None or not frame.f_globals.get("__file__") or _is_interactive():
        return
    if not _METHODS.intersection(_names(frame.f_code)):
        atexit.register(_warn, name, frame, os.getpid(), was_used)


def _warn(name: str, frame: FrameType, pid: int, was_used: Callable[[], bool]) -> None:
    is_child = os.getpid() != pid
    if is_child or was_used() or _is_interactive() or not _ended_normally(frame):
        return
    print(
        f"Warning: the experiment {name!r} was defined, but not run: use @ex.automain in place of "
        "@ex.main, or call ex.run_commandline() at the end of the file",
        file=sys.stderr,
    )


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that a module uses, those in its functions and classes included."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
        elif isinstance(constant, str):  # as in getattr(ex, "run")
            yield constant


def _ended_normally(frame: FrameType) -> bool:
    """Return whether a module reached its end: not by an exception, such as ``sys.exit()``."""
    import dis

    return dis.opname[frame.f_code.co_code[frame.f_lasti]] in _RETURNS


def _is_interactive() -> bool:
    """Return whether the user can run the experiment after the script, as with ``python -i``."""
    ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return bool(
        sys.flags.interactive
        or hasattr(sys, "ps1")
        or os.environ.get("PYTHONINSPECT")
        or ipython() is not None
    )
