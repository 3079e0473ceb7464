"""Tests of ``sacred runs copy`` over stores in memory."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.cli.runs.copied_text import copied_lines
from sacred_core.exceptions import OptionError, QueryError, StoreError, UnavailableError
from sacred_core.stores import StoredRun
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.transfer.copying import Copied

Memories = dict[str, Memory]
HINT = "What was copied stays: run the same command again to continue."


def record(memory: Memory, number: int, _id: Any = None, rate: float = 0.1) -> EventDriver:
    driver = EventDriver(MemoryObserver(memory))
    meta = {"uid": f"{number:032x}", "beat_interval": 9e7}
    driver.start(_id=_id, config={"lr": rate}, meta_info=meta)
    driver.print("printed\n")
    driver.log("loss", [1.0, 2.0])
    driver.beat()
    return driver


def copy(*args: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", "copy", *args])


def verified(*args: str) -> bool:
    return CliRunner().invoke(sacred, ["runs", "verify", *args]).exit_code == 0


def test_all_runs_are_copied_once(memories: Memories) -> None:
    """Each run that is copied has a line; a second copy sends nothing."""
    for number in (1, 2):
        record(memories["a"], number).complete()
    result = copy("a", "b")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "Run 1: copied (2 points, 8 characters)",
        "Run 2: copied (2 points, 8 characters)",
        "2 runs: 2 copied.",
    ]
    assert verified("a", "b")
    again = copy("a", "b")
    assert (again.exit_code, again.stdout) == (0, "2 runs: 2 complete already.\n")


def test_ids_that_are_taken_are_shown_with_the_new_ones(memories: Memories) -> None:
    """An id is the same where it is free."""
    record(memories["b"], 9, _id=2).complete()
    for number in (1, 2):
        record(memories["a"], number).complete()
    lines = copy("a", "b").stdout.splitlines()
    assert lines[0].startswith("Run 1: copied") and lines[1].startswith("Run 2 → 3: copied")


def test_a_selection(memories: Memories) -> None:
    """Ids, ranges and queries select the runs to copy."""
    for number in range(1, 6):
        record(memories["a"], number, rate=number / 10).complete()
    for args, expected in (
        (["2"], [2]), (["1-2"], [1, 2]), (["-w", "config.lr > 0.35"], [1, 2, 4, 5]),
    ):  # fmt: skip
        result = copy("a", "b", *args)
        assert result.exit_code == 0, result.output
        assert sorted(memories["b"].runs) == expected  # type: ignore[type-var]
    result = copy("a", "b", "-w", "config.lr = 7")
    assert result.exit_code == 0 and "No runs. " in result.stderr


def test_an_interrupted_copy_is_continued(memories: Memories) -> None:
    """The target gets what it lacks."""
    driver = record(memories["a"], 1)
    assert copy("a", "b").stdout.splitlines()[0] == (
        "Run 1: copied (2 points, 8 characters); it has not ended"
    )
    driver.log("loss", [3.0])
    driver.complete()
    assert copy("a", "b").stdout.splitlines() == [
        "Run 1: continued (1 point)", "1 run: 1 continued.",
    ]  # fmt: skip
    assert verified("a", "b")


def test_a_dry_run_stores_nothing(memories: Memories) -> None:
    """What would be copied is shown."""
    record(memories["a"], 1).complete()
    record(memories["a"], 2).complete()
    result = copy("a", "b", "--dry-run")
    assert (result.exit_code, memories["b"].runs) == (0, {})
    assert result.stdout.splitlines() == [
        "Run 1: would be copied (2 points, 8 characters)",
        "Run 2: would be copied (2 points, 8 characters)",
        "2 runs: 2 would be copied.",
    ]
    copy("a", "b", "1")
    assert copy("a", "b", "--dry-run").stdout.splitlines() == [
        "Run 2: would be copied (2 points, 8 characters)",
        "2 runs: 1 would be copied, 1 complete already.",
    ]


def test_json(memories: Memories) -> None:
    """One object for each run, also for those that were complete."""
    record(memories["a"], 1).complete()
    record(memories["a"], 2, _id="x").complete()
    copy("a", "b", "1")
    lines = copy("a", "b", "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "uid": f"{number:032x}", "source_id": run_id, "target_id": run_id, "state": state,
            "is_new": state == "copied", "has_ended": True, "events": events, "points": points,
            "characters": characters, "files": 0, "size": 0, "missing": [], "conflict": "",
            "dry_run": False,
        }
        for number, run_id, state, events, points, characters in (
            (1, 1, "complete", 0, 0, 0), (2, "x", "copied", 5, 2, 8),
        )
    ]  # fmt: skip


def test_what_is_missing_is_counted(memories: Memories, tmp_path: Path) -> None:
    """A damaged run and the content of a file that is lost: exit code 1, others are copied."""
    (tmp_path / "file").write_text("content")
    record(memories["a"], 1).complete()
    driver = record(memories["a"], 2)
    driver.artifact("art", str(tmp_path / "file"))
    driver.complete()
    record(memories["a"], 3).complete()
    memories["a"].runs[1].run.info = [1]  # type: ignore[assignment]
    del memories["a"].runs[2].files["artifact", "art"]
    result = copy("a", "b")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Run 1: not copied: run '1' is damaged")
    assert lines[1] == "Run 2: copied (2 points, 8 characters)"
    assert lines[2].startswith("  missing: the content of the artifact 'art'")
    assert lines[4] == "3 runs: 2 copied, 1 not copied."
    assert result.stderr == "Not copied: 1 run and 1 part; see above.\n"


def test_a_run_with_another_end_is_not_changed(memories: Memories) -> None:
    """It is reported, with exit code 1."""
    record(memories["a"], 1).complete()
    driver = record(memories["b"], 1, _id=7)
    driver.fail()
    result = copy("a", "b")
    assert result.exit_code == 1
    assert result.stdout.startswith("Run 1 → 7: not changed: it is FAILED there")
    assert result.stderr == "Not copied: 1 run; see above.\n"
    assert memories["b"].runs[7].run.recorded_status == "FAILED"


def test_follow_until_the_end(memories: Memories, monkeypatch: pytest.MonkeyPatch) -> None:
    """A running run is copied again after each interval until it has ended."""
    driver = record(memories["a"], 1)
    record(memories["a"], 2).complete()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        driver.log("loss", [3.0])
        driver.beat()
        if len(waits) == 3:
            driver.complete()

    monkeypatch.setattr("sacred_core.transfer.following.time.sleep", sleep)
    result = copy("a", "b", "--follow", "--interval", "0.5")
    assert result.exit_code == 0, result.output
    assert waits == [0.5] * 3
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Run 2: copied (2 points") and lines[1].startswith("Run 1: copied")
    assert "not ended" not in lines[1] and verified("a", "b")
    assert copy("a", "b", "1", "--follow").stdout == "1 run: 1 complete already.\n"


def test_ctrl_c_reports_how_to_continue(
    memories: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is 130, and what was copied is in the target."""
    record(memories["a"], 1)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sacred_core.transfer.following.time.sleep", interrupt)
    result = copy("a", "b", "--follow")
    assert result.exit_code == 130
    assert HINT in result.stderr
    assert memories["b"].runs[1].output == "printed\n"


