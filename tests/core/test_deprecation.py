"""Tests of the warnings for what a later version removes."""

import ast
import inspect
import subprocess
import sys
import textwrap
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pluggy
import pytest

from sacred_core.deprecation import (
    SacredDeprecationWarning,
    deprecated,
    deprecation,
    moved_names,
    removal_version,
    renamed_argument,
    warn_deprecated,
)
from sacred_core.frames import hide_frames
from sacred_core.version import __version__

ROOT = Path(__file__).parents[2]


@deprecated(since="0.2", use="log_scalar")
def log(value: float, step: int = 0) -> tuple[float, int]:
    """Log a value."""
    return value, step


@renamed_argument("at", "step", since="0.3")
def log_at(value: float, step: int = 0) -> tuple[float, int]:
    return value, step


def old_log(value: float) -> float:
    warn_deprecated("old_log", since="1.9", use="log", package="acme-sacred")
    return value


def warning_of(call: Callable[[], object]) -> tuple[Any, str]:
    """Return the warning of a call, and the source of its line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    (warning,) = caught
    line = Path(warning.filename).read_text(encoding="utf-8").splitlines()[warning.lineno - 1]
    return warning, line


@pytest.mark.parametrize(
    ("since", "removal"), [("0.1", "0.3"), ("0.2.1", "0.4"), ("1.9", "1.11"), ("2.0", "2.2")]
)
def test_a_name_is_removed_two_minor_releases_later(since: str, removal: str) -> None:
    """What is deprecated in 0.2 works in 0.2 and 0.3, and is removed in 0.4."""
    assert removal_version(since) == removal


def test_a_warning_has_the_versions_and_the_replacement() -> None:
    """The message has the name, both versions, the package and what to use."""
    warning = deprecation("Run.log", since="0.2", use="Run.log_scalar")
    assert isinstance(warning, DeprecationWarning)
    assert str(warning) == (
        "Run.log is deprecated since sacred-core 0.2 and will be removed in 0.4: use Run.log_scalar"
    )


def test_a_name_that_remains_has_no_version_of_removal() -> None:
    """What Sacred documents remains, with a warning."""
    warning = deprecation("create", since="0.1", use="the class", is_removed=False)
    assert str(warning) == "create is deprecated since sacred-core 0.1: use the class"


def test_a_deprecated_function_works_and_warns_with_the_line_of_its_caller() -> None:
    """The result is that of the function; the warning has the caller's file and line."""
    results = []
    warning, line = warning_of(lambda: results.append(log(3.0, step=2)))  # the caller
    assert results == [(3.0, 2)]
    assert line.endswith("# the caller")
    assert warning.category is SacredDeprecationWarning
    assert "log() is deprecated since sacred-core 0.2 and will be removed in 0.4" in str(
        warning.message
    )


def test_a_deprecated_function_keeps_its_name_and_documents_the_deprecation() -> None:
    """Name and signature are those of the function; the docstring ends with the message."""
    assert log.__name__ == "log"
    assert [*inspect.signature(log).parameters] == ["value", "step"]
    assert str(log.__doc__).startswith("Log a value.\n\nlog() is deprecated since")
    assert log.__dict__["__deprecated__"] in str(log.__doc__)


def test_an_argument_with_a_new_name_is_passed_on() -> None:
    """The former name warns and has the effect of the new one."""
    results = []
    warning, line = warning_of(lambda: results.append(log_at(1.0, at=4)))  # type: ignore[call-arg]
    assert results == [(1.0, 4)]
    assert "log_at(1.0, at=4)" in line
    assert str(warning.message).endswith("removed in 0.5: use 'step'")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert log_at(1.0, step=4) == log_at(1.0, 4) == (1.0, 4)


def test_both_names_of_an_argument_are_an_error() -> None:
    """Neither value is preferred."""
    with pytest.raises(TypeError, match="'at' and 'step', which are the same"):
        log_at(1.0, at=4, step=5)  # type: ignore[call-arg]


