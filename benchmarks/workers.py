"""Workers and runs that are killed at random moments: each point must be completed exactly once.

``python -m benchmarks.workers [LOCATION] [--points 1000] [--workers 16] [--fraction 0.3]``
``python -m benchmarks.workers --store postgresql``

A script queues the points at LOCATION, by default a new folder, and workers execute them. With
``--store`` a server is started, see `benchmarks.queue_stores`. Meanwhile a share of the points is
hit at random moments:

========  ==========================================================================================
what      how
========  ==========================================================================================
run       its process is killed with -9
worker    the worker is killed with -9; its run goes on; another worker is started in its place
both      the worker is killed, and the process of its run
freeze    both are suspended (SIGSTOP), by default for three leases, and then go on: the run has a
          new owner
========  ==========================================================================================

With ``--shift SECONDS`` the clock of each second worker is that much earlier, and that of each
other one that much later; without kills, no run may have more than one segment then.

The exit code is 1 if a point is missing, was recorded twice, is not complete, if a worker was idle
for more than two leases before it could claim a run, or if a log has a traceback.
"""

import argparse
import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

import attrs

from benchmarks.queue_stores import STORES, open_queue
from sacred_core import open_store
from sacred_core.stores import StoredRun
from sacred_core.testing.shifted_clocks import shifted_environ
from sacred_core.worker.options import LOCATION_VARIABLE

KINDS = ("run", "worker", "both", "freeze")
SCRIPT = """
import os, sys, time
from sacred_core import SETTINGS, Experiment
from sacred_core.rerun.child import new_observer

SETTINGS.DISCOVER_DEPENDENCIES = "none"
ex = Experiment("points", save_git_info=False)

@ex.config
def config():
    point = 0
    steps = 5
    pause = 0.1

@ex.main
def main(point, steps, pause, _run):
    for step in range(_run.resumed.last_steps.get("step", -1) + 1 if _run.resumed else 0, steps):
        _run.log_scalar("step", float(step), step)
        time.sleep(pause)
    with open(os.environ["BENCHMARK_DONE"], "a") as file:
        file.write(f"{point}\\n")
    return point

if __name__ == "__main__" and sys.argv[1:2] == ["queue"]:
    number, steps, pause = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    ex.observers.append(new_observer(os.environ["BENCHMARK_QUEUE"]))
    for point in range(number):
        updates = {"point": point, "steps": steps, "pause": pause}
        ex.run(config_updates=updates, options={"--queue": True, "--loglevel": "WARNING"})
elif __name__ == "__main__":
    ex.run_commandline()
"""
#: A line of the log of a worker.
_LINE = re.compile(r"(?P<time>[-0-9]{10} [:0-9]{8},[0-9]{3}) \w+ - Run \S+: claimed ")
_TIME = "%Y-%m-%d %H:%M:%S,%f"


@attrs.define
class Process:
    """A worker.

    Attributes:
        process: Its process.
        log: The file with its log.
    """

    process: "subprocess.Popen[bytes]"
    log: Path


