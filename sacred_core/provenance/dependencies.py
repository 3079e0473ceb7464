"""Which installed packages an experiment uses, and in which versions."""

import contextlib
import functools
import importlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import attrs

from sacred_core.exceptions import PackageVersionError
from sacred_core.hooks.discovery import metadata_folders, normalize_project
from sacred_core.provenance.loaded_modules import loaded_modules
from sacred_core.shared_methods import ValueMethods
from sacred_core.version import __version__

_IMPORT = re.compile(rb"^[ \t]*(?:import[ \t]+([\w., \t]+)|from[ \t]+([\w.]+)[ \t]+import)", re.M)
#: What takes part without an import in any source: `_rnd` is a generator of numpy's.
_ALWAYS = ("numpy",)


@attrs.frozen(eq=False, repr=False)
class PackageDependency(ValueMethods):
    """A package that an experiment uses, as ``ex.dependencies`` lists it."""

    name: str
    version: str

    def to_json(self) -> str:
        """Return it as it is recorded, like ``"numpy==2.0"``."""
        return f"{self.name}=={self.version}"


#: From appendix B of PEP 440, https://peps.python.org/pep-0440/#appendix-b.
_VERSION = r"""v?(\d+!)?\d+(\.\d+)*
        ([-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?
        (-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?
        ([-_.]?dev[-_.]?\d*)?
        (\+[a-z0-9]+([-_.][a-z0-9]+)*)?"""


def validate_version(package: str, version: object) -> None:
    """Check that ``version`` is a version.

    Raises:
        PackageVersionError: it does not have the form that PEP 440 defines.
    """
    flags = re.VERBOSE | re.IGNORECASE | re.ASCII
    if not isinstance(version, str) or not re.fullmatch(_VERSION, version.strip(), flags):
        raise PackageVersionError(
            f"the version of the package {package!r} must be a string like '1.2.3', got {version!r}"
        )


class _Distribution(NamedTuple):
    name: str
    version: str
    folder: str


def find_dependencies(
    modules: Iterable[ModuleType], mode: str = "imported", cells: str = ""
) -> dict[str, str]:
    """Return the versions of the distributions that ``modules`` use, by name.

    Args:
        modules: Those of the experiment, with files.
        cells: Code of the experiment that is not in a file.
        mode: ``imported``: what their code imports, anywhere in it, and is loaded; ``sys``: all
            that is loaded; ``pkg``: all that is installed; ``none``.
    """
    versions = {"sacred-core": __version__}
    if mode == "none":
        return versions
    if mode == "pkg":
        return versions | {each.name: each.version for each in _distributions().values()}
    modules = list(modules)
    own = {_top(module.__name__) for module in modules}
    loaded = loaded_modules().top_names
    names: Iterable[str] = loaded
    if mode != "sys":
        names = loaded & {
            *_imported_by(modules),
            *_names_imported(cells.encode("utf-8", "replace")),
        }
    for name in sorted(set(names) - own - sys.stdlib_module_names - {"sacred_core", "__mp_main__"}):
        found = _distribution(name)
        if found is not None:
            versions[found[0]] = found[1]
    always = (_distributions()[name] for name in _ALWAYS if name in _distributions())
    return versions | {each.name: each.version for each in always}


def _imported_by(modules: Iterable[ModuleType]) -> set[str]:
    """Return the top-level names in the import statements of the modules' files."""
    files = {module.__file__: module for module in modules if module.__file__}
    return {name for file, module in files.items() for name in _imported_in(file, module)}


_found: dict[str, frozenset[str]] = {}


def _imported_in(file: str, module: ModuleType) -> frozenset[str]:
    if file not in _found:
        _found[file] = frozenset(_names_imported(_code(file, module)))
    return _found[file]


def _code(file: str, module: ModuleType) -> bytes:
    """Return the content of a module's file, which may be in an archive."""
    try:
        return Path(file).read_bytes()
    except OSError:
        pass
    try:
        data: bytes = module.__loader__.get_data(file)  # type: ignore[union-attr]
    except Exception:  # noqa: BLE001 - any loader; the file is gone, or cannot be read
        return b""
    return data


def _names_imported(code: bytes) -> Iterator[str]:
    for several, one in _IMPORT.findall(code):
        parts = (several or one).split(b",")
        yield from (_top(part.split()[0].decode()) for part in parts if part.strip())


def _top(name: str) -> str:
    return name.partition(".")[0]


@functools.cache
def _distribution(module: str) -> tuple[str, str] | None:
    """Return name and version of what a top-level module was installed with."""
    found = _distributions().get(normalize_project(module)) or _installed_with(module)
    if found is not None:
        return found.name, found.version
    for name in _other_distributions().get(module, []):
        metadata = importlib.import_module("importlib.metadata")
        return name, metadata.version(name)
    try:
        version = getattr(sys.modules.get(module), "__version__", None)
    except Exception:  # noqa: BLE001 - what libraries put in sys.modules may raise anything
        return None
    return (module, version) if isinstance(version, str) else None


def _installed_with(module: str) -> _Distribution | None:
    """Return the distribution that lists a module among its files, if one does.

    Those whose name contains that of the module, as PyYAML does for yaml, are searched first, and
    then those with its letters in their order, as scikit-learn for sklearn: otherwise the lists of
    all distributions would be read for one module.
    """
    wanted = normalize_project(module)
    likely = sorted(
        _distributions().items(),
        key=lambda item: (wanted not in item[0], not _has_letters(item[0], wanted)),
    )
    found = next((each for _, each in likely if module in _modules_of(each.folder)), None)
    return found._replace(name=_exact_name(found)) if found is not None else None


def _has_letters(name: str, letters: str) -> bool:
    """Return whether all ``letters`` are in ``name`` in their order, with others between them."""
    rest = iter(name)
    return all(letter in rest for letter in letters)


def _exact_name(found: _Distribution) -> str:
    """Return the name as its author writes it, which that of the folder may not be."""
    with (
        contextlib.suppress(OSError, ValueError),
        Path(found.folder, "METADATA").open(encoding="utf-8") as lines,
    ):
        for line in lines:
            field, _, value = line.partition(":")
            if field == "Name":
                return value.strip()
    return found.name


@functools.cache
def _modules_of(folder: str) -> frozenset[str]:
    """Return the top-level modules of the distribution with this metadata folder.

    Like `importlib.metadata.packages_distributions`: they are in ``top_level.txt``, else in
    ``RECORD`` (https://packaging.python.org/en/latest/specifications/recording-installed-packages/).
    """
    for name, pattern in (("top_level.txt", r"^[^\s/]+"), ("RECORD", r'^"?([^/,."\n]+)[/.]')):
        try:
            modules = re.findall(pattern, Path(folder, name).read_text("utf-8"), re.M)
        except (OSError, ValueError):
            continue
        if modules:
            return frozenset(modules)
    return frozenset()


@functools.cache
def _other_distributions() -> Mapping[str, list[str]]:
    """Return the distributions of each module; empty where all of them are in `_distributions`."""
    for entry in sys.path:
        if os.path.isfile(entry) or any(metadata_folders(entry or ".", (".egg-info",))):  # noqa: PTH113 - "" is not a file
            return importlib.import_module("importlib.metadata").packages_distributions()  # type: ignore[no-any-return]
    return {}


@functools.cache
def _distributions() -> dict[str, _Distribution]:
    """Return all distributions by normalised name, from the names of their folders."""
    found: dict[str, _Distribution] = {}
    for entry in sys.path:
        for folder, name, version in metadata_folders(entry or ".", (".dist-info",)):
            found.setdefault(normalize_project(name), _Distribution(name, version, folder))
    return found
