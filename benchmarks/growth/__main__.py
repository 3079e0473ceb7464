"""Measure what each store costs as the number of its runs grows.

For each store there are the start and the end of a run, a beat with 1,000 new points, a listing of
the 50 newest runs, and three filters with 5 results. The stores of all sizes are measured
alternately, each time with new objects, as a new process has them. The figures are the CPU seconds
of this process, the seconds that pass, and what is counted: statements of databases, requests,
files that Python opens, bytes of files, and calls of functions.

``growth.json`` in the folder of the output has all medians. Stores that are not measured again are
taken from it, so that a long measurement can be made in parts. ``--stores --write`` measures
nothing and writes the page.
"""

import argparse
import contextlib
import gc
import json
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.growth import pictures, report
from benchmarks.growth.actions import perform
from benchmarks.growth.counts import counting, counting_calls, install
from benchmarks.growth.stores import STORES, Filled
from benchmarks.measuring import ROOT, interleave, machine_facts, spread

SIZES = (100, 1_000, 10_000)
ROUNDS = 7
#: Seconds of one action at one size after which further rounds skip it.
LONGEST = 20.0
PAGE = ROOT / "docs" / "performance.md"

#: What was measured, by the name of the action.
Figures = dict[str, dict[str, float]]


def main(arguments: list[str]) -> None:
    """Measure the stores that are asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stores", nargs="*", choices=STORES, default=[*STORES])
    parser.add_argument("--sizes", nargs="+", type=int, default=[*SIZES])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--output", type=Path, default=Path("build/growth"))
    parser.add_argument("--write", action="store_true", help="update docs/performance.md")
    options = parser.parse_args(arguments)
    install()
    options.output.mkdir(parents=True, exist_ok=True)
    path = options.output / "growth.json"
    measured = json.loads(path.read_text())["stores"] if path.exists() else {}
    failed = []
    for name in options.stores:
        print(f"\n{name}", flush=True)
        try:
            measured[name] = measure_store(name, sorted(options.sizes), options.rounds)
        except Exception:  # noqa: BLE001 - of any driver; the other stores are measured
            traceback.print_exc()
            failed.append(name)
            continue
        print(report.store_table(measured[name]), flush=True)
        result = {"machine": machine_facts(), "rounds": options.rounds, "stores": measured}
        path.write_text(json.dumps(result, indent=1) + "\n")
    draw_pictures(measured, options.output)
    if options.write:
        write_page(measured)
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


def draw_pictures(measured: Mapping[str, Any], folder: Path) -> None:
    """Write a picture of each group of stores into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for block, names in report.BLOCKS.items():
        if any(name in measured for name in names):
            picture = pictures.draw(measured, names)
            (folder / f"growth-{block}.svg").write_text(picture, encoding="utf-8")


def write_page(measured: Mapping[str, Any]) -> None:
    """Write the tables into the page of performance, and the pictures beside it."""
    text = PAGE.read_text(encoding="utf-8")
    for block, names in report.BLOCKS.items():
        if any(name in measured for name in names):
            table = report.page_table(measured, names)
            picture = f"![CPU time by stored runs](pictures/growth-{block}.svg)"
            text = report.replace_block(text, block, f"{table}\n\n{picture}")
    PAGE.write_text(text, encoding="utf-8")
    draw_pictures(measured, PAGE.parent / "pictures")


def measure_store(name: str, sizes: list[int], rounds: int) -> dict[str, Any]:
    """Return the medians by action, figure and number of runs."""
    with STORES[name]() as fill:
        filled = {}
        for size in sizes:
            begin = time.perf_counter()
            filled[size] = fill(size)
            print(f"  {size} runs written in {time.perf_counter() - begin:.1f} s", flush=True)
        subjects = {str(size): Subject(filled[size], size) for size in sizes}
        found = interleave(subjects, rounds)
        for label, subject in subjects.items():
            found[label].append(subject.count_calls())
    return _medians(found)


class Subject:
    """A filled store, whose actions are measured once per call."""

    def __init__(self, filled: Filled, size: int) -> None:
        self._filled = filled
        self._number = size
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._is_first = True

    def __call__(self) -> Figures:
        """Return the seconds and the counts of each action."""
        found: Figures = {}

        def measure(name: str, work: Callable[[], Any]) -> Any:
            if self._spent[name] > LONGEST:
                return None
            gc.collect()
            with counting() as counts:
                cpu, wall = time.process_time(), time.perf_counter()
                result = work()
                wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            found[name] = {"cpu": cpu, "wall": wall, **counts}
            if not self._is_first:  # of which the figures are dropped
                self._spent[name] += wall
            return result

        self._perform(measure)
        self._is_first = False
        return found

    def count_calls(self) -> Figures:
        """Return the calls of functions of each action."""
        found: Figures = {}

        def measure(name: str, work: Callable[[], Any]) -> Any:
            with counting_calls() as counts:
                result = work()
            found[name] = {**counts}
            return result

        self._perform(measure)
        return found

    def _perform(self, measure: Callable[[str, Callable[[], Any]], Any]) -> None:
        self._number += 1
        perform(self._filled.new_observer, self._filled.location, self._number, measure)


def _medians(found: Mapping[str, list[Figures]]) -> dict[str, Any]:
    """Return the median of each figure: action, figure, number of runs."""
    medians: dict[str, dict[str, dict[str, float]]] = {}
    for size, rounds in found.items():
        actions = {name for each in rounds for name in each}
        for action in actions:
            names = {name for each in rounds for name in each.get(action, ())}
            for name in names:
                figures = [each[action][name] for each in rounds if name in each.get(action, ())]
                own = medians.setdefault(action, {}).setdefault(name, {})
                own[size] = spread(figures).median
    return medians


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main(sys.argv[1:])
