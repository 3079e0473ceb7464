"""The frames of a traceback that are not those of sacred-core."""

import itertools
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

#: With a separator at the end: other packages may have a name that begins with ours.
OWN_FOLDER = f"{Path(__file__).resolve().parent}{os.sep}"
#: The frames between ours and those of an asynchronous command.
LOOP_FOLDER = f"{Path(traceback.__file__).parent / 'asyncio'}{os.sep}"


#: `OWN_FOLDER`, and those of plugins that call the user's code.
_own_folders: tuple[str, ...] = (OWN_FOLDER,)


def hide_frames(folder: Path) -> None:
    """Treat the code in a folder, that of a plugin which calls the user's code, as sacred-core."""
    global _own_folders
    _own_folders = (*dict.fromkeys((*_own_folders, f"{folder.resolve()}{os.sep}")),)


def is_own(filename: str) -> bool:
    """Return whether a file contains code whose frames are hidden from the user."""
    return filename.startswith(_own_folders)


def users_traceback(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without frames of sacred-core; None if it has no others."""
    foreign = [each for each in _entries(trace) if not is_own(_file_of(each))]
    users = itertools.dropwhile(lambda each: _file_of(each).startswith(LOOP_FOLDER), foreign)
    kept: TracebackType | None = None
    for each in reversed([*users] or foreign):
        kept = TracebackType(kept, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return kept


def _entries(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _file_of(entry: TracebackType) -> str:
    return entry.tb_frame.f_code.co_filename
