"""Tests of the check of modules."""

from pathlib import Path

import pytest

from sacred_core.doctor.modules import check_modules

from .conftest import Install, problems

NAMESPACE = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"


@pytest.fixture(autouse=True)
def _working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def test_two_distributions_with_one_module_are_found(install: Install) -> None:
    """Where a plugin requires one of them, the fix removes the other one."""
    install("acme", requires=("pybson",), plugin="acme = acme")
    install("pybson", "4.0", files={"zbson/__init__.py": ""}, folder="b")
    install("zbson", "0.5", files={"zbson/__init__.py": ""}, folder="c")
    assert problems(check_modules()) == [
        (
            "error",
            "the module 'zbson' is in zbson 0.5 and in pybson 4.0: only one of them is imported",
            "pip uninstall zbson, then: pip install --force-reinstall --no-deps pybson",
        )
    ]


def test_modules_of_packages_that_sacred_does_not_use_are_a_warning(install: Install) -> None:
    """The versions that a run records of them may be wrong; the user chooses."""
    install("one", files={"zshared.py": ""})
    install("two", files={"zshared.py": ""}, folder="b")
    [(level, message, fix)] = problems(check_modules())
    assert level == "warning" and message.startswith("the module 'zshared' is in two 1.0 and in")
    assert fix == "uninstall all but one of them: pip uninstall two one"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("zspace/__init__.py", NAMESPACE),
        ("tests/__init__.py", ""),
        ("zdata/file.txt", ""),
        ("zbelow/inner/__init__.py", ""),
    ],
)
def test_what_distributions_may_share_is_no_problem(
    install: Install, path: str, content: str
) -> None:
    """That is namespaces, tests, folders of data and what is below."""
    install("one", files={path: content})
    install("two", files={path: content}, folder="b")
    assert problems(check_modules()) == []


@pytest.mark.parametrize("name", ["random.py", "click.py", "sacred_core.py", "json/__init__.py"])
def test_files_that_hide_modules_are_found(tmp_path: Path, name: str) -> None:
    """A script beside such a file imports it in place of the module."""
    path = tmp_path / "work" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
    first = Path(name).parts[0]
    module = first.removesuffix(".py")
    assert problems(check_modules()) == [
        (
            "warning",
            f"a script in {tmp_path / 'work'} imports {first} in place of the module {module}",
            f"rename {first}",
        )
    ]


def test_other_files_hide_nothing(tmp_path: Path) -> None:
    """Neither does a folder that is no package, nor the module itself in its repository."""
    for name in ("train.py", "random.txt"):
        (tmp_path / "work" / name).write_text("")
    (tmp_path / "work" / "json").mkdir()
    [found] = check_modules()
    assert found.message.endswith("each in one distribution")


def test_a_clone_of_the_core_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package in the working directory is the one that is imported."""
    import sacred_core

    monkeypatch.chdir(Path(sacred_core.__file__).parents[1])
    assert [each for each in problems(check_modules()) if "sacred_core" in each[1]] == []
