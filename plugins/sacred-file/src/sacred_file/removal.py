"""Deletes runs, and the content of the shared folders that only they used.

The folder of a run is first moved to `TRASH`, in one step: of several processes one does that, and
from then on the run is not there. What follows is repeated by the next deletion where it was
interrupted. Content that a running run may be about to name stays, with a list in `TRASH` for
later deletions: a run that starts, or has read many files, stores content before it names it.
Content is as old as its last use, by the clock of the file system that has it.
"""

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs

from sacred_core.atomic_files import create_if_missing
from sacred_core.exceptions import StoreError
from sacred_core.stores import make_run
from sacred_core.stores.folder_format import (
    RESOURCES,
    RUN,
    SOURCES,
    is_content_name,
    is_run_name,
    json_bytes,
    run_fields,
    shared_names,
)
from sacred_core.stores.record_files import read_json
from sacred_file import layout
from sacred_file.ids import note_deleted

#: Where folders of deleted runs are until everything of them is removed.
TRASH = "_deleted"
_LIST = "shared.json"
#: Nanoseconds. A run that wrote nothing for so long is not about to name anything.
_IDLE = 3_600 * 10**9


def delete_run(root: Path, folder: Path, is_part: bool = False) -> bool:
    """Delete the run in ``folder``, and return whether it was this call that did it.

    Args:
        root: The folder of all runs.
        folder: Of the run, or of a part.
        is_part: It is a part of a run, which has no number.

    Raises:
        StoreError: something cannot be removed.
    """
    try:
        is_moved = False
        if layout.is_run_folder(folder):
            if not is_part:
                note_deleted(root, folder.name)
            is_moved = _move_to_trash(root, folder) is not None
        empty_trash(root)
    except OSError as error:
        raise StoreError(f"run {folder.name!r} cannot be deleted completely: {error}") from error
    return is_moved


def empty_trash(root: Path) -> None:
    """Remove what deletions have left, as far as no run uses it."""
    try:
        names = sorted(os.listdir(root / TRASH))  # noqa: PTH208 - names, not paths
    except FileNotFoundError:
        return
    for name in names:
        with contextlib.suppress(FileNotFoundError):  # another process does the same
            _remove_own(root / TRASH / name)
    _remove_shared(root, [root / TRASH / name for name in names])
    with contextlib.suppress(OSError):  # it is not empty
        (root / TRASH).rmdir()


def content_path(root: Path, name: str) -> Path | None:
    """Return the file of shared content that a record names; None for any other file.

    Shared content is directly in `RESOURCES` or `SOURCES` below ``root`` and has a
    digest in its name. A record may be edited, or written by another program: what it names may be
    a file of another run, or, by links, outside of the store.
    """
    if "\0" in name or not is_content_name(name):
        return None
    given = Path(os.path.normpath(root / name))
    for folder in (SOURCES, RESOURCES):
        path = root / folder / given.name
        # Sacred names content by its path as seen from where the script was started.
        is_named = given == path or (folder in given.parts and not given.exists())
        if is_named and not _is_link(path.parent) and not _is_link(path) and path.is_file():
            return path
    return None


@attrs.frozen
class _Used:
    """The content that the runs of a store use.

    Attributes:
        paths: Content that they name; None where one cannot be read.
        since: Content that was used at this time or later may be about to be named.
    """

    paths: set[Path] | None
    since: int


def _move_to_trash(root: Path, path: Path) -> Path | None:
    """Move a file or folder in one step, and return where it is; None if it is missing."""
    trash = root / TRASH
    aside = trash / f"{path.name}.{os.urandom(8).hex()}"
    while os.path.lexists(path):
        trash.mkdir(exist_ok=True)
        # Another process may move it first, or remove the trash, which is empty.
        with contextlib.suppress(FileNotFoundError):
            path.rename(aside)
            return aside
    return None


