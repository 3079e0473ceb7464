"""Child processes that record in a run, half of them killed: are all flushed points stored?

    python -m benchmarks.children [--children 64] [--points 10000]

It prints how many points were flushed and read back, and the time that the run takes longer than
the same work without `attach`.
"""

import argparse
import os
import signal
import tempfile
import time
from pathlib import Path

from sacred_core import Experiment, attach
from sacred_core.observers import FileStorageObserver
from sacred_core.spool.flushing import flush
from sacred_core.stores import open_store
from sacred_core.stores.writers import stored_parts

#: Points between two flushes.
_BLOCK = 500


def record(number: int, points: int) -> None:
    """Log points in a child process; one with an odd number is killed in the middle."""
    child = attach(f"worker{number}")
    for step in range(points):
        child.log_scalar("loss", number + step, step)
        if step % _BLOCK == _BLOCK - 1:
            child.flush()
            if number % 2 and step >= points // 2:
                os.kill(os.getpid(), signal.SIGKILL)
    child.close()


def expected(number: int, points: int) -> int:
    """Return how many points a child flushes."""
    stops = range(_BLOCK - 1, points, _BLOCK)
    return next(stop for stop in stops if stop >= points // 2) + 1 if number % 2 else points


def fork_all(children: int, points: int, attaches: bool) -> float:
    """Start all children, wait for them, and return how long a loop of the parent takes meanwhile.

    The loop has a fixed number of steps, so that its time shows what the parent loses.
    """
    pids = []
    for number in range(children):
        pid = os.fork()
        if not pid:
            if attaches:
                record(number, points)
            os._exit(0)
        pids.append(pid)
    for pid in pids:
        os.waitpid(pid, 0)
    began = time.perf_counter()
    total = 0
    for step in range(2_000_000):
        total += step
    return time.perf_counter() - began


def main() -> None:
    """Run the trial."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--children", type=int, default=64)
    parser.add_argument("--points", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["XDG_STATE_HOME"] = str(Path(folder, "state"))
        for attaches in (False, True):
            ex = Experiment("children", interactive=True, save_git_info=False)
            ex.observers.append(FileStorageObserver(Path(folder, "runs")))
            took: list[float] = []

            @ex.main
            def command(attaches: bool = attaches, took: list[float] = took) -> None:
                took.append(time.perf_counter())
                took.append(fork_all(given.children, given.points, attaches))
                took.append(time.perf_counter())

            began = time.perf_counter()
            ex.run()
            end = time.perf_counter()
            print(
                f"attach: {attaches}; command {took[2] - took[0]:.2f} s, loop of the parent "
                f"{took[1]:.3f} s, end of the run {end - took[2]:.2f} s, all {end - began:.2f} s"
            )
        began = time.perf_counter()
        left = [*flush(Path(folder, "state", "sacred", "children").glob("*"))]
        print(f"delivered by a flush: {len(left)} parts in {time.perf_counter() - began:.2f} s")
        store = open_store(str(Path(folder, "runs")))
        parts = stored_parts(store, 2)
        inner = store.writer_store(2)
        assert inner is not None
        flushed = stored = right = 0
        for number in range(given.children):
            points = inner.metrics(parts[f"worker{number}"].id)["loss"]
            count = expected(number, given.points)
            flushed += count
            stored += len(points["steps"])
            right += points["values"][:count] == [number + step for step in range(count)]
        print(
            f"{flushed} points flushed, {stored} stored; {right} of {given.children} writers right"
        )


if __name__ == "__main__":
    main()
