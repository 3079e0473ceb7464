"""Which local files the code of an experiment is in, and which changed after they were loaded."""

import functools
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

import attrs

from sacred_core.loaded_code import functions_in, is_comparable, is_source_of
from sacred_core.loggers import own_logger
from sacred_core.provenance.generated import content_path
from sacred_core.provenance.loaded_modules import loaded_modules
from sacred_core.regular_files import open_regular
from sacred_core.shared_methods import ValueMethods
from sacred_core.stable_files import FileVersion, file_version, unless_changed

_logger = own_logger(__name__)
_FOREIGN_PARTS = frozenset({"site-packages", "dist-packages"})


class Source(NamedTuple):
    """One file of code.

    Attributes:
        filename: Relative to the base folder.
        md5: Of its content, in hexadecimal.
        path: Where it is.
    """

    filename: str
    md5: str
    path: Path


def sources_of(paths: Iterable[Path], base_dir: Path) -> list[Source]:
    """Return the files at ``paths`` as sources, by name; those that cannot be read are skipped."""
    found = []
    for path in paths:
        try:
            found.append(Source(os.path.relpath(path, base_dir), md5_of(path), path))
        except OSError as error:
            _warn_once(f"The source {str(path)!r} is not recorded: {error.strerror}")
    return sorted(found)


def local_modules(base_dir: Path) -> list[tuple[ModuleType, Path]]:
    """Return the imported modules whose files are below ``base_dir``, with these.

    The file of a module in an archive (a zip file, a zipapp) is the archive. The standard library,
    installed packages and environments are not sources.
    """
    loaded = loaded_modules()
    if base_dir not in loaded.findings:
        loaded.findings[base_dir] = list(_modules_below(base_dir, loaded.modules))
    found: list[tuple[ModuleType, Path]] = loaded.findings[base_dir]
    return found


def _modules_below(
    base_dir: Path, modules: Iterable[ModuleType]
) -> Iterator[tuple[ModuleType, Path]]:
    base = os.path.join(base_dir, "")
    for module in modules:
        file = _file_of(module)
        if file is not None and file.endswith(".py"):
            path = _real(file)
            if path.startswith(base) and not is_foreign(path):
                yield module, Path(containing_file(path))


def _file_of(module: ModuleType) -> str | None:
    try:
        file = getattr(module, "__file__", None)
    except Exception:  # noqa: BLE001 - what libraries put in sys.modules may raise anything
        return None
    if not isinstance(file, str):
        return None
    # Loaders set absolute paths. Libraries make up others: torch.ops has "_ops.py".
    return file if os.path.isabs(file) or os.path.exists(file) else None


@functools.cache
def containing_file(path: str) -> str:
    """Return the archive that ``path`` is in, or ``path`` where it is in none."""
    if not os.path.isfile(path):
        for folder in map(str, Path(path).parents):
            if os.path.isfile(folder):
                return folder
    return path


@functools.cache
def _warn_once(message: str) -> None:
    _logger.warning("%s", message)


def files_below(base_dir: Path) -> Iterator[Path]:
    """Yield the Python files below ``base_dir``, but those of environments and hidden folders."""
    for folder, names, files in os.walk(base_dir):
        if "pyvenv.cfg" in files:
            names.clear()
            continue
        names[:] = [name for name in names if name[0] not in "._" and name not in _FOREIGN_PARTS]
        yield from (Path(folder, name) for name in files if name.endswith(".py"))


def is_foreign(path: str) -> bool:
    """Return whether ``path`` belongs to Python itself or to an installed package."""
    return path.startswith(_python_folders()) or not _FOREIGN_PARTS.isdisjoint(path.split(os.sep))


@functools.cache
def _real(file: str) -> str:
    try:
        if os.path.islink(file):
            return os.path.realpath(file)
        folder, name = os.path.split(file)
        return os.path.join(_real_folder(folder), name)
    except (OSError, ValueError):  # the working directory is gone; a null character
        return file


# Asking the file system about each part of each path took most of the time that sources take.
@functools.cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


