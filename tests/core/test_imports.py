"""Tests of what an import loads."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "click", "importlib.metadata", "numpy", "git", "yaml", "jsonpickle", "cpuinfo", "pluggy",
)  # fmt: skip


def loaded_by(code: str) -> set[str]:
    listing = f"{code}\nimport sys\nprint(*sys.modules)"
    command = [sys.executable, "-c", listing]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    "code",
    ["import sacred_core", "from sacred_core import Experiment; Experiment('x', interactive=True)"],
)
def test_a_script_loads_nothing_heavy(code: str) -> None:
    """The line that every script has costs little."""
    assert loaded_by(code).isdisjoint(HEAVY)


def test_a_script_without_metrics_loads_no_summaries() -> None:
    """A run that logs nothing imports nothing about metrics of stored runs."""
    code = """if True:
        from sacred_core import Experiment
        ex = Experiment("x", interactive=True)
        ex.main(lambda: None)
        ex.run()
    """
    loaded = loaded_by(code)
    assert "sacred_core.stores.model" in loaded
    assert loaded.isdisjoint({"sacred_core.stores.summaries", "sacred_core.stores.curves"})


def test_an_observer_does_not_load_what_opens_stores() -> None:
    """A run that is recorded imports nothing about locations of stores."""
    loaded = loaded_by("import sacred_core.observers.documents, sacred_core.stores.guarded")
    assert loaded.isdisjoint({"sacred_core.stores.opening", "sacred_core.stores.recognition"})


def test_a_bare_import_loads_no_other_module() -> None:
    """Everything else is imported when it is used."""
    own = {name for name in loaded_by("import sacred_core") if name.startswith("sacred_")}
    assert own == {"sacred_core"}


def test_importtime_lists_no_heavy_module() -> None:
    """`python -X importtime` reports the same, and that the line is within the budget."""
    command = [sys.executable, "-X", "importtime", "-c", "from sacred_core import Experiment"]
    log = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    imported = {line.rpartition("|")[2].strip() for line in log.splitlines()}
    assert "sacred_core.ingredient" in imported
    assert imported.isdisjoint(HEAVY)


def test_submodules_are_attributes() -> None:
    """`sacred_core.observers.RunObserver` works after `import sacred_core`."""
    code = "import sacred_core\nassert sacred_core.observers.RunObserver is sacred_core.RunObserver"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_all_names_can_be_imported() -> None:
    """What `__all__` lists is there."""
    import sacred_core

    for name in sacred_core.__all__:
        assert getattr(sacred_core, name) is not None


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("AbsentObserver", ImportError, "pip install sacred-absent"),
        ("NoSuchObserver", AttributeError, "NoSuchObserver"),
    ],
)
def test_a_missing_observer_names_the_package_to_install(
    name: str, error: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An official name is an ImportError with the way out, any other an AttributeError."""
    import sacred_core.observers
    from sacred_core.hooks.lookup import KNOWN_NAMES, KnownName

    absent = KnownName("AbsentObserver", "sacred-absent")  # of the others all may be there
    monkeypatch.setattr("sacred_core.hooks.lookup.KNOWN_NAMES", (*KNOWN_NAMES, absent))

    with pytest.raises(error, match=message):
        getattr(sacred_core.observers, name)


@pytest.mark.parametrize(
    ("flag", "distribution"),
    [
        ("-S", "sacred-s3"),
        ("--s3", "sacred-s3"),
        ("--mongo_db", "sacred-mongo"),
        ("--mongo-db", "sacred-mongo"),
        ("-b", None),
        ("-", None),
    ],
)
def test_a_missing_flag_names_the_package_to_install(flag: str, distribution: str | None) -> None:
    """Each spelling of the flag of an official observer leads to its distribution."""
    from sacred_core.hooks.lookup import distribution_of

    assert distribution_of(flag) == distribution


def test_the_typed_example_uses_every_public_name() -> None:
    """`tests/typing/plugin_author.py`, which mypy checks, leaves none out."""
    import sacred_core

    example = Path(__file__).resolve().parents[1] / "typing" / "plugin_author.py"
    text = example.read_text(encoding="utf-8")
    assert [name for name in sacred_core.__all__ if text.count(name) < 2] == []


def test_an_observer_from_the_wrong_module_is_named_with_the_right_one() -> None:
    """The error of `from sacred_core import …Observer` has the line to write."""
    with pytest.raises(ImportError, match=r"from sacred_core\.observers import"):
        from sacred_core import SqlObserver  # noqa: F401
    assert not hasattr(__import__("sacred_core"), "nothing")
