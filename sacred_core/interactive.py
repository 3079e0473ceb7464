"""Notebooks and interactive sessions: whether the process is one, and what a cell is."""

import linecache
import os
import sys
from types import CodeType, FrameType
from typing import Any

from sacred_core.exceptions import SacredError


def is_interactive() -> bool:
    """Return whether a user types the code: in a notebook, in IPython or at Python's prompt."""
    return hasattr(sys, "ps1")  # https://docs.python.org/3/library/sys.html#sys.ps1


def is_cell(filename: str) -> bool:
    """Return whether the code of this file name was typed: it is not in a file.

    Args:
        filename: As in ``co_filename``. A debugger writes cells of a notebook to files.
    """
    if not is_interactive():
        return False
    entry = linecache.cache.get(filename)
    is_without_time = entry is not None and len(entry) > 1 and entry[1] is None
    return is_without_time or not os.path.isfile(filename)  # noqa: PTH113 - never raises


class SentenceOnly:
    """Removes all frames from an error of sacred-core that passes through the block in a notebook.

    For a `SyntaxError`, of which IPython shows all frames.
    """

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, SacredError) and is_interactive():
            error.__traceback__ = None


def add_definition(definitions: list[Any], new: Any) -> None:
    """Append a definition; that of a cell replaces the one that an earlier run of it made.

    In a notebook a cell is run again after it was changed. What it decorated before has the same
    name, and is in another version of the cell, or at the same line. In a script, and where a
    function is defined inside another one, nothing is replaced.

    Args:
        definitions: Functions, or objects that have one as ``function``.
        new: Another one.
    """
    code = _top_level_code(new)
    if code is None:
        definitions.append(new)
        return
    old = [index for index, each in enumerate(definitions) if _is_redefined(each, code)]
    position = old[0] if old else len(definitions)
    definitions[:] = [each for index, each in enumerate(definitions) if index not in old]
    definitions.insert(position, new)


def defining_file(namespace: dict[str, Any]) -> str:
    """Return the file name of the innermost code of a module that is being executed.

    Args:
        namespace: The global variables of the module.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals is not namespace:
        frame = frame.f_back
    return "" if frame is None else frame.f_code.co_filename


def code_of(definition: Any) -> CodeType | None:
    """Return the code of a function, or of that which an object has as ``function``; else None."""
    code = getattr(getattr(definition, "function", definition), "__code__", None)
    return code if isinstance(code, CodeType) else None


def _top_level_code(definition: Any) -> CodeType | None:
    """Return the code of a function that is defined at the top of a cell, else None."""
    code = code_of(definition)
    if code is None or code.co_qualname != code.co_name or not code.co_name.isidentifier():
        return None
    return code if is_cell(code.co_filename) else None


def _is_redefined(definition: Any, new: CodeType) -> bool:
    old = _top_level_code(definition)
    if old is None or old.co_name != new.co_name:
        return False
    return old.co_filename != new.co_filename or old.co_firstlineno == new.co_firstlineno
