"""Tests of how much is read for summaries and parts of metrics."""

import io
from pathlib import Path
from typing import Any

import pytest
from sacred_tinydb import TinyDbObserver, TinyDbStore
from sacred_tinydb.storage import Files

from sacred_core.stores.curves import curve, points, summaries, tail
from sacred_core.stores.summaries import summarize_blocks
from sacred_core.testing import EventDriver

POINTS = 200_000


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes were read from stored files, in each call."""
    sizes: list[int] = []

    class CountingFile(io.FileIO):
        def readinto(self, buffer: Any, /) -> int:
            size = super().readinto(buffer) or 0
            sizes.append(size)
            return size

        def readall(self) -> bytes:
            data = super().readall() or b""
            sizes.append(len(data))
            return data

    def open_counted(self: Files, file_id: str) -> io.BufferedReader:
        return io.BufferedReader(CountingFile(self.path(file_id)))

    monkeypatch.setattr(Files, "open", open_counted)
    return sizes


def test_a_curve_of_a_long_metric_reads_a_part_of_it(tmp_path: Path, read: list[int]) -> None:
    """The index answers curves and summaries, and a range is read without the points before it."""
    driver = EventDriver(TinyDbObserver(tmp_path / "runs"))
    run_id = driver.start()
    values = [float(number % 997) for number in range(POINTS)]
    for start in range(0, POINTS, 5_000):
        driver.log("loss", values[start : start + 5_000], first_step=start)
    driver.beat()
    driver.complete()
    store = TinyDbStore(tmp_path / "runs")
    assert len(store.metrics(run_id)["loss"]["values"]) == POINTS
    whole = sum(read)
    for ask, expected in (
        (lambda: summaries(store, run_id)["loss"], [*summarize_blocks([*range(POINTS)], values)]),
        (lambda: len(curve(store, run_id, "loss", width=200)), 200),
        (lambda: list(tail(store, run_id, {"loss": POINTS - 3})["loss"]["values"]), values[-3:]),
        (
            lambda: list(points(store, run_id, {"loss": (70_000, 70_002)})["loss"]["values"]),
            values[70_000:70_002],
        ),
    ):
        read.clear()
        assert ask() == expected
        assert sum(read) < whole / 20, "too much is read"


def test_a_deleted_run_leaves_no_index(tmp_path: Path) -> None:
    """The files of the points and of their index are removed with the run."""
    driver = EventDriver(TinyDbObserver(tmp_path / "runs"))
    run_id = driver.start()
    driver.log("loss", [1.0, 2.0])
    driver.complete()
    files = tmp_path / "runs" / "hashfs"
    assert len([path for path in files.rglob("*") if path.is_file()]) == 2
    TinyDbStore(tmp_path / "runs").delete(run_id)
    assert [path for path in files.rglob("*") if path.is_file()] == []
