"""Tests of the modules that scripts import from Sacred."""

import importlib
import sys
from collections.abc import Iterator

import pytest

import sacred_core
from sacred_core.rerun.sacred_modules import SacredModules, imports_sacred, provide_sacred
from sacred_core.stores import StoredRun


@pytest.fixture
def sacred_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Scripts of this process import sacred-core; nothing of it stays."""
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    provide_sacred()
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "sacred"]:
        del sys.modules[name]


@pytest.mark.usefixtures("sacred_modules")
def test_modules_of_sacred_are_those_of_sacred_core() -> None:
    """They are the same objects, which are still modules of sacred-core."""
    assert importlib.import_module("sacred") is sacred_core
    observers = importlib.import_module("sacred.observers")
    assert observers is importlib.import_module("sacred_core.observers")
    assert observers.__spec__ is not None
    assert observers.__spec__.name == observers.__name__ == "sacred_core.observers"
    utils = importlib.import_module("sacred.utils")
    assert issubclass(utils.TimeoutInterrupt, Exception)


@pytest.mark.usefixtures("sacred_modules")
def test_a_module_that_does_not_exist_is_an_import_error() -> None:
    """The message has the name in sacred-core."""
    with pytest.raises(ModuleNotFoundError, match=r"sacred_core\.nothing"):
        importlib.import_module("sacred.nothing")


def test_other_modules_are_not_changed() -> None:
    """A name that only begins like Sacred's belongs to another package."""
    assert SacredModules().find_spec("sacredness", None) is None


@pytest.mark.parametrize(
    ("packages", "expected"),
    [
        (["sacred==0.8.7"], True),
        (["sacred==0.1.0", "sacred-core==0.1.0"], True),
        (["sacred==0.8.7", "sacred-core==0.1.0"], False),
        (["sacred-core==0.1.0"], False),
        ([], False),
    ],
)
def test_scripts_that_import_sacred_are_known_by_packages(
    packages: list[str], expected: bool
) -> None:
    """A rerun of a run of Sacred imports Sacred, too; a script may also compare both libraries."""
    recorded = StoredRun(id=1, status="COMPLETED", experiment={"dependencies": packages})
    assert imports_sacred(recorded) is expected
