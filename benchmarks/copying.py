"""Speed of copying runs from one store to another, compared with reading and writing them.

Reading is `metrics()` of the source; writing is the same events given to an observer of the target.
Copying is to take at most 1.5 of both together. The peak of the memory is that of copying alone, as
Python's objects take it.

Many small runs are copied at two numbers, with seconds, and statements or requests, for each run:
both are to be independent of the number. The second copy sends nothing.

Usage: python -m benchmarks.copying [--points N] [--runs N] [PAIR...]

A pair is written like ``folders:SQLite``; the stores are those of `benchmarks.reading`.
"""

import argparse
import contextlib
import gc
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.growth import counts
from benchmarks.reading import BACKENDS, newest, record
from sacred_core.stores import open_store
from sacred_core.stores.replay import replay
from sacred_core.transfer.copying import copy_runs
from sacred_core.transfer.known_runs import Target
from sacred_core.transfer.sending import Sender

PAIRS = ("folders:SQLite", "SQLite:folders", "folders:folders", "folders:MongoDB")
#: The most that copying is to take, in times of reading and writing.
AIM = 1.5


class Store:
    """A store of one backend, which `Stores` opens.

    Attributes:
        name: Of the backend.
        location: For `open_store`.
    """

    def __init__(self, name: str, address: str, group: str) -> None:
        self.name = name
        self._address, self._group = address, group
        self.location = BACKENDS[name].location(address, group)

    def observer(self) -> Any:
        """Return a new observer."""
        return BACKENDS[self.name].observer(self._address, self._group)

    def open(self) -> Any:
        """Return the store, which is created."""
        return self.observer().open_store()


class Stores(contextlib.ExitStack):
    """Starts backends at their first use."""

    def __init__(self) -> None:
        super().__init__()
        self._addresses: dict[str, str] = {}

    def new(self, name: str, group: str) -> Store:
        """Return a store; equal groups of one backend are the same store."""
        if name not in self._addresses:
            self._addresses[name] = self.enter_context(BACKENDS[name].start())
        return Store(name, self._addresses[name], group)


def seconds(work: Callable[[], Any]) -> float:
    """Return the time of one call."""
    gc.collect()
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure_points(source: Store, stores: Stores, target: str, points: int, rounds: int) -> None:
    """Print the ratio of copying one run with a long metric to reading and writing it."""
    record(source.observer(), points, 1)
    store, run = newest(source.location)
    for number in range(rounds):
        reading = seconds(partial(_read, source, run.id))
        events = [*replay(store, run)]
        writing = seconds(partial(_write, events, stores.new(target, f"written{number}")))
        del events
        copying = seconds(partial(_copy, source, stores.new(target, f"copied{number}")))
        print(
            f"  {points} points: reading {reading:.2f} s, writing {writing:.2f} s, "
            f"copying {copying:.2f} s: {copying / (reading + writing):.2f} (aim {AIM})",
            flush=True,
        )
    tracemalloc.start()
    _copy(source, stores.new(target, "memory"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"  {points} points: peak of the memory {peak / 1e6:.1f} MB", flush=True)


def measure_runs(source: str, target: str, stores: Stores, runs: int) -> None:
    """Print what copying many small runs takes for each, and what the second copy takes in all."""
    origin, copied = stores.new(source, f"runs{runs}"), stores.new(target, f"copied{runs}")
    for number in range(runs):
        record(origin.observer(), 10, number)
    for label, per in (("first", runs), ("second", 1)):
        with counts.counting() as found:
            taken = seconds(partial(_copy, origin, copied))
        shown = ", ".join(f"{name} {number / per:.1f}" for name, number in sorted(found.items()))
        kind = "for each run" if per > 1 else "in all"
        print(f"  {runs} runs, {label} copy, {kind}: {taken / per:.4f} s, {shown}", flush=True)


def _read(source: Store, run_id: Any) -> None:
    open_store(source.location).metrics(run_id)


def _write(events: list[Any], target: Store) -> None:
    Sender(target.observer()).send(events)


def _copy(source: Store, target: Store) -> None:
    for copied in copy_runs(open_store(source.location), Target(target.open())):
        assert copied.is_complete, copied


def main() -> None:
    """Measure each pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("pairs", nargs="*", default=[*PAIRS])
    options = parser.parse_args()
    counts.install()
    for pair in options.pairs:
        source, target = pair.split(":")
        print(f"{source} to {target}:", flush=True)
        with Stores() as stores:
            if options.points:
                measure_points(
                    stores.new(source, "source"), stores, target, options.points, options.rounds
                )
            for runs in options.runs:
                measure_runs(source, target, stores, runs)


if __name__ == "__main__":
    main()