@attrs.define
class Trial:
    """The workers of one trial.

    Attributes:
        options: Of the command line.
        folder: For the script, logs and what the runs note.
        location: Of the queue.
        running: The workers that have not ended.
        logs: The files of all workers.
        hits: How often each kind was done.
        frozen: Processes that are suspended, and until when.
        suspended: The files of workers that were suspended, which are not idle meanwhile.
    """

    options: argparse.Namespace
    folder: Path
    location: str
    running: list[Process] = attrs.field(factory=list)
    logs: list[Path] = attrs.field(factory=list)
    hits: Counter[str] = attrs.field(factory=Counter)
    frozen: list[tuple[float, int]] = attrs.field(factory=list)
    suspended: set[Path] = attrs.field(factory=set)

    def queue(self) -> float:
        """Queue the points, and return the time that it took."""
        script = self.folder / "points.py"
        (self.folder / "tmp").mkdir()
        script.write_text(SCRIPT, encoding="utf-8")
        options = self.options
        words = [str(options.points), str(options.steps), str(options.pause)]
        began = time.monotonic()
        environ = {**os.environ, "BENCHMARK_QUEUE": self.location}
        subprocess.run([sys.executable, str(script), "queue", *words], check=True, env=environ)
        return time.monotonic() - began

    def start(self) -> None:
        """Start a worker."""
        number = len(self.logs)
        environ = dict(os.environ)
        if self.options.shift:
            clocks = self.folder / "clocks"
            clocks.mkdir(exist_ok=True)
            environ = shifted_environ(clocks, self.options.shift * (-1) ** number)
        environ[LOCATION_VARIABLE] = self.location
        environ["BENCHMARK_DONE"] = str(self.folder / "done")
        environ["TMPDIR"] = str(self.folder / "tmp")
        words = [sys.executable, "-m", "sacred_core", "worker", "--until-empty", "--tries", "1000"]
        words += ["--lease", str(self.options.lease), "--name", f"worker{number}"]
        log = self.folder / f"worker{number}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(words, stdout=file, stderr=file, env=environ)
        self.running.append(Process(process, log))
        self.logs.append(log)

    def hit(self) -> None:
        """Kill or suspend a worker, or its run."""
        kind = random.choice(self.options.kinds)
        found = [(each, children_of(each.process.pid)) for each in self.running]
        busy = [each for each in found if each[1]]
        if not busy:
            return
        worker, runs = random.choice(busy)
        if kind == "freeze":
            self.suspended.add(worker.log)
            pids = [*runs, worker.process.pid]
            until = time.monotonic() + self.options.freeze
            self.frozen += [(until, pid) for pid in pids if send(pid, signal.SIGSTOP)]
        if kind in ("worker", "both"):
            send(worker.process.pid, signal.SIGKILL)
        if kind in ("run", "both"):
            for pid in runs:
                send(pid, signal.SIGKILL)
        self.hits[kind] += 1

    def tend(self) -> None:
        """Replace workers that were killed, and let suspended ones go on."""
        for until, pid in self.frozen:
            if until <= time.monotonic():
                send(pid, signal.SIGCONT)
        self.frozen = [each for each in self.frozen if each[0] > time.monotonic()]
        for worker in [*self.running]:
            code = worker.process.poll()
            if code is None:
                continue
            self.running.remove(worker)
            if code == -signal.SIGKILL:
                self.start()
            elif code:
                sys.exit(f"a worker ended with {code}:\n{worker.log.read_text()}")

    def work(self) -> float:
        """Execute all points, and return the time that it took."""
        options = self.options
        began = time.monotonic()
        for _ in range(options.workers):
            self.start()
        planned = round(options.points * options.fraction)
        # The next hit comes when this many points are done, some time after the last one of them.
        wanted, due = self.next_hit(0.0)
        while self.running:
            time.sleep(0.02)
            self.tend()
            done = self.done_points()
            if done < wanted:
                due = time.monotonic() + random.uniform(0.0, options.steps * options.pause + 1.0)
            elif self.running and self.hits.total() < planned and time.monotonic() >= due:
                self.hit()
                wanted, due = self.next_hit(wanted)
            if time.monotonic() - began > options.timeout:
                sys.exit(f"the points are not complete after {options.timeout} seconds")
        return time.monotonic() - began

    def next_hit(self, wanted: float) -> tuple[float, float]:
        """Return how many points are done before the next hit, and the earliest time of it."""
        if not self.options.fraction:
            return float("inf"), 0.0
        return wanted + random.expovariate(self.options.fraction), 0.0

    def done_points(self) -> int:
        """Return how many executions of points have ended."""
        path = self.folder / "done"
        return path.read_bytes().count(b"\n") if path.exists() else 0


def children_of(pid: int) -> list[int]:
    """Return the ids of the processes that a process has started."""
    with contextlib.suppress(OSError):
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [int(word) for word in found.split()]
    return []


def send(pid: int, signum: int) -> bool:
    """Send a signal, and return whether the process exists."""
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        return False
    return True


def longest_idle(logs: list[Path]) -> float:
    """Return the longest time in seconds after which a worker claimed another run."""
    longest = 0.0
    for log in logs:
        last: datetime | None = None
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            found = re.match(r"([-0-9]{10} [:0-9]{8},[0-9]{3}) ", line)
            if not found or "the next attempt" in line:
                continue
            now = datetime.strptime(found[1], _TIME)
            if last is not None and _LINE.match(line):
                longest = max(longest, (now - last).total_seconds())
            last = now
    return longest


