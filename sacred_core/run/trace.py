"""The traceback of a run's exception, as the user wants to read it."""

import itertools
import traceback
from pathlib import Path

from sacred_core.serialization import INTERRUPTS, reason_of

_OWN = str(Path(__file__).resolve().parents[1])
#: The frames between ours and those of an asynchronous command.
_LOOP = str(Path(traceback.__file__).parent / "asyncio")
_traceback = BaseException.__dict__["__traceback__"]


def trace_lines(error: BaseException, keep_own: bool = False) -> list[str]:
    """Return the lines of the traceback, each with its newline.

    Frames of sacred-core itself are left out unless ``keep_own``, also in the exceptions that
    ``error`` came from; an exception that consists of nothing else keeps them. An exception that
    cannot be formatted is shown by its type and its own frames.
    """
    try:
        text = _formatted(error, keep_own)
    except INTERRUPTS:
        raise
    except BaseException as problem:  # noqa: BLE001 - attributes and methods of the user's class
        text = [
            "Traceback (most recent call last):\n",
            *_own_frames(error).format(),
            f"{reason_of(error)}\n",
            f"(The rest of the traceback cannot be formatted: {reason_of(problem)})\n",
        ]
    return [line for each in text for line in each.splitlines(keepends=True)]


def has_foreign_frames(error: BaseException) -> bool:
    """Tell whether ``error`` passed through code that is not sacred-core's."""
    frames = traceback.extract_tb(_traceback.__get__(error))
    return any(not frame.filename.startswith((_OWN, _LOOP)) for frame in frames)


def _formatted(error: BaseException, keep_own: bool) -> list[str]:
    whole = traceback.TracebackException.from_exception(error)
    if not keep_own:
        _leave_own_out(whole)
    return list(whole.format())


def _own_frames(error: BaseException) -> traceback.StackSummary:
    """Return the frames of ``error`` alone, also where its class raises for its attributes."""
    found = traceback.extract_tb(_traceback.__get__(error))
    users = [frame for frame in found if not frame.filename.startswith(_OWN)]
    return traceback.StackSummary.from_list(users or found)


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
