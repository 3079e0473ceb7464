"""Which installed packages an experiment uses, and in which versions."""

import functools
import importlib
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from sacred_core import __version__
from sacred_core.exceptions import PackageVersionError
from sacred_core.hooks.discovery import metadata_folders, normalised

_IMPORT = re.compile(rb"^[ \t]*(?:import[ \t]+([\w., \t]+)|from[ \t]+([\w.]+)[ \t]+import)", re.M)
#: From appendix B of PEP 440, https://peps.python.org/pep-0440/#appendix-b.
_VERSION = re.compile(
    r"""v?(\d+!)?\d+(\.\d+)*
        ([-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?
        (-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?
        ([-_.]?dev[-_.]?\d*)?
        (\+[a-z0-9]+([-_.][a-z0-9]+)*)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
#: What takes part without being imported by anybody: `_rnd` is a generator of numpy's.
_ALWAYS = ("numpy",)


def validate_version(package: str, version: object) -> None:
    """Check that ``version`` is a version.

    Raises:
        PackageVersionError: it does not have the form that PEP 440 defines.
    """
    if not isinstance(version, str) or not _VERSION.fullmatch(version.strip()):
        raise PackageVersionError(
            f"the version of the package {package!r} must be a string like '1.2.3', got {version!r}"
        )


def discovered(modules: Iterable[ModuleType], mode: str = "imported") -> dict[str, str]:
    """Return the versions of the distributions that ``modules`` use, by name.

    Args:
        modules: Those of the experiment, with files.
        mode: ``imported``: what their code imports, anywhere in it, and is loaded; ``sys``: all
            that is loaded; ``pkg``: all that is installed; ``none``.
    """
    versions = {"sacred-core": __version__}
    if mode == "none":
        return versions
    if mode == "pkg":
        return versions | dict(_installed().values())
    modules = list(modules)
    own = {_top(module.__name__) for module in modules}
    loaded = {_top(name) for name in list(sys.modules)}
    names = loaded if mode == "sys" else loaded & _imported_by(modules)
    for name in sorted(names - own - sys.stdlib_module_names - {"sacred_core", "__mp_main__"}):
        found = _distribution(name)
        if found is not None:
            versions[found[0]] = found[1]
    return versions | dict(_installed()[name] for name in _ALWAYS if name in _installed())


def _imported_by(modules: Iterable[ModuleType]) -> set[str]:
    """Return the top-level names in the import statements of the modules' files."""
    names: set[str] = set()
    for file in {module.__file__ for module in modules if module.__file__}:
        names |= _imported_in(file)
    return names


@functools.lru_cache(maxsize=4096)
def _imported_in(file: str) -> frozenset[str]:
    try:
        text = Path(file).read_bytes()
    except OSError:
        return frozenset()
    names: set[str] = set()
    for several, one in _IMPORT.findall(text):
        parts = (several or one).split(b",")
        names |= {_top(part.split()[0].decode()) for part in parts if part.strip()}
    return frozenset(names)


def _top(name: str) -> str:
    return name.partition(".")[0]


def _distribution(module: str) -> tuple[str, str] | None:
    """Return name and version of what a top-level module was installed with."""
    found = _installed().get(normalised(module))
    if found is not None:
        return found
    metadata = importlib.import_module("importlib.metadata")  # only where the names differ
    for name in metadata.packages_distributions().get(module, []):
        return name, metadata.version(name)
    version = getattr(sys.modules.get(module), "__version__", None)
    return (module, version) if isinstance(version, str) else None


@functools.cache
def _installed() -> dict[str, tuple[str, str]]:
    """Return name and version of all distributions, from the names of their folders."""
    found: dict[str, tuple[str, str]] = {}
    for entry in sys.path:
        for _, name, version in metadata_folders(entry or ".", (".dist-info",)):
            found.setdefault(normalised(name), (name, version))
    return found
