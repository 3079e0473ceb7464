"""Tests of what is loaded, which a loop of runs examines once."""

import sys
from types import ModuleType

import pytest

from sacred_core.provenance.loaded_modules import loaded_modules


def test_the_same_object_is_returned_until_a_module_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A module that is added, replaced or removed is noticed, also if the number is the same."""
    before = loaded_modules()
    assert loaded_modules() is before
    monkeypatch.setitem(sys.modules, "first_of_tests.part", ModuleType("first_of_tests.part"))
    added = loaded_modules()
    assert added is not before
    assert added.top_names == before.top_names | {"first_of_tests"}
    monkeypatch.setitem(sys.modules, "first_of_tests.part", ModuleType("first_of_tests.part"))
    assert loaded_modules() is not added
    monkeypatch.delitem(sys.modules, "first_of_tests.part")
    monkeypatch.setitem(sys.modules, "second_of_tests", ModuleType("second_of_tests"))
    assert "second_of_tests" in loaded_modules().top_names
