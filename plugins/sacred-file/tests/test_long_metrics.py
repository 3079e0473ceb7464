"""Curves of long metrics in folders."""

import random
from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStore

from sacred_core.observers import FileStorageObserver
from sacred_core.stores.curves import curve
from sacred_core.testing import EventDriver

POINTS = 10**6


def test_no_outlier_of_a_million_points_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100 single outliers are in a curve of 400 summaries, for which no point is read."""
    outliers = {at: n + 1.5 for n, at in enumerate(random.Random(2).sample(range(POINTS), 100))}
    driver = EventDriver(FileStorageObserver(tmp_path / "runs"))
    driver.start()
    for first in range(0, POINTS, 100_000):
        block = range(first, first + 100_000)
        driver.log("loss", [outliers.get(at, 0.0) * (-1) ** at for at in block], first)
        driver.beat()
    driver.complete()
    store = FileStore(tmp_path / "runs")
    monkeypatch.setattr(FileStore, "points", _refuse)
    found = curve(store, 1, "loss", width=400)
    assert len(found) <= 400 and sum(part.points for part in found) == POINTS
    for part in found:
        own = [outliers[at] * (-1) ** at for at in outliers if part.start <= at < part.stop]
        assert (part.min, part.max) == (min([0.0, *own]), max([0.0, *own]))


def _refuse(*args: Any) -> Any:
    raise AssertionError("points were read")
