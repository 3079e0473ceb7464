"""Writes the stored sources and resources of a run into the folder of a rerun."""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sacred_core.contained_files import ContainedFolder
from sacred_core.exceptions import OutsideStoreError, RerunError, StoreError
from sacred_core.provenance.sources import md5_of
from sacred_core.rerun.layout import Layout
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore
from sacred_core.system_errors import system_error_text

_PART = 1 << 20
#: Folders above the sources whose resources are restored at their places, not used where they are.
_NEAR = 2


def restore_sources(store: RunStore, run: StoredRun, layout: Layout) -> list[str]:
    """Write the sources of a run at their names, and return what the user should know.

    A file that is there already, with another content, is replaced.

    Raises:
        RerunError: a content is not stored, has another digest, or its name leads elsewhere.
    """
    warnings = []
    for name, digest in run.sources.items():
        path = layout.path_of(name)
        if _has_digest(path, digest):
            continue
        if path.is_file():
            warnings.append(
                f"{name!r} in the repository differs from the stored source, which is used"
            )
        if digest is None:
            warnings.append(f"the digest of the source {name!r} is not recorded")
        _restore(store, run, "source", name, digest, layout.folder, path)
    return warnings


def levels_above_resources(run: StoredRun) -> int:
    """Return how many folders above the sources contain the resources that are near them.

    They are restored there, so that a script finds ``../data/train.csv``.
    """
    base_dir = Path(str(run.experiment.get("base_dir")))
    above = [base_dir, *base_dir.parents[:-1][:_NEAR]]  # without the root of the file system
    levels = 0
    for name in run.resource_info:
        found = (n for n, each in enumerate(above) if Path(name).is_relative_to(each))
        levels = max(levels, next(found, 0))
    return levels


def restore_resources(store: RunStore, run: StoredRun, layout: Layout) -> list[str]:
    """Write the resources that were in the folder of the sources, and check all others.

    Returns:
        A line for each resource that is not available with the recorded content.

    Raises:
        RerunError: the stored content has another digest.
    """
    warnings = []
    for name, info in run.resource_info.items():
        path = layout.moved(name)
        if path is None:
            problem = _problem_of(Path(name), info.md5)
        elif path.is_file() and (info.md5 is None or _has_digest(path, info.md5)):
            problem = None
        else:
            problem = _restore_resource(store, run, name, info.md5, layout.folder, path)
        if path is not None and not path.is_relative_to(layout.inside(layout.base)):
            # A script may open it by its absolute path, where it is not restored.
            is_there = Path(name).is_file()
            problem = problem or (_problem_of(Path(name), info.md5) if is_there else None)
        if problem:
            warnings.append(f"the resource {name!r} {problem}")
    return warnings


def write_inside(folder: Path, path: Path, content: bytes) -> None:
    """Write a file below ``folder``; what was there, also a link, is replaced.

    Raises:
        RerunError: a link leads out of the folder, or the file cannot be written.
    """
    with _writing(folder, path) as new:
        new.write_bytes(content)


def create_folder(folder: Path, path: Path) -> None:
    """Create a folder in ``folder``, with those that contain it.

    Raises:
        RerunError: a link leads out of ``folder``, or it cannot be created.
    """
    try:
        ContainedFolder(folder).require(path)
        path.mkdir(parents=True, exist_ok=True)
    except OutsideStoreError:
        raise RerunError(f"{str(path)!r} leads out of the folder of the rerun") from None
    except OSError as error:
        raise RerunError(f"cannot create {str(path)!r}: {system_error_text(error)}") from error


def _restore_resource(
    store: RunStore, run: StoredRun, name: str, digest: str | None, folder: Path, path: Path
) -> str | None:
    """Write a resource at ``path``; return why it is not available."""
    try:
        _restore(store, run, "resource", name, digest, folder, path)
    except StoreError as error:
        original = Path(name)
        if digest is None or not _has_digest(original, digest):
            return f"cannot be restored: {error}"
        write_inside(folder, path, original.read_bytes())
    return None


def _problem_of(path: Path, digest: str | None) -> str | None:
    """Return why a resource outside of the folder of the sources is not as it was."""
    if not path.is_file():
        return "is missing: it was read from there, outside of the folder of the sources"
    if digest is not None and not _has_digest(path, digest):
        return f"has changed: its md5 was {digest}"
    return None


def _restore(
    store: RunStore, run: StoredRun, kind: str, name: str, digest: str | None,
    folder: Path, path: Path,
) -> None:  # fmt: skip
    """Copy a file of a run to ``path``, and check its digest.

    Raises:
        RerunError: it is a source without content, or the digest differs.
        StoreError: the store has no such resource.
    """
    try:
        source = store.open_file(run.id, kind, name)
    except StoreError as error:
        if kind != "source" or not isinstance(error, StoreError):
            raise
        raise RerunError(f"the content of the source {name!r} cannot be read: {error}") from None
    digester = hashlib.md5(usedforsecurity=False)
    with source, _writing(folder, path) as new:
        with new.open("wb") as file:
            while part := source.read(_PART):
                digester.update(part)
                file.write(part)
        found = digester.hexdigest()
        if digest is not None and found != digest:
            raise RerunError(
                f"the stored content of the {kind} {name!r} is damaged: its md5 is {found}, and "
                f"{digest} is recorded"
            )


@contextlib.contextmanager
def _writing(folder: Path, path: Path) -> Iterator[Path]:
    """Yield a new file outside of ``folder`` that is moved to ``path`` after the block."""
    try:
        ContainedFolder(folder).require(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        ContainedFolder(folder).require(path.parent)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        os.close(descriptor)
        new = Path(name)
        try:
            yield new
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            new.chmod(0o644)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except OutsideStoreError:
        raise RerunError(f"{str(path)!r} leads out of the folder of the rerun") from None
    except OSError as error:
        raise RerunError(f"cannot write {str(path)!r}: {system_error_text(error)}") from error


def _has_digest(path: Path, digest: str | None) -> bool:
    with contextlib.suppress(OSError):
        return digest is not None and not path.is_symlink() and md5_of(path) == digest
    return False