def find_faults(runs: list[StoredRun], location: str, options: argparse.Namespace) -> list[str]:
    """Return what is wrong in the record."""
    faults = []
    counts = Counter(run.config.get("point") for run in runs)
    faults += [f"point {point}: {counts[point]} runs" for point in counts if counts[point] != 1]
    faults += [f"point {point}: missing" for point in range(options.points) if not counts[point]]
    store = open_store(location)
    for run in runs:
        name = f"run {run.id}"
        if run.recorded_status != "COMPLETED" or run.result != run.config.get("point"):
            faults.append(f"{name}: {run.recorded_status} with the result {run.result!r}")
        completed = sum(each.status == "COMPLETED" for each in run.segments)
        if completed != 1:
            faults.append(f"{name}: {completed} of its segments are completed")
        metric = store.metrics(run.id).get("step", {"steps": []})
        if [*metric["steps"]] != [*range(options.steps)]:
            faults.append(f"{name}: the steps are {metric['steps']}")
        if options.shift and not options.fraction and len(run.segments) > 1:
            faults.append(f"{name}: it was taken from a worker that was alive")
    return faults


def parse_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers")
    parser.add_argument("location", nargs="?")
    parser.add_argument("--store", choices=STORES, help="start this store, and use it")
    parser.add_argument("--points", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--fraction", type=float, default=0.3, help="points that are hit")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["run", "worker", "both"])
    parser.add_argument("--steps", type=int, default=5, help="points of the metric of each run")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds for each step")
    parser.add_argument("--lease", type=float, default=10.0)
    parser.add_argument("--shift", type=float, default=0.0, help="seconds that clocks are wrong")
    parser.add_argument("--timeout", type=float, default=3600.0)
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    parser.add_argument("--freeze", type=float, help="seconds for which processes are suspended")
    options = parser.parse_args()
    options.freeze = options.freeze or 3 * options.lease
    return options


def find_tracebacks(logs: list[Path]) -> list[str]:
    """Return which logs have a traceback."""
    texts = {log: log.read_text(encoding="utf-8", errors="replace") for log in logs}
    return [f"{log.name} has a traceback" for log, text in texts.items() if "Traceback" in text]


def main() -> None:
    """Run the trial, and print what it found."""
    options = parse_arguments()
    folder = Path(tempfile.mkdtemp(prefix="sacred-workers-"))
    with contextlib.ExitStack() as stack:
        location = stack.enter_context(open_queue(options.store)) if options.store else ""
        faults = run_trial(options, folder, options.location or location or str(folder / "runs"))
    sys.exit(1 if faults else 0)


def run_trial(options: argparse.Namespace, folder: Path, location: str) -> list[str]:
    """Run the trial, print what it found, and return the faults."""
    trial = Trial(options, folder, location)
    queued = trial.queue()
    took = trial.work()
    runs = [*open_store(trial.location).list()]
    idle = longest_idle([log for log in trial.logs if log not in trial.suspended])
    faults = find_faults(runs, trial.location, options)
    if idle > 2 * options.lease:
        faults.append(f"a worker was idle for {idle:.1f} s, more than two leases")
    faults += find_tracebacks(trial.logs)
    done = (folder / "done").read_text(encoding="utf-8").split()
    segments = sum(len(run.segments) for run in runs)
    print(f"{options.store or location}: {options.points} points, {options.workers} workers")
    print(
        f"  lease {options.lease:g} s, each run takes {options.steps * options.pause:g} s or more"
    )
    print(f"  queued in {queued:.1f} s, executed in {took:.1f} s ({options.points / took:.1f}/s)")
    print(
        f"  hits: {dict(trial.hits) or 'none'}; {segments} segments; {len(done)} executions ended"
    )
    print(f"  longest time until a worker claimed another run: {idle:.1f} s")
    print(f"  logs: {folder}")
    for fault in faults[:20]:
        print(f"  FAULT: {fault}")
    print("  each point was completed exactly once" if not faults else f"  {len(faults)} faults")
    return faults


if __name__ == "__main__":
    main()
