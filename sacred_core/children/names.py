"""Names of the writers of a run, each of which belongs to one process."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from sacred_core.exceptions import SpoolError, UsageError
from sacred_core.file_locks import ProcessLock, is_locked, lock_file
from sacred_core.spool.parts import NAMES
from sacred_core.stores.writers import part_id, require_writer

#: Names of processes that did not choose one have this and a number.
_DEFAULT = "child"
#: Seconds for which a process may have created the file of its name, but not locked it yet.
PATIENCE, _PAUSE = 0.5, 0.01


def claim_name(folder: Path, name: str | None, suffix: str = "") -> tuple[str, ProcessLock]:
    """Return a name that no other process has, and the lock that belongs to it until it ends.

    Without ``name`` it is ``child1``, ``child2``, and so on. A name whose process has ended gets a
    number: after ``eval`` there is ``eval-2``.

    Args:
        folder: The private folder of the run.
        name: The name that the user chose, or None.
        suffix: Follows the name.

    Raises:
        UsageError: a process that is running has the name, or it is not possible as one.
        SpoolError: the file system has no locks.
        OSError: the folder cannot be written.
    """
    names = folder / NAMES
    names.mkdir(mode=0o700, exist_ok=True)
    found = _default_names(names, suffix) if name is None else _further_names(require_writer(name))
    for each in (f"{each}{suffix}" for each in found):
        lock = _claim(names / part_id(each))
        if lock is not None:
            return each, lock
        if name is not None and _is_used(names / part_id(each)):
            raise UsageError(
                f"another process of the run records as {each!r}: choose another name, or "
                "attach() without one"
            )
    raise AssertionError  # there is always another name


def _default_names(names: Path, suffix: str) -> Iterator[str]:
    used = (entry.name.removeprefix(_DEFAULT) for entry in names.iterdir())
    numbers = [each.removesuffix(suffix) for each in used]
    number = max((int(each) for each in numbers if each.isascii() and each.isdigit()), default=0)
    while True:
        number += 1
        yield f"{_DEFAULT}{number}"


def _further_names(name: str) -> Iterator[str]:
    yield name
    number = 1
    while True:
        number += 1
        yield f"{name}-{number}"


def _claim(path: Path) -> ProcessLock | None:
    """Create and lock the file of a name; return None if it exists."""
    try:
        descriptor = lock_file(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    except FileExistsError:
        return None
    if descriptor is None:
        raise SpoolError(f"cannot lock {str(path)!r}: the file system must support locks")
    return ProcessLock(descriptor)


def _is_used(path: Path) -> bool:
    """Return whether a running process has a name. Its file is empty for a moment at first."""
    until = time.monotonic() + PATIENCE
    while path.exists():
        if is_locked(path):
            return True
        if path.stat().st_size or time.monotonic() > until:
            return False
        time.sleep(_PAUSE)
    return False
