"""Speed of reading what was recorded: curves of a long metric, and listings of many runs.

The output has seconds and ratios within one process: a curve against reading all points, reading
all points against parsing each time, and sorting by a metric against a plain listing.

Usage: python benchmarks/bench_reading.py [RUNS [POINTS]]
"""

import gc
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sacred_core.observers import FileStorageObserver, SqlObserver, TinyDbObserver
from sacred_core.stores import RunQuery, find_runs, open_store
from sacred_core.stores.curves import curve
from sacred_core.testing import EventDriver

START = datetime(2026, 1, 1, tzinfo=UTC)
AIMS = {"curve(width=1000) / metrics()": 0.02, "sorted by a metric / plain": 2.0}


def seconds(work: Callable[[], Any], count: int = 3) -> float:
    """Return the median time of several calls."""
    times = []
    for _ in range(count):
        gc.collect()
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def record(observer: Any, points: int, number: int) -> float:
    """Record a run with a metric, and return the seconds that its points took."""
    driver = EventDriver(observer)
    config = {"lr": number / 7, "model": {"size": number % 5}}
    driver.start(config=config, start_time=START + timedelta(seconds=number))
    spent = 0.0
    for first in range(0, points, 10_000):
        count = min(10_000, points - first)
        values = [math.sin(first + n + number) for n in range(count)]
        begin = time.perf_counter()
        driver.log("loss", values, first)
        driver.beat()
        spent += time.perf_counter() - begin
    driver.complete(result=number)
    return spent


def measure_points(name: str, observer: Any, location: str, points: int) -> None:
    """Print the times of one run with many points."""
    written = record(observer, points, 1)
    store = open_store(location)
    run = next(store.list(RunQuery(limit=1)))
    whole = seconds(lambda: store.metrics(run.id))
    parsed = seconds(lambda: list(store.metrics(run.id)["loss"]["timestamps"]), 1)
    drawn = seconds(lambda: curve(store, run.id, "loss", width=1000), 9)
    zoomed = seconds(lambda: curve(store, run.id, "loss", points // 2, points // 2 + 5000, 400), 9)
    print(f"{name}, {points} points: written in {written:.2f} s")
    print(f"  metrics() {whole:.3f} s, with a time object for each point {parsed:.3f} s")
    for label, value in (
        ("curve(width=1000) / metrics()", drawn / whole),
        ("curve of 5000 points / metrics()", zoomed / whole),
        ("metrics() / with times", whole / parsed),
    ):
        aim = f" (aim {AIMS[label]})" if label in AIMS else ""
        print(f"  {label}: {value:.4f}{aim}")


def measure_listings(name: str, make: Callable[[], Any], location: str, runs: int) -> None:
    """Print the times of listings of many runs."""
    for number in range(runs):
        record(make(), 200, number)
    store = open_store(location)
    plain = seconds(lambda: find_runs(store))
    newest = seconds(lambda: find_runs(store, limit=50))
    filtered = seconds(lambda: find_runs(store, "config.lr < 10"))
    by_metric = seconds(lambda: find_runs(store, sort="metrics.loss.min"))
    print(f"{name}, {runs} runs with 200 points: plain {plain:.2f} s, newest 50 {newest:.3f} s,")
    print(f"  filtered by a configuration value {filtered:.2f} s,")
    print(f"  sorted by metrics.loss.min {by_metric:.2f} s")
    label = "sorted by a metric / plain"
    print(f"  {label}: {by_metric / plain:.2f} (aim {AIMS[label]})")


def main() -> None:
    """Measure each store that needs no server."""
    runs, points = (int(word) for word in [*sys.argv[1:], "1000", "1000000"][:2])
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        stores: dict[str, tuple[Callable[[str], Any], Callable[[str], str]]] = {
            "folders": (
                lambda name: FileStorageObserver(folder / name), lambda name: str(folder / name)
            ),
            "SQLite": (
                lambda name: SqlObserver(f"sqlite:///{folder / name}.db"),
                lambda name: f"sqlite:///{folder / name}.db",
            ),
            "TinyDB": (
                lambda name: TinyDbObserver(str(folder / f"{name}-tiny")),
                lambda name: f"tinydb://{folder / name}-tiny",
            ),
        }  # fmt: skip
        for name, (make, location) in stores.items():
            measure_points(name, make("points"), location("points"), points)
            count = min(runs, 200) if name == "TinyDB" else runs  # one file, rewritten for each
            measure_listings(name, lambda make=make: make("runs"), location("runs"), count)


if __name__ == "__main__":
    main()