def test_a_function_that_warns_itself_names_its_own_package() -> None:
    """`warn_deprecated` has the line of the caller of the function, also in a plugin."""
    warning, line = warning_of(lambda: old_log(1.0))  # the caller
    assert line.endswith("# the caller")
    assert "since acme-sacred 1.9 and will be removed in 1.11: use log" in str(warning.message)


def test_frames_of_sacred_core_are_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the core calls the function, the warning has the line of the user's code."""
    inner = tmp_path / "core" / "inner.py"
    code = compile("def call(function):\n    return function(1.0)\n", str(inner), "exec")
    module: dict[str, Any] = {}
    exec(code, module)
    hide_frames(inner.parent)
    _, line = warning_of(lambda: module["call"](log))  # the user
    assert line.endswith("# the user")


def test_a_moved_name_is_found_in_its_new_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """`from module import old` warns once, with its line; other names are missing."""
    module = types.ModuleType("moved_module")
    module.__dict__["__getattr__"] = moved_names(
        "moved_module", {"old": "textwrap:dedent"}, since="0.2"
    )
    monkeypatch.setitem(sys.modules, "moved_module", module)
    found: dict[str, Any] = {}
    code = "from moved_module import old"
    warning, _ = warning_of(lambda: exec(compile(code, __file__, "exec"), found))
    assert found["old"] is textwrap.dedent
    assert warning.lineno == 1
    assert str(warning.message).endswith("removed in 0.4: use textwrap.dedent")
    with pytest.raises(AttributeError, match="'moved_module' has no attribute 'other'"):
        _ = module.other


def test_a_plugin_that_implements_a_deprecated_hook_is_warned() -> None:
    """The warning has the file and the line of the implementation."""
    spec, impl = pluggy.HookspecMarker("acme"), pluggy.HookimplMarker("acme")
    warning = deprecation("the hook old_seeds", since="0.2", use="the hook seeds")

    class Specs:
        @spec(warn_on_impl=warning)
        def old_seeds(self) -> None: ...

    class Plugin:
        @impl
        def old_seeds(self) -> None: ...

    manager = pluggy.PluginManager("acme")
    manager.add_hookspecs(Specs)
    with pytest.warns(SacredDeprecationWarning, match="the hook old_seeds") as caught:
        manager.register(Plugin())
    lines = inspect.getsource(Plugin).splitlines()
    assert caught[0].filename == __file__
    assert caught[0].lineno - inspect.getsourcelines(Plugin)[1] in range(len(lines))


def test_a_script_shows_the_warning_with_its_line(tmp_path: Path) -> None:
    """Python shows it by default if the script itself uses the name, once for each line."""
    script = tmp_path / "script.py"
    script.write_text(
        "from sacred_core.deprecation import deprecated, warn_deprecated\n"
        "@deprecated(since='0.2', use='new')\n"
        "def old(): ...\n"
        "for _ in range(3):\n"
        "    old()\n"
        "warn_deprecated('this script', since='0.2', use='another')\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stderr.count("SacredDeprecationWarning: old() is deprecated") == 1
    assert f"{script}:5: " in done.stderr
    assert f"{script}:6: SacredDeprecationWarning: this script is deprecated" in done.stderr


def deprecations() -> Iterator[tuple[str, str]]:
    """Yield the place and the version of each deprecation in the code of the core."""
    names = {"deprecated", "deprecation", "moved_names", "renamed_argument", "warn_deprecated"}
    for path in [*ROOT.glob("sacred_core/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")]:
        text = path.read_text(encoding="utf-8")
        if path.name == "deprecation.py" or "deprecation" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names:
                options = {word.arg: getattr(word.value, "value", None) for word in node.keywords}
                if options.get("is_removed", True):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", str(options["since"])


def test_nothing_is_deprecated_for_longer_than_announced() -> None:
    """A name whose version of removal is reached must be removed."""
    now = [int(part) for part in __version__.split(".")[:2]]
    overdue = [
        (place, since)
        for place, since in deprecations()
        if [int(part) for part in removal_version(since).split(".")] <= now
    ]
    assert overdue == []
