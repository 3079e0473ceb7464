"""Tests that the page of screens shows what is shown."""

import importlib.util
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="tracebacks differ between Pythons")
def test_screens_are_what_the_script_makes_of_them() -> None:
    """docs/screens.md is the output of docs/make_screens.py."""
    spec = importlib.util.spec_from_file_location("make_screens", DOCS / "make_screens.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (DOCS / "screens.md").read_text(encoding="utf-8") == module.screens()
