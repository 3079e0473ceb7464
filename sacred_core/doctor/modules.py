"""Check of modules of which only one of several is imported."""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path

from sacred_core.doctor.distributions import (
    Installed,
    installed_distributions,
    own_distributions,
    project_of,
    requirements_of,
)
from sacred_core.doctor.findings import Finding, failure, passed, warning
from sacred_core.plurals import counted

#: What careless distributions install beside their package, and nobody imports.
_NOT_IMPORTED = {"benchmarks", "conftest", "doc", "docs", "examples", "scripts", "test", "tests"}
#: What the ``__init__.py`` of a package contains that several distributions share.
_NAMESPACE = ("extend_path", "declare_namespace")
_INIT = "__init__.py"
#: The file of a module or package of the top level; `Distribution.files` parses all paths.
_MODULE = re.compile(r"(\w+)(?:\.py|/__init__\.py)")


def check_modules() -> Iterator[Finding]:
    """Find modules that two distributions contain, or that files of the working directory hide."""
    installed = installed_distributions()
    owners, needed = _owners(installed), _needed_projects(installed)
    shared = {name: found for name, found in owners.items() if len(found) > 1}
    for name, found in sorted(shared.items()):
        yield _shared(name, found, needed)
    hidden = [*_hidden_modules(Path.cwd(), owners, needed)]
    for path, name in hidden:
        yield warning(
            f"a script in {path.parent} imports {path.name} in place of the module {name}",
            f"rename {path.name}",
        )
    if not shared and not hidden:
        yield passed(f"{counted(len(owners), 'module')}, each in one distribution")


def _shared(name: str, found: dict[str, Distribution], needed: set[str]) -> Finding:
    parts = [f"{each.name} {each.version}" for each in found.values()]
    message = f"the module {name!r} is in {' and in '.join(parts)}: only one of them is imported"
    wanted = [each for each in found if each in needed]
    if not wanted:
        return warning(message, f"uninstall all but one of them: pip uninstall {' '.join(found)}")
    others = [each for each in found if each != wanted[0]]
    return failure(
        message,
        f"pip uninstall {' '.join(others)}, then: "
        f"pip install --force-reinstall --no-deps {wanted[0]}",
    )


def _owners(installed: Installed) -> dict[str, dict[str, Distribution]]:
    """Return the distributions that contain each module of the top level, by project."""
    owners: dict[str, dict[str, Distribution]] = {}
    for project, copies in installed.items():
        for name in _modules_of(copies[0]):
            owners.setdefault(name, {})[project] = copies[0]
    return owners


def _modules_of(found: Distribution) -> set[str]:
    """Return the modules of the top level that are not parts of namespaces."""
    names = set()
    for line in (found.read_text("RECORD") or "").splitlines():
        path = line.partition(",")[0]
        module = _MODULE.fullmatch(path)
        if module is None or module[1] in _NOT_IMPORTED:
            continue
        if not (path.endswith(_INIT) and _is_namespace(found, path)):
            names.add(module[1])
    return names


def _is_namespace(found: Distribution, path: str) -> bool:
    try:
        text = Path(str(found.locate_file(path))).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(word in text for word in _NAMESPACE)


def _needed_projects(installed: Installed) -> set[str]:
    """Return the projects of sacred-core, its plugins and what they require."""
    own = own_distributions(installed)
    required = {name for each in own for name, _ in requirements_of(each)}
    return {project_of(each) for each in own} | required


def _hidden_modules(
    folder: Path, owners: dict[str, dict[str, Distribution]], needed: set[str]
) -> Iterator[tuple[Path, str]]:
    """Yield files and packages of a folder that Python finds before installed modules."""
    if str(folder) in sys.path:
        return
    known = {name for name, found in owners.items() if needed & found.keys()} | {"sacred_core"}
    for path in sorted(folder.iterdir()):
        name = path.stem if path.suffix == ".py" else path.name
        is_module = path.suffix == ".py" or (path / _INIT).is_file()
        is_known = name in known or name in sys.stdlib_module_names
        if is_module and is_known and not _is_loaded_from(name, path):
            yield path, name


def _is_loaded_from(name: str, path: Path) -> bool:
    """Return whether the module is that of the folder anyway, as in a clone of its repository."""
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is not None and Path(file) in (path, path / _INIT)
