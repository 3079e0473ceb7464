"""Executes the main file of a rerun, and finds the experiment that it defines."""

import importlib.machinery
import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

from sacred_core.exceptions import RerunError
from sacred_core.experiment import Experiment
from sacred_core.rerun.script_plan import ScriptPlan


def import_paths(plan: ScriptPlan) -> list[str]:
    """Return the folders that modules are imported from.

    That of the script is the first, as for a script. Those of other sources are before installed
    packages and after the standard library. What was imported from the recorded folder, as with
    PYTHONPATH, is imported from the new one.
    """
    first, *others = plan.roots
    paths = [_moved(path, plan.moved) for path in sys.path]
    is_installed = [("site-packages" in path or "dist-packages" in path) for path in paths]
    position = is_installed.index(True) if True in is_installed else len(paths)
    return [first, *paths[:position], *others, *paths[position:]]


def execute_main(path: Path, module: str | None) -> dict[str, Any]:
    """Execute a file as ``__main__``, as ``python FILE`` or ``python -m MODULE`` does it.

    Returns:
        Its global variables.
    """
    loader = importlib.machinery.SourceFileLoader("__main__", str(path))
    main = types.ModuleType("__main__")
    package = None if module is None else module.rpartition(".")[0]
    sys.modules["__main__"] = main
    spec = None if module is None else importlib.util.find_spec(module)
    vars(main).update(
        __file__=str(path), __loader__=loader, __package__=package, __spec__=spec, __cached__=None,
        __builtins__=__builtins__,
    )  # fmt: skip
    code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    exec(code, vars(main))
    return vars(main)


def find_experiment(namespace: dict[str, Any], plan: ScriptPlan) -> Experiment:
    """Return the recorded experiment among global variables, or in an imported module.

    Raises:
        RerunError: the script defines no such experiment.
    """
    modules = [vars(module) for module in [*sys.modules.values()] if _is_restored(module, plan)]
    values = [value for each in (namespace, *modules) for value in [*each.values()]]
    experiments = [value for value in values if isinstance(value, Experiment)]
    named = [each for each in experiments if each.path == plan.name]
    found = named or (experiments if plan.options.get("--name") else [])
    if not found:
        names = sorted({each.path for each in experiments})
        raise RerunError(
            f"{Path(plan.main).name!r} runs no experiment {plan.name!r} and defines none"
            f"{': it has ' + ', '.join(names) if names else ''}"
        )
    return found[0]


def _is_restored(module: Any, plan: ScriptPlan) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and any(file.startswith(new) for _, new in plan.moved)


def _moved(path: str, moved: list[list[str]]) -> str:
    for old, new in moved:
        if Path(path).is_relative_to(old):
            other = Path(new, Path(path).relative_to(old))
            if other.is_dir():
                return str(other)
    return path
