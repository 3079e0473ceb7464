"""What the queue of each store costs: how fast workers claim runs, and what a claim needs.

A number of runs are queued in a store that has 100 other runs. Then one worker, or several at once
in processes of their own, claim runs until none is left. The table has the rate of claims of all
workers together, the attempts to take a run per claim (a worker whose attempt fails has lost a
race), how often a worker has listed the queue, and how many runs were claimed twice or not at all,
which must be 0.

Only the queue is measured: no run is started.
"""

import argparse
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.growth.stores import STORES
from benchmarks.measuring import machine_facts
from sacred_core.stores import open_store
from sacred_core.testing import EventDriver

#: Methods with which a worker takes one run, or one of several in one step.
_ATTEMPTS = ("_claim_one", "_write_claim", "try_claim")
_OTHERS = 100
#: A run whose configuration is of a usual size.
_CONFIG = {"lr": 0.1, "layers": [64, 64], "data": {"path": "train.csv", "seed": 7}}


class Claimed(NamedTuple):
    """What workers did.

    Attributes:
        seconds: Until the last worker found no more runs.
        claims: The number of claimed runs.
        attempts: To take a run.
        listings: Of the queue.
        wrong: Runs that were claimed twice, or by nobody.
    """

    seconds: float
    claims: int
    attempts: int
    listings: int
    wrong: int

    def columns(self) -> str:
        """Return the columns of a table."""
        rate, attempts = self.claims / self.seconds, self.attempts / max(self.claims, 1)
        return f"{rate:10.0f} {attempts:10.3f} {self.listings:10d} {self.wrong:7d}"


def main(arguments: Sequence[str]) -> None:
    """Measure the stores that are asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.queueing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stores", nargs="*", choices=STORES, default=[*STORES])
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 16])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--where", default="", help="the condition of the workers")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    measured: dict[str, dict[str, Claimed]] = {}
    print(f"{options.runs} queued runs; claims per second, attempts per claim")
    print(f"{'':12} {'workers':>8} {'claims/s':>10} {'attempts':>10} {'listings':>10} {'wrong':>7}")
    for name in options.stores:
        with ExitStack() as stack:
            fill = stack.enter_context(STORES[name]())
            for number, workers in enumerate(options.workers):
                store = fill(_OTHERS + number)
                ids = queue_runs(store.new_observer(), options.runs)
                found = measure(store.location, workers, options.where, ids)
                measured.setdefault(name, {})[str(workers)] = found
                print(f"{name:12} {workers:8d} {found.columns()}", flush=True)
    if options.json:
        stores = {
            name: {workers: found._asdict() for workers, found in each.items()}
            for name, each in measured.items()
        }
        options.json.write_text(
            json.dumps({"machine": machine_facts(), "stores": stores}, indent=1)
        )
    wrong = [name for name, each in measured.items() if any(found.wrong for found in each.values())]
    if wrong:
        sys.exit(f"runs were claimed twice, or by nobody: {', '.join(wrong)}")


def queue_runs(observer: Any, count: int) -> list[str]:
    """Queue runs, and return their ids."""
    return [str(EventDriver(observer).queue(config=_CONFIG | {"n": n})) for n in range(count)]


def measure(location: str, workers: int, where: str, ids: Sequence[str]) -> Claimed:
    """Let workers claim all runs of a store."""
    context = multiprocessing.get_context("spawn")  # clients must not be forked
    barrier, answers = context.Barrier(workers + 1), context.Queue()
    processes = [
        context.Process(target=claim_all, args=(location, where, f"worker {n}", barrier, answers))
        for n in range(workers)
    ]
    for process in processes:
        process.start()
    barrier.wait()
    start = time.perf_counter()
    found = [answers.get() for _ in processes]
    seconds = time.perf_counter() - start
    for process in processes:
        process.join()
    claimed = Counter(run_id for each in found for run_id in each["claimed"])
    counted = {name: sum(each[name] for each in found) for name in ("attempts", "listings")}
    wrong = sum(claimed[run_id] != 1 for run_id in ids) + len(claimed.keys() - {*ids})
    return Claimed(seconds, claimed.total(), **counted, wrong=wrong)


def claim_all(location: str, where: str, worker: str, barrier: Any, answers: Any) -> None:
    """Claim runs of a store until none is left, and answer with their ids."""
    store: Any = open_store(location)
    calls: Counter[str] = Counter()
    count_calls(store, calls)
    store.count()  # connects
    barrier.wait()
    claimed = []
    while (run := store.claim(where, worker)) is not None:
        claimed.append(str(run.id))
    attempts = next(calls[name] for name in _ATTEMPTS if hasattr(store, name))
    answers.put({"claimed": claimed, "attempts": attempts, "listings": calls["list"]})


def count_calls(store: Any, calls: Counter[str]) -> None:
    """Count the calls of methods of a store."""
    for name in (*_ATTEMPTS, "list"):
        method = getattr(store, name, None)
        if method is None:
            continue

        def call(*args: Any, name: str = name, method: Any = method, **kwargs: Any) -> Any:
            calls[name] += 1
            return method(*args, **kwargs)

        setattr(store, name, call)


if __name__ == "__main__":
    main(sys.argv[1:])
