"""Tests of ``sacred runs`` over a store in memory."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.exceptions import AnnotationError, QueryError, StoreError
from sacred_core.stores import Annotation
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

jsonschema = pytest.importorskip("jsonschema")
#: Any location, since `memory` replaces what opens it.
LOCATION = "memory://"
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "runs.schema.json").read_text())
ODD = "x\x1b]52;c;QUFB\x07\x1b[2J\r\ny\x9b31m\u202ez"
SHOWN = r"x\x1b]52;c;QUFB\x07\x1b[2J\r\ny\x9b31m\u202ez"


@pytest.fixture
def runs(memory: Memory, tmp_path: Path) -> str:
    """The location of three runs."""
    (tmp_path / "file").write_text("content")
    for number, rate in enumerate((0.1, 0.01, 0.001), 1):
        driver = EventDriver(MemoryObserver(memory))
        driver.start(
            config={"lr": rate, "name": f"run {number}"},
            ex_info={"name": "a" if number < 3 else "b", "base_dir": ".", "sources": []},
        )
        driver.log("loss", [1.0, number / 10])
        driver.resource(str(tmp_path / "file"))
        driver.print("printed\n")
        if number == 3:
            driver.fail()
        else:
            driver.complete(result=number)
    return LOCATION


def sacred_runs(*args: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(sacred, ["runs", *args], input=answer)


def ids(*args: str) -> list[str]:
    result = sacred_runs("list", *args, "-c", "id", "--csv")
    assert result.exit_code == 0, result.output
    return result.stdout.split()[1:]


def test_list_by_query(runs: str) -> None:
    """`--where` with configuration, metrics and status; `--status` and `--name` beside it."""
    assert ids(runs) == ["1", "2", "3"]
    assert ids(runs, "-w", "config.lr < 0.05") == ["2", "3"]
    assert ids(runs, "-w", "metrics.loss.last between 0.15 and 0.25 or status = FAILED") == [
        "2",
        "3",
    ]
    assert ids(runs, "--status", "completed", "-w", "config.lr < 0.05") == ["2"]
    assert ids(runs, "--name", "a") == ["1", "2"]


def test_list_sorted_and_paged(runs: str) -> None:
    """`--sort`, `--limit`, `--offset`; without `--sort` the newest count."""
    assert ids(runs, "-s", "config.lr") == ["3", "2", "1"]
    assert ids(runs, "-s", "-metrics.loss.last", "-n", "2") == ["3", "2"]
    assert ids(runs, "-s", "config.lr", "-n", "1", "--offset", "1") == ["2"]
    assert ids(runs, "-n", "1") == ["3"]
    assert ids(runs, "-n", "1", "--offset", "1") == ["2"]
    assert ids(runs, "-w", "config.lr < 1", "-n", "1", "--offset", "1") == ["2"]
    assert ids(runs, "--offset", "5") == []


def test_columns(runs: str) -> None:
    """Any fields, as a table and as CSV."""
    args = ("list", runs, "-c", "id,config.name,duration,metrics.loss.min", "-w", "id = 2")
    table = sacred_runs(*args).output.splitlines()
    assert table[0].split() == ["id", "config.name", "duration", "metrics.loss.min"]
    assert table[1].split() == ["2", "run", "2", "0.0s", "0.2"]
    rows = list(csv.reader(sacred_runs(*args, "--csv").output.splitlines()))
    assert rows[0] == ["id", "config.name", "duration", "metrics.loss.min"]
    assert rows[1][:2] == ["2", "run 2"] and float(rows[1][2]) < 1 and rows[1][3] == "0.2"


def test_json_is_valid_for_its_schema(runs: str) -> None:
    """`docs/runs.schema.json` describes every output of `list` and `show`."""
    lines = sacred_runs("list", runs, "--json").output.splitlines()
    shown = [sacred_runs("show", runs, number, "--json").output for number in "123"]
    for text in [*lines, *shown]:
        jsonschema.validate(json.loads(text), SCHEMA)
    assert json.loads(shown[0])["metrics"]["loss"]["values"] == [1.0, 0.1]
    assert json.loads(shown[2])["output"] == "printed\n"


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("-w", "config.lr <"), "expected a value"),
        (("-w", "nmae = x"), "did you mean 'name'"),
        (("-c", "foo"), "unknown field 'foo'"),
        (("-s", "-"), "expected"),
    ],
)
def test_errors_name_the_position(runs: str, args: tuple[str, ...], error: str) -> None:
    """A line with the text, one with a caret, and no traceback."""
    result = sacred_runs("list", runs, *args)
    assert isinstance(result.exception, QueryError)
    assert error in str(result.exception) and "^" in str(result.exception)


def test_delete_asks_first(runs: str) -> None:
    """Delete lists the runs and asks first; `--yes` does not ask."""
    refused = sacred_runs("delete", runs, "-w", "status = COMPLETED", answer="n\n")
    assert refused.exit_code == 1
    assert "Delete 2 runs?" in refused.output and "run" not in ids(runs)
    assert ids(runs) == ["1", "2", "3"]
    assert sacred_runs("delete", runs, "2", answer="y\n").exit_code == 0
    assert sacred_runs("delete", runs, "1", "--yes").output == "Deleted run 1.\n"
    assert ids(runs) == ["3"]


@pytest.mark.parametrize("args", [(), ("1", "-w", "id = 1")])
def test_delete_requires_a_run(runs: str, args: Any) -> None:
    """Either ids or a query: exit code 2."""
    assert sacred_runs("delete", runs, *args).exit_code == 2


def test_tags_and_notes(runs: str) -> None:
    """Notes and tags of a finished run are found by query and shown with their user."""
    assert sacred_runs("tag", runs, "2", "baseline", "good").exit_code == 0
    assert sacred_runs("tag", runs, "2", "good", "--remove").exit_code == 0
    assert sacred_runs("note", runs, "2", "to be repeated").exit_code == 0
    assert ids(runs, "-w", "tags has baseline") == ["2"]
    assert ids(runs, "-w", "tags has good") == []
    shown = sacred_runs("show", runs, "2").output
    assert "Tags:\n  baseline\n" in shown and ": to be repeated\n" in shown
    jsonschema.validate(json.loads(sacred_runs("show", runs, "2", "--json").output), SCHEMA)
    assert isinstance(sacred_runs("note", runs, "99", "x").exception, StoreError)


def test_a_running_run_is_not_deleted(memory: Memory) -> None:
    """Its process continues to write."""
    EventDriver(MemoryObserver(memory)).start(start_time=datetime.now(UTC))
    result = sacred_runs("delete", LOCATION, "1", "--yes")
    assert isinstance(result.exception, StoreError)
    assert "is still running" in str(result.exception)


@pytest.fixture
def odd_runs(memory: Memory, tmp_path: Path) -> str:
    """The location of two runs with control characters wherever there is text."""
    (tmp_path / "file").write_text("content")
    for _ in range(2):
        driver = EventDriver(MemoryObserver(memory))
        driver.start(
            config={"name": ODD, ODD: 1, "list": [ODD]},
            ex_info={"name": ODD, "base_dir": ".", "sources": []},
            host_info={"hostname": ODD},
            command=ODD,
        )
        driver.artifact(ODD, str(tmp_path / "file"))
        driver.log(ODD, [1.0])
        driver.print(f"a\x1b[31mred\x1b[0m\tb\n{ODD}\n")
        driver.beat(info={ODD: ODD})
        driver.fail((f"ValueError: {ODD}\n",))
    time = datetime(2026, 2, 1, tzinfo=UTC)
    MemoryStore(memory).annotate(1, Annotation(time=time, user="ann", added=(ODD,)))
    sacred_runs("note", LOCATION, "1", ODD)
    return LOCATION


def test_control_characters_are_shown_as_escapes(odd_runs: str) -> None:
    """Control characters are shown as escapes, in tables, pages and questions; of output only
    colours pass.
    """
    listed = sacred_runs(
        "list", odd_runs, "-c", "id,name,command,tags,host.hostname,config.name,config.list"
    ).output
    shown = sacred_runs("show", odd_runs, "1").output
    asked = sacred_runs("delete", odd_runs, "1", answer="n\n").output
    for text in (listed, shown, asked):
        allowed = "\n\t\x1b" if text is shown else "\n"
        assert not [each for each in text if not each.isprintable() and each not in allowed]
        assert SHOWN in text
    assert len(listed.splitlines()) == 3
    lines = [line for line in shown.splitlines() if "\x1b" in line]
    assert lines in ([], ["  a\x1b[31mred\x1b[0m\tb", "  \x1b[0m"], ["  a\x1b[31mred\x1b[0m\tb"])
    assert f"  {SHOWN.partition(chr(92) + 'r')[0]}" in shown and f"ValueError: {SHOWN[:5]}" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("tag", LOCATION, "1", ""), "a tag must not be empty"),
        (("tag", LOCATION, "1", "good", "a\x07b"), r"the tag 'a\x07b' has control characters"),
        (("note", LOCATION, "1", " "), "a note must not be empty"),
    ],
)
def test_bad_tags_and_notes_are_errors(
    memory: Memory, arguments: tuple[str, ...], message: str
) -> None:
    """A bad tag or note is an error, and nothing is stored."""
    EventDriver(MemoryObserver(memory)).start()
    result = sacred_runs(*arguments)
    assert isinstance(result.exception, AnnotationError)
    assert message in str(result.exception)
    run = MemoryStore(memory).get(1)
    assert (run.tags, run.notes) == ([], [])


def test_machine_formats_have_text_as_it_is(odd_runs: str) -> None:
    """JSON by its own escapes, CSV in quotes."""
    (line, _) = sacred_runs("list", odd_runs, "--json").output.splitlines()[:2]
    assert json.loads(line)["experiment"]["name"] == ODD
    data = sacred_runs("list", odd_runs, "-w", "id = 1", "-c", "name", "--csv").stdout_bytes
    assert data == f'name\n"{ODD}"\n'.encode()