@functools.cache
def _python_folders() -> tuple[str, ...]:
    """Return the folders of Python and of installed packages, which end with a separator.

    On POSIX they follow from the standard library's; `sysconfig` reads a large file for that.
    Those of installed packages have a part in `_FOREIGN_PARTS` there.
    """
    if os.name == "posix":
        library = os.path.dirname(os.__file__)
        platform = os.path.join(sys.exec_prefix, sys.platlibdir, os.path.basename(library))
        folders = {library, platform}
    else:
        import sysconfig

        names = ("stdlib", "platstdlib", "purelib", "platlib")
        folders = {sysconfig.get_path(name) for name in names}
    return tuple(os.path.join(os.path.realpath(folder), "") for folder in folders)


@attrs.frozen(eq=False, repr=False)
class SourceFile(ValueMethods):
    """A file of code, as ``ex.sources`` lists it.

    Attributes:
        filename: Its absolute path.
        digest: The md5 of its content, in hexadecimal.
    """

    filename: str
    digest: str

    @classmethod
    def create(cls, filename: str | os.PathLike[str]) -> "SourceFile":
        """Return the source for a file.

        Raises:
            OSError: it cannot be read.
        """
        return cls(os.path.realpath(filename), get_digest(filename))

    def to_json(self, base_dir: str | os.PathLike[str] | None = None) -> tuple[str, str]:
        """Return the file name, relative to ``base_dir`` if it is given, and the digest."""
        return os.path.relpath(self.filename, base_dir) if base_dir else self.filename, self.digest


def stored_version(path: Path, md5: str | None, has_sha256: bool = False) -> FileVersion | None:
    """Return the content of a source, if that is still what its md5 was made of; else warn.

    A store records a source that is missing or has changed since with its md5 alone: the content
    is not what runs, and a start does not fail for it. Without an md5 any content is returned.
    The content of the cells of a notebook is in a temporary file, which is found by its md5.
    """
    try:
        version = unless_changed(
            content_path(path, md5),
            f"version {has_sha256}",
            partial(file_version, has_sha256=has_sha256),
        )
    except OSError as error:
        _logger.warning("The source %s is recorded without its content: %s", path, error)
        return None
    if md5 is not None and version.md5 != md5:
        _logger.warning(
            "The source %s is recorded without its content: the file changed after it was read",
            path,
        )
        return None
    return version


def get_digest(filename: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    """Return the md5 of a file's content, in hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    return md5_of(Path(os.fsdecode(filename)))


def md5_of(path: Path) -> str:
    """Return the md5 of a file's content, in hexadecimal."""
    return unless_changed(path, "md5", _read_md5)


def _read_md5(path: Path) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def changed_sources(
    modules: Iterable[ModuleType], paths: set[Path], codes: Mapping[str, CodeType]
) -> set[Path]:
    """Return those of ``paths`` whose content is not what was loaded, with a warning for each.

    Args:
        modules: What is loaded.
        paths: Files.
        codes: The code of modules, by name, where it is known.
    """
    changed = set()
    for module in modules:
        file = module.__file__ or ""
        path = Path(_real(file))
        if path in paths and is_comparable(vars(module)) and _is_changed(module, file, codes):
            changed.add(path)
            _logger.warning(
                "%r has changed since it was loaded: its source is not recorded, because it is "
                "not the code that runs",
                file,
            )
    return changed


def _is_changed(module: ModuleType, file: str, codes: Mapping[str, CodeType]) -> bool:
    if module.__name__ in codes:
        known = [codes[module.__name__]]
    elif _is_compiled(file):
        return False
    else:
        known = list(functions_in(vars(module), file))
    if not known:
        return False
    try:
        text = unless_changed(Path(file), "text", _read_text)
    except (OSError, SyntaxError, UnicodeError):
        return False  # what cannot be read is not recorded anyway
    return not all(is_source_of(text, file, code) for code in known)


def _read_text(path: Path) -> str:
    import tokenize

    with tokenize.open(path) as opened:
        return opened.read()


def _is_compiled(file: str) -> bool:
    """Return whether the compiled file that Python stores belongs to ``file`` as it is now.

    Importing writes it, with time and size of the source (PEP 552).
    """
    try:
        with open(importlib.util.cache_from_source(file), "rb") as compiled:
            head = compiled.read(16)
        stat = Path(file).stat()
    except (OSError, NotImplementedError):
        return False
    fields = [int.from_bytes(head[i : i + 4], "little") for i in (4, 8, 12)]
    return fields == [0, int(stat.st_mtime) & 0xFFFFFFFF, stat.st_size & 0xFFFFFFFF]
