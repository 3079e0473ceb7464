"""Which installed packages an experiment uses, and in which versions."""

import contextlib
import functools
import importlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from itertools import accumulate
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import attrs

from sacred_core.exceptions import PackageVersionError
from sacred_core.hooks.discovery import metadata_folders, normalize_project
from sacred_core.provenance.loaded_modules import loaded_modules
from sacred_core.shared_methods import ValueMethods
from sacred_core.version import __version__

#: What follows the word in a statement, or the name in a call of `import_module` or `__import__`.
#: It begins with letters, which are found fast.
_IMPORT = re.compile(
    rb"""import(?:
        [ \t]+([\w.\\](?:[\w., \t]|\\\r?\n)*)
        |[ \t]*(\([^)]*\))
        |(?:_module|__)\(\s*["']([\w.]+)["']
    )""",
    re.X,
)
#: What precedes the word in its line, with the module of ``from``. A text that looks like it is
#: harmless: what is not loaded and installed is not a dependency.
_BEFORE = re.compile(rb"(?:^|[;:])[ \t]*(?:from[ \t]+([\w.]+)[ \t]*)?$")
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
    loaded = loaded_modules()
    names: Iterable[str] = loaded.names
    if mode != "sys":
        names = {*_imported_by(modules), *_names_imported(cells.encode("utf-8", "replace"))}
    skipped = sys.stdlib_module_names | {"sacred_core", "__mp_main__"}
    own = {name for module in modules for name in (module.__name__, _top(module.__name__))}
    for top, below in sorted(_by_top_name(names).items()):
        if top in loaded.top_names and top not in skipped:
            versions |= _distributions_of(top, below, own)
    always = (_distributions()[name] for name in _ALWAYS if name in _distributions())
    return versions | {each.name: each.version for each in always}


def _imported_by(modules: Iterable[ModuleType]) -> set[str]:
    """Return the names in the import statements of the modules' files."""
    files = {module.__file__: module for module in modules if module.__file__}
    return {name for file, module in files.items() for name in _imported_in(file, module)}


def _imported_in(file: str, module: ModuleType) -> frozenset[str]:
    spec = getattr(module, "__spec__", None)  # another one after it was loaded again
    if file not in _found or _found[file][0] is not spec:
        _found[file] = spec, frozenset(_names_imported(_code(file, module)))
    return _found[file][1]


_found: dict[str, tuple[Any, frozenset[str]]] = {}


def _code(file: str, module: ModuleType) -> bytes:
    """Return the content of a module's file, which may be in an archive."""
    with contextlib.suppress(OSError):
        return Path(file).read_bytes()
    try:
        data: bytes = module.__loader__.get_data(file)  # type: ignore[union-attr]
    except Exception:  # noqa: BLE001 - any loader; the file is gone, or cannot be read
        return b""
    return data


def _names_imported(code: bytes) -> Iterator[str]:
    """Yield the dotted names of what code imports; of ``from a import b`` both a and a.b."""
    for found in _IMPORT.finditer(code):
        parts, in_parentheses, called = found.groups()
        if called is not None:
            yield called.decode()
            continue
        line = code[code.rfind(b"\n", 0, found.start()) + 1 : found.start()]
        before = _BEFORE.search(line)
        if before is None:
            continue
        if before[1] is None:
            yield from (_words(part)[0] for part in (parts or b"").split(b",") if _words(part))
        else:
            origin = before[1].decode()
            yield origin
            yield from (f"{origin}.{word}" for word in _words(parts or in_parentheses))


def _words(code: bytes) -> list[str]:
    return [word.decode() for word in re.findall(rb"[\w.]+", code)]


def _by_top_name(names: Iterable[str]) -> dict[str, set[str]]:
    """Return dotted names by their first part; relative names are skipped."""
    found: dict[str, set[str]] = {}
    for name in names:
        found.setdefault(_top(name), set()).add(name)
    found.pop("", None)
    return found


def _top(name: str) -> str:
    return name.partition(".")[0]


def _distributions_of(top: str, names: Iterable[str], own: Set[str]) -> dict[str, str]:
    """Return the versions of the distributions that loaded modules were installed with, by name.

    Args:
        top: The first part of their names.
        names: Of what is imported. The modules of a namespace package may be installed with
            different distributions.
        own: The names of the modules of the experiment, and the first parts of them.
    """
    wanted: set[tuple[str, str | None]] = {(top, None)}
    if _is_namespace(top):
        wanted = {found for name in names if (found := _first_file(name)) is not None}
    distributions = (_distribution(*each) for each in sorted(wanted) if each[0] not in own)
    return dict(filter(None, distributions))


def _is_namespace(module: str) -> bool:
    """Return whether a loaded module is a package without a file."""
    attributes = getattr(sys.modules.get(module), "__dict__", {})
    return "__path__" in attributes and attributes.get("__file__") is None


def _first_file(name: str) -> tuple[str, str] | None:
    """Return the outermost loaded module with a file on the way to ``name``, and this file."""
    for module in accumulate(name.split("."), "{}.{}".format):
        file = getattr(sys.modules.get(module), "__dict__", {}).get("__file__")
        if isinstance(file, str):
            return module, file
    return None


@functools.cache
def _distribution(module: str, file: str | None = None) -> tuple[str, str] | None:
    """Return name and version of what a module was installed with.

    Args:
        module: The name of a top-level module, or of one in a namespace package.
        file: That of a module in a namespace package.
    """
    named = _distributions().get(normalize_project(module))
    found = named or _installed_with(_top(module), file)
    if found is not None:
        return found.name, found.version
    for name in _other_distributions().get(_top(module), []):
        metadata = importlib.import_module("importlib.metadata")
        return name, metadata.version(name)
    try:
        version = getattr(sys.modules.get(module), "__version__", None)
    except Exception:  # noqa: BLE001 - what libraries put in sys.modules may raise anything
        return None
    return (module, version) if isinstance(version, str) else None


def _installed_with(module: str, file: str | None) -> _Distribution | None:
    """Return the distribution that lists a top-level module, and a file of it, if one does.

    Those whose name contains that of the module, as PyYAML does for yaml, are searched first, and
    then those with its letters in their order, as scikit-learn for sklearn: otherwise the lists of
    all distributions would be read for one module.
    """
    wanted = normalize_project(module)
    likely = sorted(
        _distributions().items(),
        key=lambda item: (wanted not in item[0], not _has_letters(item[0], wanted)),
    )
    listing = (each for _, each in likely if module in _modules_of(each.folder))
    found = next((each for each in listing if file is None or _has_file(each, file)), None)
    return found._replace(name=_exact_name(found)) if found is not None else None


def _has_file(distribution: _Distribution, file: str) -> bool:
    """Return whether a file was installed with a distribution."""
    folder = Path(distribution.folder)
    name = os.path.relpath(file, folder.parent).replace(os.sep, "/")
    with contextlib.suppress(OSError, ValueError):
        record = (folder / "RECORD").read_text("utf-8")
        return re.search(rf'^"?{re.escape(name)}"?,', record, re.M) is not None
    return False


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
