"""The first page, filters and orders of a store with many runs."""

import statistics
import subprocess
import time
from collections.abc import Callable

from benchmarks.board.running import SACRED, run_board
from benchmarks.growth.stores import Filled
from benchmarks.measuring import clean_environment

#: The first page compared with the command, and seconds of an order.
FIRST_PAGE, ORDER = 1.2, 2.0
_SORT = "/?sort=-metrics.loss.last"
#: Pages of a board that has loaded all runs.
_PAGES = {
    "first page again": "/",
    "sorted by a metric": _SORT,
    "filtered": "/?where=config.lr+%3E+100",
    "filtered by a metric": "/?where=metrics.loss.last+%3E+0.1&sort=config.lr",
    "page 100": "/?page=100",
}


def measure(name: str, filled: Filled, runs: int, rounds: int) -> bool:
    """Print a table, and return whether the bounds are met."""
    rows: dict[str, list[float]] = {}
    for _ in range(rounds):
        _add(rows, "sacred runs list -n 50", _list_seconds(filled.location))
        with run_board(filled.location) as board:
            _add(rows, "first page", board.seconds("/"))
        with run_board(filled.location) as board:
            _add(rows, "sorted by a metric at once", board.seconds(_SORT))
            for title, path in _PAGES.items():
                _add(rows, title, board.seconds(path))
    found = {title: statistics.median(times) for title, times in rows.items()}
    ratio = found["first page"] / found["sacred runs list -n 50"]
    print(f"\n{name}, {runs:,} runs, median of {rounds} rounds")
    for title, seconds in found.items():
        print(f"{title:30} {seconds:8.3f} s  (least {min(rows[title]):.3f})")
    checks: list[tuple[str, float, float]] = [
        ("first page / sacred runs list", ratio, FIRST_PAGE),
        ("sorted by a metric", found["sorted by a metric"], ORDER),
        ("sorted by a metric at once", found["sorted by a metric at once"], ORDER),
    ]
    for title, value, bound in checks:
        print(f"{title:30} {value:8.3f}    {'met' if value <= bound else 'MISSED'} ({bound:g})")
    return all(value <= bound for _, value, bound in checks)


def _add(rows: dict[str, list[float]], title: str, seconds: float) -> None:
    rows.setdefault(title, []).append(seconds)


def _list_seconds(location: str) -> float:
    command = [SACRED, "runs", "list", "-n", "50", location]
    return _seconds(lambda: subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
        env=clean_environment(),
    ))  # fmt: skip


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
