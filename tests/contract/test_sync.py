"""Stores of several backends are synchronised, and have equal runs afterwards."""

from pathlib import Path
from typing import Any

import pytest

from sacred_core.observers import FileStorageObserver, SqlObserver, TinyDbObserver
from sacred_core.testing import EventDriver
from sacred_core.transfer.known_runs import Target
from sacred_core.transfer.syncing import synchronise
from sacred_core.transfer.verification import verify

BACKENDS: dict[str, Any] = {
    "file": lambda path: FileStorageObserver(path / "file"),
    "sql": lambda path: SqlObserver(f"sqlite:///{path}/runs.db"),
    "tinydb": lambda path: TinyDbObserver(path / "tinydb"),
}
PAIRS = [("file", "sql"), ("sql", "tinydb"), ("tinydb", "file")]


def record(observer: Any, number: int, folder: Path, points: int, name: str) -> EventDriver:
    """Record a run with a number of points and an artifact."""
    (folder / name).write_text(f"content of {name}")
    driver = EventDriver(observer)
    driver.start(meta_info={"uid": f"{number:032x}", "beat_interval": 10.0})
    driver.print("printed\n")
    driver.log("loss", [n / 7 for n in range(points)])
    driver.artifact(name, str(folder / name))
    driver.beat(info={"x": 1}, result=2)
    return driver


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_both_stores_have_everything_afterwards(first: str, second: str, tmp_path: Path) -> None:
    """Runs, and parts of runs that ended or did not, go in both directions; a repetition sends
    nothing.
    """
    observers = [BACKENDS[name](tmp_path) for name in (first, second)]
    for number, own in enumerate(observers):
        record(own, 10 + number, tmp_path, 3, "own").complete(2)
        record(own, 1, tmp_path, 1_500 + 700 * number, f"art{number}").complete(2)
        driver = record(own, 2, tmp_path, 5 - number, f"art{number}")
        driver.annotate(f"note {number}", [f"tag {number}"])
        if number:
            driver.complete(2)
    a, b = (own.open_store() for own in observers)
    found = [*synchronise(Target(a), Target(b))]
    assert [each.problem for each in found] == [None] * 4
    assert [each.conflicts for each in found] == [()] * 4
    assert sorted(each.state for each in found) == [
        "copied to A", "copied to B", "merged", "merged",
    ]  # fmt: skip
    compared = [*verify(a, b, reads_files=True)]
    assert [(each.state, *map(str, each.differences)) for each in compared] == [("equal",)] * 4
    assert [each.state for each in synchronise(Target(a), Target(b))] == ["equal"] * 4
