"""Tests of ``sacred runs verify``, and of commands with two locations."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.cli.runs.two_locations import TwoLocationsCommand, ids_text
from sacred_core.exceptions import OptionError, StoreError
from sacred_core.hooks.records import ObserverSpec
from sacred_core.testing import EventDriver, Memory, MemoryObserver

Memories = dict[str, Memory]


def record(memory: Memory, number: int, rate: float = 0.1, _id: Any = None) -> EventDriver:
    driver = EventDriver(MemoryObserver(memory))
    driver.start(_id=_id, config={"lr": rate}, meta_info={"uid": f"{number:032x}"})
    return driver


def verify(*args: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", "verify", *args])


def test_equal_runs(memories: Memories) -> None:
    """The number is printed, and the exit code is 0."""
    for memory in memories.values():
        for number in (1, 2):
            record(memory, number).complete()
    result = verify("a", "b")
    assert (result.exit_code, result.stdout) == (0, "2 of 2 runs are equal.\n")
    assert verify("a", "b", "1").stdout == "1 of 1 run is equal.\n"


def test_what_differs_is_listed(memories: Memories) -> None:
    """Each run that is not equal is named, with its differences, and the exit code is 1."""
    record(memories["a"], 1).complete()
    record(memories["a"], 2).complete()
    record(memories["a"], 3).complete()
    record(memories["b"], 2, 0.2, _id=12).complete()
    record(memories["b"], 3).complete()
    record(memories["b"], 4).complete()
    memories["a"].runs[3].run.info = [1]  # type: ignore[assignment]
    result = verify("a", "b")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[:3] == [
        "Run 1 of 'fed': only in A",
        "Run 2 (in B: 12) of 'fed': different",
        "  config.lr: 0.1 in A, 0.2 in B",
    ]
    assert lines[3].startswith("Run 3 (in B: 13) of 'fed': damaged in A: info")
    assert lines[4:] == ["Run 14 of 'fed': only in B", "0 of 4 runs are equal."]


def test_a_selection_by_ids_and_by_a_query(memories: Memories) -> None:
    """Ids, ranges and queries select runs at A."""
    for number in range(1, 5):
        record(memories["a"], number, number / 10).complete()
        record(memories["b"], number, 0.3).complete()
    for args, states in (
        (["3"], ["equal"]),
        (["2-3", "3"], ["different", "equal"]),
        (["-w", "config.lr >= 0.3"], ["equal", "different"]),
        (["--where", "id = 3"], ["equal"]),
    ):
        lines = verify("a", "b", "--json", *args).stdout.splitlines()
        assert [json.loads(line)["state"] for line in lines] == states, args


def test_a_selection_without_runs_is_not_equal(memories: Memories) -> None:
    """A query without a match is reported, with exit code 1; of two empty stores it is 0."""
    record(memories["a"], 1).complete()
    result = verify("a", "b", "-w", "config.lr = 5")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "No runs. " in result.stderr
    memories["a"].runs.clear()
    assert (verify("a", "b").exit_code, verify("a", "b").stdout) == (0, "0 of 0 runs are equal.\n")


def test_json(memories: Memories) -> None:
    """One object for each run, equal ones too."""
    record(memories["a"], 1).complete()
    record(memories["b"], 1, 0.2).complete()
    record(memories["b"], 2).complete()
    result = verify("a", "b", "--json")
    assert result.exit_code == 1
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {
            "uid": f"{1:032x}", "name": "fed", "a": 1, "b": 1, "state": "different",
            "differences": [
                {
                    "part": "config", "name": "config.lr", "message": "0.1 in A, 0.2 in B",
                    "missing_in": None,
                }
            ],
            "problem": None,
        },
        {
            "uid": f"{2:032x}", "name": "fed", "a": None, "b": 2, "state": "only in B",
            "differences": [], "problem": None,
        },
    ]  # fmt: skip


def test_contents(memories: Memories, tmp_path: Path) -> None:
    """With `--contents` files are read although their digests are known."""
    (tmp_path / "file").write_text("content")
    for memory in memories.values():
        driver = record(memory, 1)
        driver.artifact("art", str(tmp_path / "file"))
        driver.complete()
    memories["b"].runs[1].files["artifact", "art"] = b"changed"
    assert verify("a", "b").exit_code == 0
    result = verify("a", "b", "--contents")
    assert result.exit_code == 1 and "artifact art: content differs" in result.stdout


def test_control_characters_are_not_printed(memories: Memories) -> None:
    """What others stored is shown with escapes."""
    for memory, value in ((memories["a"], "\x1b[2J"), (memories["b"], "x")):
        driver = EventDriver(MemoryObserver(memory))
        driver.start(
            config={"\x1b": value}, meta_info={"uid": "0" * 32}, ex_info={"name": "\x1b[2J"}
        )
        driver.complete()
    result = verify("a", "b")
    assert "\x1b" not in result.stdout and r"\x1b" in result.stdout


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (["a", "b", "9"], StoreError, "run '9' not found"),
        (["a", "b", "3-2"], OptionError, "empty"),
        (["a", "b", "8-9"], StoreError, "no run from 8 to 9"),
        (["a", "a"], OptionError, "both locations are the same: 'a'"),
        (["a", "b", "1", "-w", "id = 1"], None, "either by their ids or by --where"),
        (["a"], None, "Missing argument 'B'"),
        ([], None, "Missing argument 'A'"),
    ],
)
def test_mistakes(
    memories: Memories, args: list[str], error: type[Exception] | None, message: str
) -> None:
    """Each mistake has an error that names it."""
    record(memories["a"], 1).complete()
    result = verify(*args)
    if error is None:
        assert result.exit_code == 2 and message in result.stderr
    else:
        assert isinstance(result.exception, error) and message in str(result.exception)


def test_one_folder_in_two_spellings_is_the_same_location(
    memories: Memories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links and relative paths are resolved."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "link").symlink_to("runs")
    monkeypatch.chdir(tmp_path)
    for other in ("link", "./runs", str(tmp_path / "runs")):
        result = verify("runs", other)
        assert isinstance(result.exception, OptionError), other


@pytest.mark.parametrize("command", ["verify", "copy", "sync"])
def test_one_store_at_two_locations_is_refused(memories: Memories, command: str) -> None:
    """Other spellings of one location are found by what is stored there."""
    memories["b"] = memories["a"]
    record(memories["a"], 1).complete()
    result = CliRunner().invoke(sacred, ["runs", command, "a", "b"])
    assert isinstance(result.exception, OptionError)
    assert "the same store" in str(result.exception)


@click.command(cls=TwoLocationsCommand)
@click.argument("one")
@click.argument("other")
@click.argument("ids", nargs=-1)
@click.option("-w", "--where")
@click.option("--flag", is_flag=True)
def echo(one: str, other: str, ids: tuple[str, ...], where: str | None, flag: bool) -> None:
    click.echo(repr((one, other, ids, where, flag)))


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ("x y", ("x", "y", (), None, False)),
        ("x -t y", ("x", "-t y", (), None, False)),
        ("-t x y 5 6", ("-t x", "y", ("5", "6"), None, False)),
        ("-tx -ty 5", ("-t x", "-t y", ("5",), None, False)),
        ("--tdb=x -w -t --flag --tdb y", ("--tdb x", "--tdb y", (), "-t", True)),
        ("x --where -t y", ("x", "y", (), "-t", False)),
        ("x -- y -t", ("x", "y", ("-t",), None, False)),
    ],
)
def test_locations_may_be_given_by_flags(
    args: str, expected: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flag of an observer is the location at whose place it is; options keep their values."""
    specs = [ObserverSpec("acme:Observer", flags=("-t", "--tdb"), store="acme:Store")]
    monkeypatch.setattr("sacred_core.cli.runs.options.store_specs", lambda: specs)
    result = CliRunner().invoke(echo, args.split())
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{expected!r}\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("x y -t z", "unexpected location '-t z'"),
        ("x", "Missing argument 'OTHER'"),
        ("-t x", "Missing argument 'OTHER'"),
        ("x y -w", "requires an argument"),
    ],
)
def test_wrong_numbers_of_locations_are_usage_errors(
    args: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too few and too many are reported."""
    specs = [ObserverSpec("acme:Observer", flags=("-t", "--tdb"), store="acme:Store")]
    monkeypatch.setattr("sacred_core.cli.runs.options.store_specs", lambda: specs)
    result = CliRunner().invoke(echo, args.split())
    assert result.exit_code == 2 and message in result.stderr


def test_ids_in_two_stores() -> None:
    """Both are shown where they differ."""
    assert (ids_text(5, 5), ids_text(5, 12), ids_text(5, "x")) == ("5", "5 → 12", "5 → x")


def test_a_progress_bar_for_many_runs(
    memories: Memories, in_terminal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a terminal it is shown on stderr, and removed before a line is printed and at the end."""
    import io
    import sys

    for number in range(20):
        record(memories["a"], number).complete()
        if number:
            record(memories["b"], number).complete()

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    lines = in_terminal(80, "runs", "verify", "a", "b")
    assert lines == ["Run 1 of 'fed': only in A", "19 of 20 runs are equal."]
    assert "Comparing" in terminal.getvalue() and "100%" in terminal.getvalue()
    assert terminal.getvalue().count("\r\x1b[K") >= 2
    assert terminal.getvalue().endswith("\n\x1b[A")  # no empty line is left
    terminal.truncate(0)
    in_terminal(80, "runs", "verify", "a", "b", "1-19")
    assert "Comparing" not in terminal.getvalue()
