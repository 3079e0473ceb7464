"""Tests of ``sacred new-plugin``; those of what it creates are in ``tests/workspace``."""

import ast
import errno
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.new_plugin import writing
from sacred_core.cli.new_plugin.command import new_plugin
from sacred_core.version import __version__

KINDS = ("config-source", "host-info", "flag", "command", "panel", "launcher")
Create = Callable[..., Result]


@pytest.fixture
def create(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Create:
    """Calls the command in an empty folder, where git has the name of a user."""
    monkeypatch.chdir(tmp_path)
    configuration = tmp_path.parent / f"{tmp_path.name}.gitconfig"
    configuration.write_text('[user]\n    name = "Ada \\"A\\" \\\\ Lovelace"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    return lambda *words: CliRunner().invoke(new_plugin, words)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_default_is_an_observer_with_a_store(create: Create, tmp_path: Path) -> None:
    """The package is complete, and the command prints what to do next."""
    result = create("acme-runs")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "acme-runs"
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == {
        ".github/workflows/tests.yml",
        ".gitignore",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "src/acme_runs/__init__.py",
        "src/acme_runs/backend.py",
        "src/acme_runs/plugin.py",
        "src/acme_runs/py.typed",
        "tests/test_plugin.py",
        "tests/test_store.py",
    }
    assert result.output == (
        "Created acme-runs with an observer and a store: 11 files.\n"
        "Install it, and run its tests:\n"
        "    pip install -e './acme-runs[test]'\n"
        "    pytest acme-runs\n"
        "Then read acme-runs/README.md.\n"
    )
    plugin = read(folder / "src/acme_runs/plugin.py")
    assert '"acme_runs.backend:AcmeRunsObserver"' in plugin and '"--acme-runs"' in plugin
    assert "python my_experiment.py --acme-runs runs.db" in read(folder / "README.md")
    assert "${{ matrix.python }}" in read(folder / ".github/workflows/tests.yml")


def test_the_metadata_is_that_of_a_plugin(create: Create, tmp_path: Path) -> None:
    """The entry point, the versions of sacred-core, and the author of git are in the metadata."""
    create("acme-runs")
    metadata = tomllib.loads(read(tmp_path / "acme-runs/pyproject.toml"))
    project = metadata["project"]
    assert project["name"] == "acme-runs" and project["license"] == "MIT"
    assert project["entry-points"] == {"sacred_core": {"acme-runs": "acme_runs.plugin"}}
    major, minor = __version__.split(".")[:2]
    assert project["dependencies"] == [f"sacred-core>={major}.{minor},<{major}.{int(minor) + 1}"]
    assert project["authors"] == [{"name": 'Ada "A" \\ Lovelace'}]
    assert 'Ada "A" \\ Lovelace\n' in read(tmp_path / "acme-runs/LICENSE")


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_template(create: Create, tmp_path: Path, kind: str) -> None:
    """Each option writes Python files, a README, and no placeholder is left."""
    result = create(f"acme-{kind}", f"--{kind}", "--author", "Ada")
    assert result.exit_code == 0, result.output
    folder = tmp_path / f"acme-{kind}"
    sources = [*folder.rglob("*.py")]
    assert len(sources) >= 5
    for path in sources:
        assert ast.get_docstring(ast.parse(read(path))), path
    texts = [read(path) for path in folder.rglob("*") if path.is_file()]
    assert "$" not in "".join(texts).replace("${{", "").replace('"$(ls dist', "")
    assert "\n\n\n" not in read(folder / "README.md")
    project = tomllib.loads(read(folder / "pyproject.toml"))["project"]
    assert project["description"] in read(folder / "README.md")
    assert all("<" in each for each in project["dependencies"] if each.startswith("sacred-"))


def test_a_kind_has_further_dependencies(create: Create, tmp_path: Path) -> None:
    """Libraries that the code imports are required, and what its tests need is in an extra."""
    create("acme", "--panel")
    project = tomllib.loads(read(tmp_path / "acme/pyproject.toml"))["project"]
    names = [each.partition(">=")[0] for each in project["dependencies"]]
    assert names == ["sacred-core", "sacred-board", "markupsafe"]
    tested = [each.partition(">=")[0] for each in project["optional-dependencies"]["test"]]
    assert tested == ["pytest", "sacred-file"]


def test_an_author_is_optional(create: Create, tmp_path: Path) -> None:
    """The author is given, or that of git, or a name to be replaced; control characters are not
    written.
    """
    create("first", "--author", "Ada\x1b\n  Lovelace")
    assert "Ada\\x1b Lovelace" in read(tmp_path / "first/LICENSE")
    assert tomllib.loads(read(tmp_path / "first/pyproject.toml"))
    create("second", "--author", " ")
    assert "The authors of second" in read(tmp_path / "second/LICENSE")


def test_without_git_the_author_is_to_be_replaced(
    create: Create, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without git is enough."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert create("acme").exit_code == 0
    assert "The authors of acme" in read(tmp_path / "acme/LICENSE")


def test_a_folder_can_be_chosen(create: Create, tmp_path: Path) -> None:
    """An empty folder is used; the printed commands have its path."""
    (tmp_path / "new").mkdir()
    result = create("acme", "--folder", "new")
    assert result.exit_code == 0
    assert "pip install -e './new[test]'" in result.output
    assert (tmp_path / "new/pyproject.toml").exists()
    result = create("acme", "--folder", str(tmp_path / "a b"))
    assert f"pip install -e '{tmp_path}/a b[test]'\n    pytest '{tmp_path}/a b'" in result.output


def test_a_new_repository_is_an_empty_folder(create: Create, tmp_path: Path) -> None:
    """A package can be created in the repository in which it will be."""
    (tmp_path / ".git").mkdir()
    result = create("acme", "--folder", ".")
    assert result.exit_code == 0
    assert "pip install -e '.[test]'\n    pytest .\nThen read ./README.md." in result.output
    assert (tmp_path / "pyproject.toml").exists()


@pytest.mark.parametrize("kept", [[], [".git"]])
def test_files_are_removed_if_one_cannot_be_written(
    create: Create, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: list[str]
) -> None:
    """On a full disk the message has the folder, and the command can be repeated."""
    written: list[Path] = []

    def replace_bytes(path: Path, data: bytes) -> None:
        if len(written) == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(data)
        written.append(path)

    for name in kept:
        (tmp_path / "acme-flag" / name).mkdir(parents=True)
    monkeypatch.setattr(writing, "replace_bytes", replace_bytes)
    result = create("acme-flag", "--flag")
    assert isinstance(result.exception, OSError) and result.exception.filename == "acme-flag"
    assert result.exception.errno == errno.ENOSPC and len(written) == 5
    found = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")]
    assert sorted(found) == (["acme-flag", "acme-flag/.git"] if kept else [])
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert create("acme-flag", "--flag").exit_code == 0


def test_nothing_is_overwritten(create: Create, tmp_path: Path) -> None:
    """A folder with files, and a file, are refused with what to do."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/notes.txt").write_text("mine")
    (tmp_path / "other").write_text("mine")
    for name, message in (("acme", "is not empty"), ("other", "is not a folder")):
        result = create(name)
        assert result.exit_code == 2
        assert f"'{name}' {message}: choose another one with --folder" in result.output
    assert [path.name for path in (tmp_path / "acme").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Acme_Runs", "such as 'acme-runs'"),
        ("9acme", "such as 'acme'"),
        ("acme--runs", "such as 'acme-runs'"),
        ("é", "lower-case letters and digits in words with hyphens between them"),
        ("a" * 41, "at most 40 characters"),
        ("sacred-acme", "such as 'acme-sacred'"),
        ("class", "'class' is a word or a module of Python"),
        ("json", "'json' is a word or a module of Python"),
        ("click", "a package 'click' is installed"),
        ("builtin", "'builtin' is the name of the plugin of sacred-core"),
        ("mongo", "'mongo' is the name of the plugin of sacred-mongo"),
        ("beat-interval", "the flag '--beat_interval' is used by sacred-core"),
    ],
)
def test_a_name_that_cannot_be_used_is_an_error(
    create: Create, tmp_path: Path, name: str, message: str
) -> None:
    """The message has the reason, and a similar name if there is one; nothing is written."""
    result = create(name, "--flag")
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert list(tmp_path.iterdir()) == []


def test_names_are_checked_for_what_a_kind_offers(create: Create) -> None:
    """A plugin without an option may be called as an option is, and not as a command is."""
    assert create("comment", "--host-info").exit_code == 0
    result = create("worker", "--command")
    assert result.exit_code == 2
    assert "the subcommand 'worker' is used by sacred-core" in result.output
    assert create("hostname", "--host-info").exit_code == 2
    assert create("worker", "--flag").exit_code == 0


def test_one_kind_is_chosen(create: Create, tmp_path: Path) -> None:
    """Two kinds at once are an error that has both."""
    result = create("acme", "--flag", "--config-source")
    assert result.exit_code == 2
    assert "choose one kind of plugin, not --flag and --config-source" in result.output
    assert list(tmp_path.iterdir()) == []


def test_the_help_has_every_kind_and_an_example(create: Create) -> None:
    """The help lists the options, and has a command."""
    printed = create("--help").output
    assert [kind for kind in KINDS if f"--{kind} " not in printed] == []
    assert "Examples:\n    sacred new-plugin acme-runs\n" in printed
