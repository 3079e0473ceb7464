"""Tests of what the packages do when objects are collected."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "sacred_core", *(ROOT / "plugins").glob("*/src"))


def test_finalizers_have_a_context() -> None:
    """Nothing but `call_when_unused` creates a finalizer: others may crash Python 3.11."""
    found = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in package.rglob("*.py")
        if re.search(r"weakref\.finalize\(|import finalize", path.read_text())
    }
    assert found == {"sacred_core/finalizing.py"}
