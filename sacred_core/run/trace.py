"""The traceback of a run's exception, as the user wants to read it."""

import itertools
import traceback
from pathlib import Path

_OWN = str(Path(__file__).resolve().parents[1])
#: The frames between ours and those of an asynchronous command.
_LOOP = str(Path(traceback.__file__).parent / "asyncio")


def trace_lines(error: BaseException, keep_own: bool = False) -> list[str]:
    """Return the lines of the traceback, each with its newline.

    Frames of sacred-core itself are left out unless ``keep_own``, also in the exceptions that
    ``error`` came from; an exception that consists of nothing else keeps them.
    """
    whole = traceback.TracebackException.from_exception(error)
    if not keep_own:
        _leave_own_out(whole)
    return [line for text in whole.format() for line in text.splitlines(keepends=True)]


def has_foreign_frames(error: BaseException) -> bool:
    """Tell whether ``error`` passed through code that is not sacred-core's."""
    frames = traceback.extract_tb(error.__traceback__)
    return any(not frame.filename.startswith((_OWN, _LOOP)) for frame in frames)


def _leave_own_out(part: traceback.TracebackException | None) -> None:
    while part is not None:
        foreign = [frame for frame in part.stack if not frame.filename.startswith(_OWN)]
        users = itertools.dropwhile(lambda frame: frame.filename.startswith(_LOOP), foreign)
        part.stack[:] = list(users) or foreign or part.stack
        for inner in getattr(part, "exceptions", None) or ():
            _leave_own_out(inner)
        if part.__cause__ is not None and part.__context__ is not None:
            _leave_own_out(part.__context__)
        part = part.__cause__ or part.__context__
