"""Tests of locations on the command line of ``sacred runs``."""

from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.runs.options import LocationCommand
from sacred_core.hooks.records import ObserverSpec

SPECS = [
    ObserverSpec("a:A", ("-t", "--tiny_db"), store="a:S", schemes=("tinydb",)),
    ObserverSpec("b:B", ("-s", "--sql"), store="b:S", schemes=("sqlite",)),
    ObserverSpec("c:C", ("--gcs",), store="c:S", schemes=("gs",)),
]


@pytest.fixture(autouse=True)
def specs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed observers."""
    monkeypatch.setattr("sacred_core.cli.runs.options.store_specs", lambda: SPECS)


@click.command(cls=LocationCommand)
@click.argument("location")
@click.argument("ids", nargs=-1)
@click.option("-s", "--sort")
@click.option("-w", "--where")
@click.option("-r", "--recursive", is_flag=True)
@click.option("-v", "--verbose", count=True)
def command(**values: Any) -> None:
    """Print what was parsed."""
    given = {name: value for name, value in values.items() if value}
    click.echo(" | ".join(f"{name}={value}" for name, value in sorted(given.items())))


@click.command(cls=LocationCommand)
@click.argument("folder")
@click.argument("location", required=False)
def second(folder: str, location: str | None) -> None:
    """Print what was parsed."""
    click.echo(f"{folder} {location}")


def invoke(*words: str, target: click.Command = command) -> Result:
    return CliRunner().invoke(target, words)


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["runs"], "location=runs"),
        (["-t", "tdb"], "location=-t tdb"),
        (["-ttdb"], "location=-t tdb"),
        (["--tiny_db", "tdb"], "location=--tiny_db tdb"),
        (["--tiny-db=t=b"], "location=--tiny-db t=b"),
        (["--gcs", "gs://b", "3"], "ids=('3',) | location=--gcs gs://b"),
        (["3", "4", "-t", "tdb"], "ids=('3', '4') | location=-t tdb"),
        (
            ["-r", "-v", "-t", "tdb", "-w", "x"],
            "location=-t tdb | recursive=True | verbose=1 | where=x",
        ),
        (["-m", "h:1:db"], "location=-m h:1:db"),  # of a plugin that is not installed
        (["-s", "runs.db"], "location=-s runs.db"),
        (["-s", "runs.db", "-s", "id"], "location=-s runs.db | sort=id"),
        (["--sql", "runs.db", "-s", "id"], "location=--sql runs.db | sort=id"),
        (["-s", "id", "runs"], "location=runs | sort=id"),
        (["runs", "-s", "-t"], "location=runs | sort=-t"),
        (["-w", "-t", "runs"], "location=runs | where=-t"),
        (["-s-start_time", "runs"], "location=runs | sort=-start_time"),
        (["--", "-t"], "location=-t"),
        (["runs", "--", "-t", "x"], "ids=('-t', 'x') | location=runs"),
    ],
)
def test_a_flag_of_an_observer_is_the_location(words: list[str], printed: str) -> None:
    """It may be at any place; the command's own flags come first if there is a location."""
    result = invoke(*words)
    assert result.output == f"{printed}\n", result.output


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([], "Missing argument 'LOCATION'"),
        (["-s", "-id"], "Missing argument 'LOCATION'"),
        (["-t"], "No such option"),
        (["-z", "x"], "No such option"),
        (["-w"], "requires an argument"),
    ],
)
def test_a_location_is_required(words: list[str], error: str) -> None:
    """A flag without an argument, or none, is an error with exit code 2."""
    result = invoke(*words)
    assert result.exit_code == 2 and error in result.output, result.output


def test_a_location_may_be_the_second_argument() -> None:
    """As in `sacred runs load FOLDER -t tdb`."""
    assert invoke("folder", "-t", "tdb", target=second).output == "folder -t tdb\n"
    assert invoke("-t", "tdb", "folder", target=second).output == "folder -t tdb\n"
    assert invoke("folder", target=second).output == "folder None\n"
