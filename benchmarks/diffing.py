"""Speed of comparing two runs, compared with showing both.

Each run has 100,000 points in ten metrics and 200 sources. The second one differs in the last point
of one metric, in 20 sources and in an entry. The command ``sacred runs diff`` is to take at most
twice as long as ``sacred runs show`` of both runs. Showing reads summaries of metrics; comparing
reads all points. The time of both without starting a process is printed, too.

Usage: python -m benchmarks.diffing [--points N] [--sources N] [--rounds N] [BACKEND...]
"""

import argparse
import hashlib
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measuring import clean_environment
from benchmarks.reading import BACKENDS, seconds
from sacred_core.cli.runs.page import page
from sacred_core.compare import ComparedRun, diff
from sacred_core.stores import open_store
from sacred_core.testing import EventDriver

NAMES = ("folders", "SQLite", "MongoDB")
METRICS = 10
#: Sources that differ, as a part of all, and lines of each.
CHANGED, LINES = 10, 200
#: The most that comparing is to take, in times of showing both runs.
AIM = 2.0


def record(observer: Any, folder: Path, number: int, points: int, sources: int) -> Any:
    """Record one of the two runs, and return its id."""
    driver = EventDriver(observer)
    pairs = [_write_source(folder, number, source) for source in range(sources)]
    run_id = driver.start(
        ex_info={"name": "diffing", "base_dir": str(folder), "sources": pairs, "dependencies": []},
        config={"lr": 0.1 * number, "layers": [{"size": size} for size in range(20)]},
    )
    for metric in range(METRICS):
        values = [1 / (step + metric + 1) for step in range(points // METRICS)]
        values[-1] += number if metric == 0 else 0
        driver.log(f"metric {metric}", values)
    driver.print("".join(f"epoch {step}: done\n" for step in range(1000)))
    driver.complete(result=0.5)
    return run_id


def measure(name: str, points: int, sources: int, rounds: int) -> None:
    """Print the times of one kind of store, and their ratio."""
    backend = BACKENDS[name]
    with backend.start() as address, tempfile.TemporaryDirectory() as folder:
        location = backend.location(address, "runs")
        ids = [
            record(backend.observer(address, "runs"), Path(folder), number, points, sources)
            for number in (1, 2)
        ]
        shows = [_command("show", location, str(run_id)) for run_id in ids]
        compare = _command("diff", location, *map(str, ids))
        commands = _times(rounds, lambda: [*map(_run, shows)], partial(_run, compare))
        own = _times(rounds, partial(_show, location, ids), partial(_diff, location, ids))
        print(
            f"{name}: showing both {commands[0]:.3f} s, comparing {commands[1]:.3f} s: "
            f"{commands[1] / commands[0]:.2f} (aim {AIM:g}); in a process {own[0]:.3f} s and "
            f"{own[1]:.3f} s",
            flush=True,
        )


def _times(rounds: int, show: Callable[[], Any], compare: Callable[[], Any]) -> tuple[float, float]:
    """Return the median times of both, measured in turns."""
    pairs = [(seconds(show, 1), seconds(compare, 1)) for _ in range(rounds)]
    showing, comparing = (statistics.median(times) for times in zip(*pairs, strict=True))
    return showing, comparing


def _show(location: str, ids: list[Any]) -> None:
    store = open_store(location)
    for run_id in ids:
        assert len(page(store, store.get(run_id))) > LINES


def _diff(location: str, ids: list[Any]) -> None:
    store = open_store(location)
    found = diff(*(ComparedRun(store, store.get(run_id)) for run_id in ids))
    assert len(found.text().splitlines()) > CHANGED
    assert found.section("metrics")


def _command(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "sacred_core", "runs", name, *arguments]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, env=clean_environment(), check=False)
    assert done.returncode in (0, 1) and not done.stderr, done.stderr


def _write_source(folder: Path, number: int, source: int) -> list[str]:
    is_changed = source % CHANGED == 0
    lines = [f"value_{line} = {source} + {line}\n" for line in range(LINES)]
    lines[LINES // 2] = f"changed = {number if is_changed else 0}\n"
    path = folder / f"module_{source}.py"
    path.write_text("".join(lines))
    return [path.name, hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()]


def main(arguments: list[str] | None = None) -> None:
    """Measure each kind of store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("backends", nargs="*", default=[*NAMES])
    options = parser.parse_args(arguments)
    for name in options.backends:
        measure(name, options.points, options.sources, options.rounds)


if __name__ == "__main__":
    main()
