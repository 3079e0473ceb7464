"""Is the source in a file the one that was compiled to the code that is loaded?

A file may be edited while a slow import of the program runs, or after its module was imported.
Then its source is not what runs. The proof is to compile it and to compare the code objects.
"""

import functools
import importlib.machinery
import zipimport
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any

#: Loaders that compile what is in the file. Others, such as pytest's, change it on the way.
_LOADERS = (importlib.machinery.SourceFileLoader, zipimport.zipimporter)


def is_comparable(namespace: Mapping[str, Any]) -> bool:
    """Return whether the module of this namespace was compiled from its file as it was."""
    return type(namespace.get("__loader__")) in _LOADERS


def is_source_of(text: str, filename: str, code: CodeType) -> bool:
    """Return whether compiling ``text`` gives ``code``, a module or something inside of one."""
    return code in _codes(text, filename)


def line_of(text: str, filename: str, code: CodeType) -> int | None:
    """Return the line of ``text`` where the source of ``code`` begins; None if it is not there.

    It may have moved, because lines were added above it.
    """
    found = _codes(text, filename)
    if code in found:
        return code.co_firstlineno
    without_lines = _without_lines(code)
    return next(
        (
            other.co_firstlineno
            for other in found
            if other.co_name == code.co_name and _without_lines(other) == without_lines
        ),
        None,
    )


def functions_in(namespace: Mapping[str, Any], filename: str) -> Iterator[CodeType]:
    """Yield the code of the functions in ``namespace`` and its classes that ``filename`` has."""
    for value in list(namespace.values()):
        members = list(vars(value).values()) if isinstance(value, type) else [value]
        for member in members:
            function = getattr(member, "__wrapped__", member)
            if isinstance(function, FunctionType) and function.__code__.co_filename == filename:
                yield function.__code__


@functools.lru_cache(maxsize=64)
def _codes(text: str, filename: str) -> frozenset[CodeType]:
    try:
        module = compile(text, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(_with_inner(module))


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _with_inner(constant)


def _without_lines(code: CodeType) -> CodeType:
    constants = [_without_lines(c) if isinstance(c, CodeType) else c for c in code.co_consts]
    return code.replace(co_firstlineno=1, co_linetable=b"", co_consts=tuple(constants))
