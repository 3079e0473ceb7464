"""Which local files the code of an experiment is in."""

import functools
import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

import attrs

_FOREIGN_PARTS = frozenset({"site-packages", "dist-packages"})


@attrs.frozen(order=True)
class Source:
    """One file of code.

    Attributes:
        filename: Relative to the base folder.
        md5: Of its content, in hexadecimal.
        path: Where it is.
    """

    filename: str
    md5: str
    path: Path = attrs.field(order=False)


def sources_of(paths: Iterable[Path], base_dir: Path) -> list[Source]:
    """Return the files at ``paths`` as sources, by name."""
    return sorted(Source(os.path.relpath(path, base_dir), md5_of(path), path) for path in paths)


def local_modules(base_dir: Path) -> Iterator[tuple[ModuleType, Path]]:
    """Yield the imported modules whose files are below ``base_dir``, with these.

    The standard library, installed packages and environments are no sources.
    """
    base = os.path.join(base_dir, "")
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(".py"):
            path = _real(file)
            if path.startswith(base) and not is_foreign(path):
                yield module, Path(path)


def files_below(base_dir: Path) -> Iterator[Path]:
    """Yield the Python files below ``base_dir``, but those of environments and hidden folders."""
    for folder, names, files in os.walk(base_dir):
        if "pyvenv.cfg" in files:
            names.clear()
            continue
        names[:] = [name for name in names if name[0] not in "._" and name not in _FOREIGN_PARTS]
        yield from (Path(folder, name) for name in files if name.endswith(".py"))


def is_foreign(path: str) -> bool:
    """Tell whether ``path`` belongs to Python itself or to an installed package."""
    return path.startswith(_python_folders()) or not _FOREIGN_PARTS.isdisjoint(path.split(os.sep))


# Asking the file system about each part of each path takes most of the time that sources take.
_real = functools.cache(os.path.realpath)


@functools.cache
def _python_folders() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = {sysconfig.get_path(name) for name in names}
    return tuple(os.path.join(os.path.realpath(folder), "") for folder in folders)


def md5_of(path: Path) -> str:
    """Return the md5 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
