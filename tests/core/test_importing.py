"""Tests of waiting for a library to be imported."""

import importlib
import sys
from pathlib import Path

import pytest

from sacred_core.importing import lazy_attributes, when_imported


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = "waited_for_library"
    (tmp_path / f"{name}.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return name


def test_callback_comes_after_the_import(library: str) -> None:
    """Once, with the whole module, and nothing is imported for it."""
    seen: list[int] = []
    when_imported(library, lambda module: seen.append(module.VALUE))
    assert library not in sys.modules
    assert seen == []
    module = importlib.import_module(library)
    assert seen == [1]
    importlib.reload(module)
    assert seen == [1]


def test_callback_for_what_is_loaded_comes_at_once() -> None:
    """No import is waited for."""
    seen: list[str] = []
    when_imported("json", lambda module: seen.append(module.__name__))
    assert seen == ["json"]


def test_the_module_retains_its_own_loader(library: str) -> None:
    """Tools that look at it, `inspect` among them, see nothing of ours."""
    import inspect

    when_imported(library, lambda module: None)
    module = importlib.import_module(library)
    assert module.__spec__ is not None
    assert type(module.__spec__.loader).__name__ == "SourceFileLoader"
    assert type(module.__loader__).__name__ == "SourceFileLoader"
    assert inspect.getsource(module) == "VALUE = 1\n"


def test_a_library_that_is_missing_stays_missing() -> None:
    """Waiting for it does not change the error."""
    when_imported("no_such_library_anywhere", lambda module: None)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_library_anywhere")


def test_names_of_a_package_are_imported_when_they_are_used() -> None:
    """Only the submodule of the name is imported; an unknown name is an AttributeError."""
    get_attribute = lazy_attributes("json", {"JSONDecoder": "decoder", "VALUE": "missing"})
    assert get_attribute("JSONDecoder") is importlib.import_module("json.decoder").JSONDecoder
    with pytest.raises(AttributeError, match="module 'json' has no attribute 'other'"):
        get_attribute("other")
    with pytest.raises(ModuleNotFoundError, match=r"json\.missing"):
        get_attribute("VALUE")