class Unavailable(MemoryStore):
    def get(self, run_id: int | str) -> StoredRun:
        raise UnavailableError("no connection")


def test_a_lost_connection_reports_how_to_continue(
    memories: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is that of the store."""
    record(memories["a"], 1)
    monkeypatch.setattr(
        "sacred_core.cli.runs.copy_runs.open_store", lambda location: Unavailable(memories["a"])
    )
    result = copy("a", "b")
    assert isinstance(result.exception, UnavailableError)
    assert str(result.exception) == f"no connection. {HINT}"


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        (["a", "b", "9"], StoreError, "run '9' not found"),
        (["a", "b", "9-8"], OptionError, "is empty"),
        (["a", "a"], OptionError, "both locations are the same"),
        (["a", "b", "-w", "config.lr ="], QueryError, ""),
        (["a", "b", "1", "-w", "id = 1"], None, "either by their ids or by --where"),
        (["a"], None, "Missing argument 'TARGET'"),
    ],
)
def test_mistakes(
    memories: Memories, args: list[str], error: type[Exception] | None, message: str
) -> None:
    """Each mistake has an error, and nothing is copied."""
    record(memories["a"], 1).complete()
    result = copy(*args)
    if error is None:
        assert result.exit_code == 2 and message in result.stderr
    else:
        assert isinstance(result.exception, error) and message in str(result.exception)
    assert not memories["b"].runs


def test_a_store_that_can_only_be_read_is_no_target(
    memories: Memories, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error asks for another one."""
    monkeypatch.setattr("sacred_core.cli.runs.copy_runs.open_target", lambda location: object())
    result = copy("a", "b")
    assert isinstance(result.exception, StoreError) and "can only be read" in str(result.exception)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_progress_bar_in_a_terminal(
    memories: Memories, in_terminal: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It shows the points of the current run on stderr, and lines do not contain it."""
    record(memories["a"], 1).complete()
    driver = record(memories["a"], 2)
    driver.log("long", [1.0] * 120_000)
    driver.complete()
    monkeypatch.setattr(sys, "stderr", terminal := _Terminal())
    lines = in_terminal(100, "runs", "copy", "a", "b")
    assert lines == [
        "Run 1: copied (2 points, 8 characters)",
        "Run 2: copied (120002 points, 8 characters)",
        "2 runs: 2 copied.",
    ]
    shown = terminal.getvalue()
    assert "Copying" in shown and "120002 points" in shown and "50%" in shown


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"is_new": True, "events": 3}, ["Run 1 → 2: copied (3 events)"]),
        ({"events": 1}, ["Run 1 → 2: continued (1 event)"]),
        ({"events": 0}, []),
        (
            {"is_new": True, "events": 5, "files": 1, "size": 999},
            ["Run 1 → 2: copied (1 file, 999 bytes)"],
        ),
        (
            {"is_new": True, "events": 5, "files": 2, "size": 1_234_567},
            ["Run 1 → 2: copied (2 files, 1.23 MB)"],
        ),
        (
            {"is_new": True, "events": 5, "size": 5_000_000_000_000},
            ["Run 1 → 2: copied (5000 GB)"],
        ),
        ({"missing": ("x", "y")}, ["  missing: x", "  missing: y"]),
        ({"conflict": "why"}, ["Run 1 → 2: not changed: why"]),
        ({"target_id": None, "missing": ("x", "y")}, ["Run 1: not copied: x; y"]),
    ],
)
def test_lines(fields: dict[str, Any], expected: list[str]) -> None:
    """Counts of zero are omitted, bytes have units, and complete runs have no line."""
    copied = Copied(**{"uid": "", "source_id": 1, "target_id": 2, "has_ended": True, **fields})
    assert [*copied_lines(copied)] == expected
