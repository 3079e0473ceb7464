"""Tests of what a release needs: its notes, and workflows that name what exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .pages import ROOT, load_tool

tool = load_tool("make_release_notes")
NAMES = {"sacred-core", "sacred-mongo", "sacred-sql"}
CHANGELOG = """# Changelog

## sacred-sql 0.2.1 (2027-04-01)

- `sacred-mongo` is named, but this is a release of another one.

## 0.2.0 (2027-03-01)

Read this first.

### Stores

- `sacred-mongo`: [indexes](docs/queries.md#indexes) are created
  once. See [MongoDB](https://www.mongodb.com).
- `sacred-mongo` and `sacred-sql`: a start costs less.

### Runs

- The option `--name` names a run.

## 0.3.0 (unreleased)

- The next one.
"""


def notes(name: str, version: str) -> str:
    """Return the notes of a release in `CHANGELOG`."""
    text: str = tool["release_notes"](CHANGELOG, name, version, NAMES)
    return text


def test_an_entry_belongs_to_the_distributions_that_it_names() -> None:
    """Whole entries below their subjects, with links that work elsewhere."""
    pages = "https://github.com/sacred-core/sacred-core/blob/main/docs/queries.md#indexes"
    assert notes("sacred-mongo", "0.2.0") == (
        f"### Stores\n\n- `sacred-mongo`: [indexes]({pages}) are created\n"
        "  once. See [MongoDB](https://www.mongodb.com).\n"
        "- `sacred-mongo` and `sacred-sql`: a start costs less.\n"
    )
    assert notes("sacred-sql", "0.2.0") == (
        "### Stores\n\n- `sacred-mongo` and `sacred-sql`: a start costs less.\n"
    )


def test_an_entry_without_a_name_is_about_the_core() -> None:
    """Other words in code are no names of distributions."""
    assert notes("sacred-core", "0.2.0") == "### Runs\n\n- The option `--name` names a run.\n"


def test_a_release_of_one_distribution_has_all_entries_of_its_section() -> None:
    """What they name does not matter."""
    expected = "- `sacred-mongo` is named, but this is a release of another one.\n"
    assert notes("sacred-sql", "0.2.1") == expected


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("sacred-sql", "0.9", r"no section '## 0\.9 \(DATE\)'"),
        ("sacred-mongo", "0.2.1", r"no section '## 0\.2\.1 \(DATE\)'"),
        ("sacred-core", "0.3.0", "the date of 0.3.0 in CHANGELOG.md is 'unreleased'"),
    ],
)
def test_a_release_without_notes_is_an_error(name: str, version: str, message: str) -> None:
    """It says what has to be added."""
    with pytest.raises(tool["NotesError"], match=message):
        notes(name, version)


def test_a_distribution_without_an_entry_is_an_error() -> None:
    """A release has something to say."""
    changelog = CHANGELOG.replace("### Runs\n\n- The option `--name` names a run.\n", "")
    with pytest.raises(tool["NotesError"], match=r"no entry for sacred-core below 0\.2\.0"):
        tool["release_notes"](changelog, "sacred-core", "0.2.0", NAMES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sacred-core", "9.9"], "pyproject.toml of sacred-core has the version"),
        (["sacred-cor", "0.1.0"], "expected a distribution and its version"),
        ([], "expected a distribution and its version"),
    ],
)
def test_wrong_arguments_are_errors(arguments: list[str], message: str) -> None:
    """The exit code is 2, and there is one line."""
    script = str(ROOT / "tools" / "make_release_notes.py")
    done = subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and not done.stdout
    assert message in done.stderr and len(done.stderr.splitlines()) == 1


def test_this_repository_has_entries_for_each_distribution() -> None:
    """Also while the next release has no date yet."""
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    dated = changelog.replace("(unreleased)", "(2030-01-01)")
    known = tool["versions"]()
    for name, version in known.items():
        if name not in ("sacred-messages", "sacred-objects"):  # parts of others
            assert tool["release_notes"](dated, name, version, set(known)), name


def commands(path: Path) -> list[str]:
    """Return the commands of a workflow."""
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_name_what_exists(path: Path) -> None:
    """Sessions of nox, scripts and folders of plugins."""
    found = commands(path)
    assert found
    sessions = re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(), re.M)
    for command in found:
        if command.startswith("nox -s "):
            for name in re.findall(r'"plugin\((.*?)\)"', command):
                assert (ROOT / "plugins" / name).is_dir(), name
            words = re.sub(r'".*?"', "", command).split()[2:]
            assert set(words) <= set(sessions), words
        for script in re.findall(r"python (tools/\S+)|^(\.ci/\S+)", command):
            assert (ROOT / "".join(script)).is_file(), script


def test_templates_of_issues_are_valid() -> None:
    """Each has a name, a description and fields; ids are used once."""
    for path in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        if path.name == "config.yml":
            assert all({"name", "url", "about"} <= each.keys() for each in form["contact_links"])
            continue
        assert form["name"] and form["description"]
        ids = [each["id"] for each in form["body"]]
        assert len(ids) == len(set(ids)) and all(each["type"] for each in form["body"])
