"""Tests of ``sacred spool``."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.exceptions import SpoolError
from tests.core.spool.conftest import Spool, spool
from tests.core.spool.test_flushing import leave
from tests.core.spool.test_parts import finish, start_part, start_run

__all__ = ["spool"]


def sacred_spool(*words: str) -> Result:
    return CliRunner().invoke(sacred, ["spool", *words])


def lines(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_nothing_is_left(spool: Spool) -> None:
    """One line on standard error, and no line of JSON."""
    done = sacred_spool("list")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "Everything is delivered.\n")
    assert sacred_spool("list", "--json").output == ""
    done = sacred_spool("flush")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "Everything is delivered.\n")
    assert sacred_spool("flush", "--json").output == ""


def test_a_listed_run(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """All folders that the user has used, or the given one."""
    monkeypatch.setattr("sacred_core.cli.spool.list_spool.terminal_width", lambda: 200)
    leave(spool)
    done = sacred_spool("list")
    assert done.exit_code == 0
    heading, row = done.stdout.splitlines()
    assert heading.split() == ["id", "name", "kind", "state", "started", "target", "folder"]
    assert row.split()[:4] == ["1", "fed", "run", "waiting"]
    assert "ServerObserver (memory://u@one/db)" in row and str(spool.folder) in row
    assert sacred_spool("list", "--spool", str(spool.folder)).stdout == done.stdout


def test_a_run_as_json(spool: Spool) -> None:
    """One object a line."""
    leave(spool)
    assert lines(sacred_spool("list", "--json")) == [
        {
            "kind": "run",
            "id": 1,
            "name": "fed",
            "writer": None,
            "start_time": "2026-01-02T03:04:05.678901+00:00",
            "state": "waiting",
            "targets": ["ServerObserver (memory://u@one/db)"],
            "folder": str(spool.folder),
        }
    ]


def test_flush(spool: Spool) -> None:
    """One line for each run and store; then nothing is left."""
    leave(spool)
    done = sacred_spool("flush")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        f"Run 1 of 'fed' in {spool.folder}: stored as run 1 in ServerObserver (memory://u@one/db)\n"
    )
    assert sacred_spool("list").stdout == ""


def test_what_is_left_is_an_error(spool: Spool) -> None:
    """Its reason, the number of what is left, and exit code 1."""
    leave(spool)
    leave(spool, uid="cd" * 16)
    spool.one.is_down = True
    done = sacred_spool("flush", "--spool", str(spool.folder))
    assert done.exit_code == 1 and done.stdout == ""
    assert done.stderr.splitlines()[0] == (
        f"Run 1 of 'fed' in {spool.folder}: not stored in ServerObserver (memory://u@one/db): "
        "memory://u@one/db is away"
    )
    assert isinstance(done.exception, SpoolError)
    assert str(done.exception) == "2 entries could not be delivered: see above"
    assert [(each["state"], each["reason"]) for each in lines(sacred_spool("flush", "--json"))] == [
        ("left", "memory://u@one/db is away")
    ] * 2


def test_an_active_run_is_no_error(spool: Spool) -> None:
    """The process that records it delivers it."""
    spool.one.is_down = True
    driver = spool.drive()
    driver.start()
    done = sacred_spool("flush")
    assert done.exit_code == 0
    assert done.stdout.endswith("skipped, a running process delivers it\n")
    (data,) = lines(sacred_spool("flush", "--json"))
    assert (data["state"], data["target"], data["target_id"]) == ("active", None, None)
    assert "active" in sacred_spool("list").stdout
    driver.complete()


def test_keep(spool: Spool) -> None:
    """The run stays in the folder, but is not listed any longer."""
    leave(spool)
    (data,) = lines(sacred_spool("flush", "--keep", "--json"))
    assert (data["state"], data["target_id"]) == ("delivered", 1)
    assert len(list(spool.runs.list())) == 1
    assert sacred_spool("list", "--json").stdout == ""


def test_a_target(spool: Spool) -> None:
    """It has the password; messages do not."""
    leave(spool)
    done = sacred_spool("flush", "memory://u:pw@one/db")
    assert done.exit_code == 0 and ":pw" not in done.output
    assert spool.opened == ["memory://u:pw@one/db"]


def test_undelivered_events(spool: Spool) -> None:
    """The number of events."""
    from tests.core.spool.conftest import ServerObserver

    observer: Any = ServerObserver(spool.one)
    driver = spool.drive(observer)
    driver.start(ex_info={"name": "direct"})
    spool.one.is_down = True
    driver.complete(7)
    assert lines(sacred_spool("list", "--json"))[0]["kind"] == "events"
    spool.one.is_down = False
    done = sacred_spool("flush")
    assert "Events of run 1 of 'direct'" in done.stdout
    assert done.stdout.endswith("stored 1 event in ServerObserver (memory://u@one/db)\n")


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    """It is a mistake."""
    done = sacred_spool("list", "--spool", str(tmp_path / "missing"))
    assert done.exit_code == 2 and "does not exist" in done.stderr


def test_a_part_is_shown_by_its_writer(spool: Spool) -> None:
    """The list has its name in place of an id; what is delivered names its writer."""
    start_run(spool.one)
    finish(start_part(spool, "rank7"))
    row = sacred_spool("list").stdout.splitlines()[1].split()
    assert row[:4] == ["rank7", "fed", "part", "waiting"]
    (listed,) = lines(sacred_spool("list", "--json"))
    assert (listed["kind"], listed["id"], listed["writer"]) == ("part", None, "rank7")
    done = sacred_spool("flush").stdout
    assert done == (
        f"Writer rank7 of a run of 'fed' in {spool.folder}: stored in ServerObserver "
        "(memory://u@one/db)\n"
    )
