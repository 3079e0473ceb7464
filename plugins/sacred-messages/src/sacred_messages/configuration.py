"""Reads what an observer needs from a file that contains a secret."""

import difflib
import os
from collections.abc import Sequence
from typing import Any

from sacred_core.config.files import load_config_file
from sacred_core.exceptions import ConfigFileError


def load_secret_config(
    filename: str | os.PathLike[str],
    required: Sequence[str],
    optional: Sequence[str],
    texts: Sequence[str],
) -> dict[str, Any]:
    """Return the entries of a configuration file; no error quotes a value.

    Optional entries that are null are omitted; templates that are null are empty.

    Raises:
        ConfigFileError: it cannot be read, lacks an entry, or has one that nothing reads.
    """
    entries = _load(filename)
    name = os.fspath(filename)
    for key in required:
        if entries.get(key) in (None, ""):
            raise ConfigFileError(
                f"the file {name!r} has no entry {key!r}: it needs {_join_names(required)}, and "
                f"may have {_join_names((*optional, *texts))}"
            )
    known = (*required, *optional, *texts)
    for key in entries:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"it may have {_join_names(known)}"
            raise ConfigFileError(f"the file {name!r} has an unknown entry {key!r}: {hint}")
    given = {key: value for key, value in entries.items() if value is not None}
    return given | {key: "" for key in texts if key in entries and key not in given}


def _load(filename: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        return load_config_file(filename)
    except ConfigFileError as error:
        cause = error.__cause__
        if cause is None or isinstance(cause, OSError):
            raise
    # Parsers quote the line that they do not understand, and it may be the one with the secret.
    raise ConfigFileError(
        f"the file {os.fspath(filename)!r} cannot be read: {type(cause).__name__}{_position(cause)}"
    )


def _position(error: BaseException) -> str:
    """Return where a parser stopped, if the error has the line."""
    line = getattr(error, "lineno", None)
    mark = getattr(error, "problem_mark", None)
    if line is None and mark is not None:
        line = mark.line + 1
    return f" in line {line}" if line is not None else ""


def _join_names(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
