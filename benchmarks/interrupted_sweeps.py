"""A sweep that is interrupted while it queues its points, and started again.

``python -m benchmarks.interrupted_sweeps [--stores files s3 …] [--points 300] [--times 10]``

The command ``sweep`` of a script is ended by Ctrl-C or ``kill -9`` at random moments: mostly while
it queues points, sometimes while it starts. After that many times it is started once more, and two
times at once. Then each point must be in the store exactly once, be queued, and be claimed by a
worker exactly once. The exit code is 1 if it is not so.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import attrs

from benchmarks.queue_stores import STORES, open_queue
from sacred_core import open_store
from sacred_core.stores.worker_claims import is_being_queued
from sacred_core.worker.losses import lose_run

SCRIPT = """
import os, sys
from sacred_core import SETTINGS, Experiment
from sacred_core.rerun.child import new_observer

SETTINGS.DISCOVER_DEPENDENCIES = "none"
ex = Experiment("points", save_git_info=False)

def note_progress(insert):
    def queued_event(*args, **kwargs):
        found = insert(*args, **kwargs)
        with open(os.environ["BENCHMARK_PROGRESS"], "a") as file:
            file.write(".")
        return found
    return queued_event

@ex.config
def config():
    point = 0
    half = point / 2

@ex.main
def main(point, half):
    return half

observer = new_observer(os.environ["BENCHMARK_QUEUE"])
observer.queued_event = note_progress(observer.queued_event)
ex.observers.append(observer)
if __name__ == "__main__":
    ex.run_commandline()
"""


@attrs.define
class Trial:
    """A sweep in one store.

    Attributes:
        folder: For the script and outputs.
        location: Of the store.
        points: The number of points.
        faults: What is wrong.
    """

    folder: Path
    location: str
    points: int
    faults: list[str] = attrs.field(factory=list)

    def start(self) -> "subprocess.Popen[str]":
        """Start the sweep."""
        script = self.folder / "points.py"
        script.write_text(SCRIPT, encoding="utf-8")
        words = [sys.executable, str(script), "sweep", "with", f"point=1..{self.points}"]
        environ = {
            **os.environ,
            "BENCHMARK_QUEUE": self.location,
            "BENCHMARK_PROGRESS": str(self.folder / "progress"),
        }
        # In a session of its own, and with the default handlers also if a shell started this in the
        # background.
        return subprocess.Popen(
            words, env=environ, text=True, start_new_session=True, preexec_fn=_restore_interrupts,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.folder,
        )  # fmt: skip

    def interrupt(self, number: int, signum: int) -> None:
        """Start the sweep, and end it at a random moment."""
        process = self.start()
        is_early = number % 4 == 3
        if is_early:
            time.sleep(random.uniform(0.0, 1.0))
        else:
            wanted = self.progress() + random.randint(1, max(1, self.points // 12))
            while process.poll() is None and self.progress() < wanted:
                time.sleep(0.002)
            time.sleep(random.uniform(0.0, 0.02))
        process.send_signal(signum)
        output, _ = process.communicate(timeout=120)
        expected = {-signum, 128 + signum, 0 if self.progress() >= self.points else -signum}
        if process.returncode not in expected:
            self.faults.append(f"exit code {process.returncode} after signal {signum}: {output}")
        if "Traceback" in output and not is_early:  # Ctrl-C during the imports has one
            self.faults.append(f"a traceback: {output[-1500:]}")

    def finish(self) -> None:
        """Start the sweep two times at once, and wait for both."""
        processes = [self.start() for _ in range(2)]
        for process in processes:
            output, _ = process.communicate(timeout=900)
            print(f"    {output.splitlines()[0] if output else ''}")
            if process.returncode:
                self.faults.append(f"exit code {process.returncode}: {output[-1500:]}")

    def progress(self) -> int:
        """Return how many points were queued so far, by all processes."""
        path = self.folder / "progress"
        return path.stat().st_size if path.exists() else 0

    def check(self) -> None:
        """Compare the points of the store with those of the sweep, and claim each."""
        store: Any = open_store(self.location)
        runs = [*store.list()]
        counts = Counter(run.config.get("point") for run in runs)
        wanted = range(1, self.points + 1)
        self.faults += [
            f"point {each}: {counts[each]} runs" for each in wanted if counts[each] != 1
        ]
        self.faults += [f"point {each} is not one" for each in counts if each not in wanted]
        self.faults += [
            f"run {run.id}: {run.status}, half={run.config.get('half')!r}"
            for run in runs
            if run.status != "QUEUED" or run.config.get("half") != run.config.get("point", 0) / 2
        ]
        uids = Counter(run.meta.get("uid") for run in runs)
        self.faults += [f"uid {uid}: {number} runs" for uid, number in uids.items() if number > 1]
        # An idle worker does this when it has observed them for some time.
        lost = [run for run in runs if is_being_queued(run)]
        for run in lost:
            lose_run(store, run, 1, "")
        if lost:
            print(f"    killed while they stored a run, which was released: {len(lost)} processes")
        claimed: Counter[Any] = Counter()
        while (run := store.claim(None, "checker", 60.0)) is not None:
            claimed[run.config["point"]] += 1
        if claimed != Counter(wanted):
            self.faults.append(f"{claimed.total()} runs were claimed, {len(claimed)} of them once")


def _restore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def run_trial(name: str, points: int, times: int) -> list[str]:
    """Run the trial in one store, print what it found, and return the faults."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, open_queue(name) as location:
        trial = Trial(Path(folder), location, points)
        signals: Counter[str] = Counter()
        progress = []
        for number in range(times):
            signum = (signal.SIGINT, signal.SIGKILL)[number % 2 ^ number // 4 % 2]
            trial.interrupt(number, signum)
            signals[signum.name] += 1
            progress.append(trial.progress())
        print(f"{name}: {points} points; queued after each of {dict(signals)}: {progress}")
        trial.finish()
        trial.check()
    took = time.monotonic() - began
    for fault in trial.faults[:10]:
        print(f"    FAULT: {fault}")
    print(f"    {len(trial.faults)} faults, {took:.0f} s", flush=True)
    return trial.faults


def main() -> None:
    """Run the trials."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interrupted_sweeps")
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args()
    faults = [run_trial(each, options.points, options.times) for each in options.stores]
    sys.exit(1 if any(faults) else 0)


if __name__ == "__main__":
    main()
