"""The end of a run: its result, or the exception, whose own code may raise."""

import itertools
import traceback
from collections.abc import Iterator

from sacred_core.exceptions import SacredError
from sacred_core.frames import LOOP_FOLDER, is_own, users_traceback
from sacred_core.interactive import is_interactive
from sacred_core.masking import mask_text, mask_value
from sacred_core.serialization import INTERRUPTS, plain, reason_of, unreadable


def result_text(result: object) -> str:
    """Return the text of a result for the log, without secrets.

    Of what has no text, the plain data is shown; where that is a string, the type and the reason.
    """
    shown, secrets = mask_value(plain(result))
    if secrets:
        return mask_text(repr(shown))
    try:
        return mask_text(str.__str__(repr(result)))
    except INTERRUPTS:
        raise
    except BaseException as error:  # noqa: BLE001 - foreign code
        text = unreadable(result, error, "shown") if isinstance(shown, str) else repr(shown)
        return mask_text(text)


def is_successful_exit(error: BaseException) -> bool:
    """Return whether ``error`` is ``sys.exit()`` or ``sys.exit(0)``."""
    if not isinstance(error, SystemExit):
        return False
    # Another object may have a comparison that raises, as arrays have.
    return error.code is None or (issubclass(type(error.code), int) and int(error.code) == 0)


def interrupt_status(error: BaseException) -> str:
    """Return the status of a run that ``error`` interrupted."""
    try:
        status = getattr(error, "STATUS", None)
        return "INTERRUPTED" if status is None else str(plain(status))
    except INTERRUPTS:
        raise
    except BaseException:  # noqa: BLE001 - an attribute of the user's class
        return "INTERRUPTED"


#: Those of the base class: the user's may have attributes of these names.
_traceback = BaseException.__dict__["__traceback__"]
_cause, _context = BaseException.__dict__["__cause__"], BaseException.__dict__["__context__"]


def trace_lines(error: BaseException, keep_own: bool = False) -> list[str]:
    """Return the lines of the traceback, each with its newline.

    Frames of sacred-core itself are omitted unless ``keep_own``, also in the exceptions that
    ``error`` came from; an exception that consists of nothing else retains them, unless it is a
    `SyntaxError`. An exception that cannot be formatted is shown by its type and its own frames.
    """
    try:
        text = _format(error, keep_own)
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
    """Return whether ``error`` passed through code that is not sacred-core's."""
    frames = traceback.extract_tb(_traceback.__get__(error))
    files = [frame.filename for frame in frames]
    return any(not is_own(file) and not file.startswith(LOOP_FOLDER) for file in files)


def is_sentence(error: BaseException) -> bool:
    """Return whether ``error`` is shown by its message alone."""
    return isinstance(error, SacredError) and not (
        error.print_traceback and has_foreign_frames(error)
    )


class UsersFrames:
    """Removes the frames of sacred-core from what passes through the block in a notebook.

    Elsewhere nothing is changed: there `trace_lines` makes what is printed.

    Args:
        is_debugging: Nothing is changed, so that a debugger sees the whole stack.
    """

    def __init__(self, is_debugging: bool = False) -> None:
        self.is_debugging = is_debugging

    def __enter__(self) -> "UsersFrames":
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and is_interactive() and not self.is_debugging:
            for each in _chain(error, set()):
                _hide_own_frames(each)


def _chain(error: BaseException, seen: set[int]) -> Iterator[BaseException]:
    """Yield an exception and those that it came from or contains."""
    if id(error) in seen:
        return
    seen.add(id(error))
    yield error
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for each in (_cause.__get__(error), _context.__get__(error), *inner):
        if each is not None:
            yield from _chain(each, seen)


def _hide_own_frames(error: BaseException) -> None:
    if is_sentence(error):
        _traceback.__set__(error, None)
        return
    trace = users_traceback(_traceback.__get__(error))
    if trace is not None:  # else it is an error in sacred-core
        _traceback.__set__(error, trace)


def _format(error: BaseException, keep_own: bool) -> list[str]:
    whole = traceback.TracebackException.from_exception(error)
    if not keep_own:
        _leave_own_out(whole)
    return list(whole.format())


def _own_frames(error: BaseException) -> traceback.StackSummary:
    """Return the frames of ``error`` alone, also where its class raises for its attributes."""
    found = traceback.extract_tb(_traceback.__get__(error))
    users = [frame for frame in found if not is_own(frame.filename)]
    return traceback.StackSummary.from_list(users or found)


def _leave_own_out(part: traceback.TracebackException | None) -> None:
    while part is not None:
        foreign = [frame for frame in part.stack if not is_own(frame.filename)]
        users = itertools.dropwhile(lambda frame: frame.filename.startswith(LOOP_FOLDER), foreign)
        has_place = getattr(part, "lineno", None) is not None  # of a SyntaxError
        part.stack[:] = list(users) or foreign or ([] if has_place else part.stack)
        for inner in getattr(part, "exceptions", None) or ():
            _leave_own_out(inner)
        if part.__cause__ is not None and part.__context__ is not None:
            _leave_own_out(part.__context__)
        part = part.__cause__ or part.__context__
