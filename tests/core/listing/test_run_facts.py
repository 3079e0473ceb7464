"""Tests of the facts about a run that pages show."""

import io
import math
from datetime import UTC, datetime, timedelta

import pytest

from sacred_core.exceptions import StoreError
from sacred_core.listing.run_facts import (
    code_lines,
    command_line,
    file_text,
    host_facts,
    metric_facts,
    package_names,
    patches,
    queue_lines,
    sparkline,
    times,
    title,
)
from sacred_core.stores import StoredRun
from sacred_core.stores.recorded_files import FileInfo
from sacred_core.stores.summaries import summarize
from sacred_core.stores.worker_claims import WorkerClaim
from sacred_core.testing import Memory, MemoryStore


def test_the_title_has_what_is_known() -> None:
    """Of a damaged run, name and command may be missing."""
    assert title(StoredRun(id=4, status="", damage="no JSON")) == "Run 4: DAMAGED"
    run = StoredRun(id=4, status="FAILED", damage="no JSON", experiment={"name": "mnist"})
    assert title(run) == "Run 4: mnist, DAMAGED"


@pytest.mark.parametrize(
    ("status", "claim", "expected"),
    [
        ("QUEUED", None, []),
        (
            "QUEUED",
            WorkerClaim(worker="ann@node1", number=1),
            ["the worker ann@node1 has it", "claimed 1 time"],
        ),
        (
            "QUEUED",
            WorkerClaim(number=2, lost=1, reason="node lost"),
            ["waiting for a worker", "claimed 2 times, lost 1 time", "put back: node lost"],
        ),
        (
            "COMPLETED",
            WorkerClaim(worker="bob", number=3, reason="stopped"),
            ["the worker bob had it", "claimed 3 times", "put back: stopped"],
        ),
    ],
)
def test_the_queue_of_a_run(status: str, claim: WorkerClaim | None, expected: list[str]) -> None:
    """The lines name its worker, how often it was claimed and lost, and why it was put back."""
    assert queue_lines(StoredRun(id=1, status=status, claim=claim)) == expected


def test_sparklines() -> None:
    """The highest block is the greatest middle; what has no number is a space."""
    parts = [
        summarize([0, 1], values)
        for values in ([0.0, 2.0], [7.0, 9.0], ["a", "b"], [math.nan] * 2, [math.inf] * 2)
    ]
    assert sparkline(parts) == "▁█  █"
    assert sparkline([summarize([0], [1.0])] * 3) == "▁▁▁"
    assert sparkline([]) == ""


@pytest.mark.parametrize(
    ("meta", "shown"),
    [
        ({}, ""),
        ({"options": None}, ""),
        ({"options": {"UPDATE": ["lr=1"], "--force": True, "--name": "a", "-d": False}},
         "train.py main with lr=1 --force --name=a"),
        ({"options": {}, "named_configs": ["small"], "config_updates": {"a": {"b": "x"}}},
         "train.py main with small a.b='x'"),
    ],
)  # fmt: skip
def test_a_command_line_has_updates_and_options(meta: dict[str, object], shown: str) -> None:
    """It is empty if no options are recorded; the updates of a call in Python are included."""
    run = StoredRun(
        id=1, status="FAILED", command="main", experiment={"mainfile": "train.py"}, meta=meta
    )
    assert command_line(run) == shown


def test_times_are_lines_with_ages() -> None:
    """Times that are not known have no line."""
    now = datetime.now(UTC)
    run = StoredRun(id=1, status="COMPLETED", start_time=now - timedelta(hours=2), stop_time=now)
    started, stopped, took = times(run)
    assert started.startswith("started ") and started.endswith("(2 h ago)")
    assert stopped.startswith("stopped ") and took == "took 2:00:00"
    assert times(StoredRun(id=1, status="QUEUED")) == []


def test_code_is_listed_with_digests_and_commits() -> None:
    """A repository has its commit, and whether there were uncommitted changes."""
    digest = "d41d8cd98f00b204e9800998ecf8427e"
    repositories = [
        {"url": "https://example.org/a.git", "commit": "abc", "dirty": True},
        {"url": None, "commit": "def", "dirty": False},
        {"url": "u", "commit": "123", "dirty": None},
    ]
    experiment = {"sources": [["a.py", digest], ["b.py", "?"]], "repositories": repositories}
    assert code_lines(StoredRun(id=1, status="FAILED", experiment=experiment)) == [
        f"a.py {digest}", "b.py", "git https://example.org/a.git at abc, with uncommitted changes",
        "git at def", "git u at 123, changes unknown",
    ]  # fmt: skip


def test_packages_host_and_files_are_named() -> None:
    """Records that contain something else have no packages; the system is not quoted."""
    run = StoredRun(
        id=1, status="FAILED", experiment={"dependencies": ["numpy==2.0"]},
        host={"os": ["Linux", "6"], "hostname": "node", "gpus": {}},
    )  # fmt: skip
    assert package_names(run) == ["numpy==2.0"]
    assert host_facts(run) == [("os", "Linux 6"), ("hostname", "'node'")]
    assert package_names(StoredRun(id=1, status="", experiment={"dependencies": "?"})) == []
    assert file_text("a", FileInfo()) == "a"
    assert file_text("a", FileInfo(size=2000, content_type="text/csv")) == "a (text/csv, 2 kB)"


def test_a_metric_has_its_extremes_and_its_last_value() -> None:
    """Values that are no numbers are counted, and digits can be limited."""
    facts = metric_facts(summarize([0, 1, 2], [0.123456, "x", 3.0]))
    assert facts == [
        "2 points", "min 0.1235 at step 0", "max 3 at step 2", "last 3 at step 2",
        "1 value without a number",
    ]  # fmt: skip
    assert metric_facts(summarize([0], [0.123456]), None)[1] == "min 0.123456 at step 0"
    assert metric_facts(summarize([0], ["x"])) == ["0 points", "1 value without a number"]


def test_uncommitted_changes_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only dirty repositories have some; the reason replaces what cannot be read."""
    store = MemoryStore(Memory())

    def open_file(run_id: int | str, kind: str, name: str) -> io.BytesIO:
        if name == "b":
            raise StoreError("no such file")
        return io.BytesIO(f"{kind} {name} \xff".encode("latin-1"))

    monkeypatch.setattr(store, "open_file", open_file)
    repositories = [{"url": "u", "commit": name, "dirty": name != "c"} for name in "abc"]
    run = StoredRun(id=1, status="FAILED", experiment={"repositories": repositories})
    assert [*patches(store, run)] == [("a", "patch a \ufffd"), ("b", "no such file")]
