"""Speed of reading what was recorded: curves of a long metric, and listings of many runs.

For each backend the output has seconds and ratios within one process.

Usage: python -m benchmarks.reading [--runs N] [--points N] [BACKEND...]

Servers are started for backends that need one.
"""

import argparse
import gc
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.databases import copy_rows, mongo_server, postgres_server
from benchmarks.measuring import clean_environment

START = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[1]
POINTS_OF_RUN = 200
AIMS = {
    "curve(width=1000) / metrics()": 0.02,
    "sorted by a metric / plain": 2.0,
}


@dataclass(frozen=True)
class Backend:
    """What is measured.

    Attributes:
        start: Returns the context in which the backend can be reached; it returns an address.
        observer: Returns a new observer for an address and the name of a group of runs.
        location: Returns the location of the store of such a group.
        clock: What writing and `metrics` are compared by: the time of the process, where no server
            takes a part of it.
        most_runs: Runs that are measured at most.
        copy: Stores further runs like the first one faster than the observer; see `sql_server`.
    """

    start: Callable[[], AbstractContextManager[str]]
    observer: Callable[[str, str], Any]
    location: Callable[[str, str], str]
    clock: Callable[[], float] = time.process_time
    most_runs: int = 1_000_000
    copy: Callable[[str, int], None] | None = None


def _observer(class_name: str, argument: Callable[[str, str], str]) -> Callable[[str, str], Any]:
    def make(address: str, name: str) -> Any:
        from sacred_core import observers

        return getattr(observers, class_name)(argument(address, name))

    return make


def _folder(address: str, name: str) -> str:
    return f"{address}/{name}"


def _sqlite(address: str, name: str) -> str:
    return f"sqlite:///{address}/{name}.db"


def _database(address: str, name: str) -> str:
    """Return the address: the runs of all groups are in one database."""
    del name
    return address


def _mongo_observer(address: str, name: str) -> Any:
    from sacred_core.observers import MongoObserver

    return MongoObserver(address, name)


BACKENDS = {
    "folders": Backend(
        tempfile.TemporaryDirectory, _observer("FileStorageObserver", _folder), _folder
    ),
    "SQLite": Backend(
        tempfile.TemporaryDirectory, _observer("SqlObserver", _sqlite), _sqlite, copy=copy_rows
    ),
    "PostgreSQL": Backend(
        postgres_server,
        _observer("SqlObserver", _database),
        _database,
        clock=time.perf_counter,
        copy=copy_rows,
    ),
    "MongoDB": Backend(
        mongo_server,
        _mongo_observer,
        lambda address, name: f"{address}/{name}.runs",
        clock=time.perf_counter,
    ),
    "TinyDB": Backend(  # one file, which is rewritten for each run
        tempfile.TemporaryDirectory,
        _observer("TinyDbObserver", _folder),
        lambda address, name: f"tinydb://{address}/{name}",
        most_runs=200,
    ),
}


def seconds(
    work: Callable[[], Any], count: int = 3, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the median time of several calls."""
    times = []
    for _ in range(count):
        gc.collect()
        begin = clock()
        work()
        times.append(clock() - begin)
    return statistics.median(times)


def record(
    observer: Any, points: int, number: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Record a run with a metric, and return the seconds that its points and its end took."""
    from sacred_core.testing import EventDriver

    driver = EventDriver(observer)
    config = {"lr": number / 7, "model": {"size": number % 5}}
    driver.start(config=config, start_time=START + timedelta(seconds=number))
    spent = 0.0
    for first in range(0, points, 10_000):
        count = min(10_000, points - first)
        values = [math.sin(first + n + number) for n in range(count)]
        begin = clock()
        driver.log("loss", values, first)
        driver.beat()
        spent += clock() - begin
    begin = clock()
    driver.complete(result=number)
    return spent + clock() - begin


def newest(location: str) -> tuple[Any, Any]:
    """Return a store and its newest run."""
    from sacred_core.stores import RunQuery, open_store

    store = open_store(location)
    return store, next(iter(store.list(RunQuery(limit=1))))


def report(label: str, ratio: float) -> None:
    """Print a ratio with its aim."""
    aim = f" (aim {AIMS[label]})" if label in AIMS else ""
    print(f"  {label}: {ratio:.4f}{aim}", flush=True)


def measure_points(backend: Backend, address: str, points: int) -> None:
    """Print the times of one run with many points."""
    from sacred_core.stores.curves import curve

    record(backend.observer(address, "points"), points, 1)
    store, run = newest(backend.location(address, "points"))
    whole = seconds(lambda: store.metrics(run.id))
    parsed = seconds(lambda: list(store.metrics(run.id)["loss"]["timestamps"]), 1)
    drawn = seconds(lambda: curve(store, run.id, "loss", width=1000), 9)
    zoomed = seconds(lambda: curve(store, run.id, "loss", points // 2, points // 2 + 5000, 400), 9)
    print(f"  metrics() {whole:.3f} s, with a time object for each point {parsed:.3f} s")
    report("curve(width=1000) / metrics()", drawn / whole)
    report("curve of 5000 points / metrics()", zoomed / whole)


def measure_listings(backend: Backend, address: str, runs: int) -> None:
    """Print the times of listings of many runs, and of the command that lists them."""
    from sacred_core.stores import find_runs, open_store

    for number in range(runs if backend.copy is None else 1):
        record(backend.observer(address, "runs"), POINTS_OF_RUN, number)
    if backend.copy is not None:
        backend.copy(backend.location(address, "runs"), runs)
    store = open_store(backend.location(address, "runs"))
    plain = seconds(lambda: find_runs(store))
    newest_runs = seconds(lambda: find_runs(store, limit=50))
    filtered = seconds(lambda: find_runs(store, "config.lr < 10"))
    by_metric = seconds(lambda: find_runs(store, sort="metrics.loss.min"))
    print(
        f"  {store.count()} runs with {POINTS_OF_RUN} points: plain {plain:.2f} s, "
        f"newest 50 {newest_runs:.3f} s, filtered by a configuration value {filtered:.2f} s, "
        f"sorted by metrics.loss.min {by_metric:.2f} s"
    )
    report("newest 50 / plain", newest_runs / plain)
    report("filtered by a configuration value / plain", filtered / plain)
    report("sorted by a metric / plain", by_metric / plain)
    taken, memory = run_command("runs", "list", backend.location(address, "runs"))
    print(f"  sacred runs list: {taken:.2f} s, {memory:.0f} MB", flush=True)


def run_command(*args: str) -> tuple[float, float]:
    """Run ``sacred`` and return its seconds, and its largest memory in MB."""
    command = [str(Path(sys.executable).with_name("sacred")), *args]
    # A process that is started here inherits the largest memory of this one; one from there not.
    code = "import resource, subprocess as s, sys; s.check_call(sys.argv[1:], stdout=s.DEVNULL); "
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return time.perf_counter() - begin, int(done.stdout) / 1024


def main() -> None:
    """Measure each backend."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("backends", nargs="*", default=[*BACKENDS])
    options = parser.parse_args()
    for name in options.backends:
        backend = BACKENDS[name]
        with backend.start() as address:
            print(f"{name}, {options.points} points:", flush=True)
            if options.points:
                measure_points(backend, address, options.points)
            if options.runs:
                measure_listings(backend, address, min(options.runs, backend.most_runs))


if __name__ == "__main__":
    main()
