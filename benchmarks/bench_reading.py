"""Speed of reading what was recorded: curves of a long metric, and listings of many runs.

For each backend the output has seconds and ratios. Ratios compare within one process, but for those
to an earlier checkout, where processes with each of the two alternate.

Usage: python benchmarks/bench_reading.py [--runs N] [--points N] [--base FOLDER] [BACKEND...]

FOLDER is a checkout of an earlier commit (``git worktree add FOLDER COMMIT``): `metrics` and
writing are compared with it. Servers are started for backends that need one.
"""

import argparse
import gc
import json
import math
import os
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

from bench_mongo import server as mongo_server
from bench_sql import copy_rows, postgres_server

START = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[1]
POINTS_OF_RUN = 200
AIMS = {
    "curve(width=1000) / metrics()": 0.02,
    "sorted by a metric / plain": 2.0,
    "metrics() / that of the base": 0.3,
    "writing / that of the base": 1.05,
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
        env=environment(ROOT),
        stdout=subprocess.PIPE,
        check=True,
    )
    return time.perf_counter() - begin, int(done.stdout) / 1024


def compare(name: str, address: str, points: int, base: Path) -> None:
    """Print the ratios of writing and of `metrics` to those of an earlier checkout."""
    found: dict[Path, list[dict[str, float]]] = {base: [], ROOT: []}
    for turn in range(4):
        for checkout in (base, ROOT) if turn % 2 else (ROOT, base):
            group = f"{'base' if checkout == base else 'own'}{turn}"
            command = [__file__, "--child", address, group, "--points", str(points), name]
            done = subprocess.run(
                [sys.executable, *command],
                env=environment(checkout),
                stdout=subprocess.PIPE,
                check=True,
            )
            found[checkout].append(json.loads(done.stdout))
    for what, label in (("metrics", "metrics()"), ("written", "writing")):
        own, other = (min(each[what] for each in found[at]) for at in (ROOT, base))
        print(f"  {label} {own:.2f} s, in the base {other:.2f} s")
        report(f"{label} / that of the base", own / other)


def environment(checkout: Path) -> dict[str, str]:
    """Return the environment of a process that imports the modules of a checkout."""
    folders = [checkout, *checkout.glob("plugins/*/src")]
    own = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return own | {"PYTHONPATH": os.pathsep.join(map(str, folders))}


def measure_child(backend: Backend, address: str, group: str, points: int) -> None:
    """Print the seconds that writing and reading one run take as JSON."""
    written = record(backend.observer(address, group), points, 1, backend.clock)
    store, run = newest(backend.location(address, group))
    times = [seconds(lambda: store.metrics(run.id), 1, backend.clock) for _ in range(3)]
    print(json.dumps({"written": written, "metrics": min(times)}))


def main() -> None:
    """Measure each backend."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--base", type=Path)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("backends", nargs="*", default=[*BACKENDS])
    options = parser.parse_args()
    if options.child:
        measure_child(BACKENDS[options.backends[0]], *options.child, options.points)
        return
    for name in options.backends:
        backend = BACKENDS[name]
        with backend.start() as address:
            print(f"{name}, {options.points} points:", flush=True)
            if options.points:
                measure_points(backend, address, options.points)
            if options.points and options.base:
                compare(name, address, options.points, options.base.resolve())
            if options.runs:
                measure_listings(backend, address, min(options.runs, backend.most_runs))


if __name__ == "__main__":
    main()
