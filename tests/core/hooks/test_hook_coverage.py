"""Tests that every hook is tested, documented, and shown by an example."""

import inspect
from pathlib import Path

import pytest

from sacred_core.hooks import specs
from sacred_core.hooks.discovery import HOOKS

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented(hook: str) -> None:
    """It has its line in docs/hooks.md, with its arguments."""
    text = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")
    assert f"| `{hook}({', '.join(HOOKS[hook].arguments)})` |" in text


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_shows_an_example(hook: str) -> None:
    """Its docstring holds a whole implementation and the version that brought it."""
    text = inspect.getdoc(getattr(specs, hook)) or ""
    assert f"@hookimpl\n    def {hook}(" in text
    assert HOOKS[hook].version


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_tested(hook: str) -> None:
    """Some test implements it as a plugin would."""
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    assert any(f"def {hook}(" in path.read_text(encoding="utf-8") for path in tests)