def _remove_own(folder: Path) -> None:
    """Remove all of a deleted run but a list of the content that it shared."""
    if folder.is_symlink() or not folder.is_dir():
        folder.unlink()
        return
    listed = folder / _LIST
    if not listed.exists():
        names: set[str] = set()
        for each in (folder, *layout.part_folders(folder)):
            with contextlib.suppress(ValueError, OSError, RecursionError, MemoryError):
                names.update(_shared_names(read_json(each / RUN, {})))
        # Another process may have written the list, and removed the record, since.
        create_if_missing(listed, json_bytes(sorted(names)))
    for entry in os.scandir(folder):
        if entry.name == _LIST:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, onerror=_ignore_missing)
        else:
            Path(entry.path).unlink(missing_ok=True)


def _shared_names(entry: Any) -> Iterator[str]:
    """Yield the names of shared content in the record of a run or of a part, as for both."""
    for name in shared_names(entry):
        yield name
        yield layout.shared_name(name)


def _ignore_missing(function: Callable[..., Any], path: str, info: Any) -> None:
    if not isinstance(info[1], FileNotFoundError):
        raise info[1]


def _remove_shared(root: Path, folders: Iterable[Path]) -> None:
    wanted = {folder: set(_own_paths(root, folder)) for folder in folders}
    others = _find_used(root) if any(wanted.values()) else _Used(set(), 0)
    for folder, paths in wanted.items():
        left = paths if others.paths is None else paths - others.paths
        if others.paths is not None:
            left = {path for path in left if not _remove_unless_used(path, root, others.since)}
        if not left:
            with contextlib.suppress(FileNotFoundError):
                (folder / _LIST).unlink()
                _remove_empty(folder)


def _remove_empty(folder: Path) -> None:
    """Remove a folder; one in which another deletion writes its list is left to that deletion."""
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def _own_paths(root: Path, folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError, ValueError, TypeError):
        for name in json.loads((folder / _LIST).read_bytes()):
            if (path := content_path(root, name)) is not None:
                yield path


def _remove_unless_used(path: Path, root: Path, since: int) -> bool:
    """Remove content unless it was used lately; another process may use it at this moment."""
    with contextlib.suppress(FileNotFoundError):  # it is removed already
        if path.stat().st_mtime_ns >= since:
            return False
        if (aside := _move_to_trash(root, path)) is None:
            return True
        if aside.stat().st_mtime_ns >= since:
            aside.rename(path)
            return False
        aside.unlink()
    return True


def _find_used(root: Path) -> _Used:
    with tempfile.TemporaryFile(dir=root) as clock:  # without a name: others empty the trash
        since = now = os.fstat(clock.fileno()).st_mtime_ns
    paths: set[Path] | None = set()
    for folder in _run_folders(root):
        try:
            entry = read_json(folder / RUN, {})
            if paths is not None:
                found = (content_path(root, name) for name in _shared_names(entry))
                paths.update(path for path in found if path is not None)
            if _is_running(folder, entry, now):
                since = min(since, *_times(folder))
        except FileNotFoundError:
            continue  # it was deleted meanwhile
        except (ValueError, OSError, RecursionError, MemoryError):
            paths = None  # what it uses is unknown
    return _Used(paths, since)


def _run_folders(root: Path) -> Iterator[Path]:
    """Yield the folders of all runs and of their parts."""
    for folder in root.iterdir():
        if is_run_name(folder.name) and folder.is_dir():
            yield folder
            yield from layout.part_folders(folder)


def _is_running(folder: Path, entry: Any, now: int) -> bool:
    """Return whether the run in ``folder`` may be about to name content.

    A run without a record is starting. Clocks of machines differ: what counts beside the
    heartbeat is when the folder was last written to.
    """
    status = entry.get("status") if isinstance(entry, dict) else None
    if status not in (None, "RUNNING"):
        return False
    if max(_times(folder)) > now - _IDLE:
        return True
    return make_run(folder.name, run_fields(lambda: entry)).is_running()


def _times(folder: Path) -> list[int]:
    times = [folder.stat().st_mtime_ns]
    for entry in os.scandir(folder):
        with contextlib.suppress(FileNotFoundError):
            times.append(entry.stat(follow_symlinks=False).st_mtime_ns)
    return times


def _is_link(path: Path) -> bool:
    return path.is_symlink() or (hasattr(path, "is_junction") and path.is_junction())
