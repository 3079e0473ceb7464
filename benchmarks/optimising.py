"""Optuna through a store compared with Optuna alone: the best value of 200 points.

    python -m benchmarks.optimising --trials 200 --seeds 10
    python -m benchmarks.optimising --times

Points go through the store as those of workers do: `fill_queue` queues them, `claim` takes them,
and events record them. They are executed in threads of this process, not in child processes. Optuna
alone has one study in memory: with the random numbers that its sampler continues by itself, and
with those that begin with each point, as of `OptunaSampler`. `--store none` uses `OptunaSampler`
without a store: workers whose points take random times are simulated.
"""

import argparse
import heapq
import logging
import math
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import optuna
from sacred_optuna.sampler import OptunaSampler
from sacred_optuna.spaces import to_entries
from sacred_sweep.filling import fill_queue
from sacred_sweep.identity import run_uid
from sacred_sweep.sampling import SamplingPlan, Trial, encode_plan

from sacred_core.randomness import derived_seed
from sacred_core.stores.worker_claims import encode_claim
from sacred_core.testing import EventDriver, Memory, MemoryObserver

Function = Callable[[Mapping[str, float]], float]
#: Of the points of a metric, for the times.
POINTS = 20

_HARTMANN_A = (
    (10, 3, 17, 3.5, 1.7, 8),
    (0.05, 10, 17, 0.1, 8, 14),
    (3, 3.5, 1.7, 10, 17, 8),
    (17, 8, 0.05, 10, 0.1, 14),
)
_HARTMANN_P = (
    (1312, 1696, 5569, 124, 8283, 5886),
    (2329, 4135, 8307, 3736, 1004, 9991),
    (2348, 1451, 3522, 2883, 3047, 6650),
    (4047, 8828, 8732, 5743, 1091, 381),
)
_HARTMANN_C = (1.0, 1.2, 3.0, 3.2)


def sphere(values: Mapping[str, float]) -> float:
    """Return the square of the distance to (1, …, 1); the minimum is 0."""
    return sum((value - 1) ** 2 for value in values.values())


def rosenbrock(values: Mapping[str, float]) -> float:
    """Return the height of a curved valley; the minimum is 0."""
    x = list(values.values())
    return sum(100 * (b - a * a) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))


def hartmann(values: Mapping[str, float]) -> float:
    """Return the function of Hartmann in six dimensions; the minimum is -3.32237."""
    x = list(values.values())
    total = 0.0
    for factor, scales, centers in zip(_HARTMANN_C, _HARTMANN_A, _HARTMANN_P, strict=True):
        terms = zip(scales, x, centers, strict=True)
        total -= factor * math.exp(-sum(a * (v - p * 1e-4) ** 2 for a, v, p in terms))
    return total


def space_of(count: int, low: float, high: float) -> dict[str, dict[str, Any]]:
    """Return as many entries with the same range."""
    return {f"x{n}": {"kind": "uniform", "low": low, "high": high} for n in range(count)}


FUNCTIONS: dict[str, tuple[Function, dict[str, dict[str, Any]]]] = {
    "sphere, 5 entries": (sphere, space_of(5, -5.0, 5.0)),
    "Rosenbrock, 2 entries": (rosenbrock, space_of(2, -2.0, 2.0)),
    "Hartmann, 6 entries": (hartmann, space_of(6, 0.0, 1.0)),
}


class StoredSweep:
    """A sampled sweep in a new store.

    Args:
        observer: Of the store.
        plan: For the sampler.
    """

    def __init__(self, observer: Any, plan: SamplingPlan) -> None:
        self.plan = plan
        self._observer = observer
        self._store = observer.open_store()

    def queue_first(self) -> None:
        """Queue the first point."""
        values = OptunaSampler(self.plan).ask(0, [])
        EventDriver(self._store.new_observer()).queue(
            config={**values, "seed": 1}, meta_info=self.meta(0, values)
        )

    def complete(self, number: int, values: Mapping[str, float], losses: Sequence[float]) -> None:
        """Record a run that has completed."""
        driver = EventDriver(self._store.new_observer())
        driver.start(config={**values, "seed": 1}, meta_info=self.meta(number, values))
        driver.log("loss", [*losses])
        driver.beat()
        driver.complete()

    def fill(self) -> int:
        """Queue the next point, and return the number of new runs."""
        return fill_queue(self._store)

    def meta(self, trial: int, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the meta information of a run, as the command ``sweep`` records it."""
        sweep = {
            "uid": "benchmark", "point": str(trial), "values": dict(values), "trial": trial,
            "replica": 0, "sampler": f"optuna:{self.plan.argument}", "seeds": 1,
            "plan": encode_plan(self.plan), "optimize": "metrics.loss.min", "direction": "min",
        }  # fmt: skip
        uid = run_uid("benchmark", "trial", trial, 0)
        return {"command": "main", "uid": uid, "config_updates": dict(values), "sweep": sweep}

    def work(self, function: Function, longest: float = 0.0) -> None:
        """Execute points until there are no more, as a worker does.

        Args:
            function: What the points compute.
            longest: The greatest number of seconds that one takes.
        """
        store, delays = self._observer.open_store(), random.Random(threading.get_ident())
        while True:
            run = store.claim(None, threading.current_thread().name)
            if run is None:
                if not fill_queue(store):
                    return
                continue
            driver = EventDriver(store.new_observer())
            meta = {key: own for key, own in run.meta.items() if key != "queue_time"}
            claim = encode_claim(run.claim)
            driver.start(asked_id=run.id, meta_info=meta, config=run.config, claim=claim)
            if longest:
                time.sleep(delays.uniform(0, longest))
            driver.log("loss", [function(run.meta["sweep"]["values"])])
            driver.beat()
            driver.complete()

    def values(self, function: Function) -> list[float]:
        """Return the value of each point, by its number."""
        runs = sorted(self._store.list(), key=lambda run: run.meta["sweep"]["trial"])
        assert [run.meta["sweep"]["trial"] for run in runs] == list(range(self.plan.trials))
        assert all(run.status == "COMPLETED" for run in runs)
        return [function(run.meta["sweep"]["values"]) for run in runs]


def new_observer(kind: str, folder: str) -> Any:
    """Return an observer of a new store: ``memory``, ``sqlite`` or ``folder``."""
    if kind == "memory":
        return MemoryObserver(Memory())
    if kind == "sqlite":
        from sacred_sql import SqlObserver

        return SqlObserver(f"sqlite:///{Path(folder, 'runs.db')}")
    from sacred_file import FileStorageObserver

    return FileStorageObserver(Path(folder, "runs"))


def values_simulated(function: Function, plan: SamplingPlan, workers: int) -> list[float]:
    """Return the values of all points where each worker asks for one as soon as it is idle."""
    sampler, times = OptunaSampler(plan), random.Random(plan.seed)
    trials: list[Trial] = []
    running: list[tuple[float, int]] = []
    now = 0.0
    while len(trials) < plan.trials or running:
        if len(running) < workers and len(trials) < plan.trials:
            number = len(trials)
            values = sampler.ask(number, trials)
            trials.append(Trial(number=number, values=values, status="running"))
            heapq.heappush(running, (now + times.random(), number))
            continue
        now, number = heapq.heappop(running)
        own = trials[number].values
        trials[number] = Trial(number=number, values=own, status="complete", value=function(own))
    return [function(trial.values) for trial in trials]


def values_stored(function: Function, plan: SamplingPlan, workers: int, kind: str) -> list[float]:
    """Return the values of all points that so many workers have executed."""
    if kind == "none":
        return values_simulated(function, plan, workers)
    with tempfile.TemporaryDirectory() as folder:
        sweep = StoredSweep(new_observer(kind, folder), plan)
        sweep.queue_first()
        longest = 0.0 if workers == 1 else 0.05
        threads = [
            threading.Thread(target=sweep.work, args=(function, longest)) for _ in range(workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sweep.values(function)


def values_alone(
    function: Function, plan: SamplingPlan, jobs: int = 1, has_own_seeds: bool = True
) -> list[float]:
    """Return the values of all points of Optuna alone.

    Args:
        function: What is minimized.
        plan: With the sampler and the space.
        jobs: The number of threads.
        has_own_seeds: The sampler continues its random numbers; otherwise they begin with each
            point as those of `OptunaSampler` do.
    """
    kind = {"tpe": optuna.samplers.TPESampler}[plan.argument]
    distributions = {path: each.distribution for path, each in to_entries(plan.space).items()}
    study = optuna.create_study(sampler=kind(seed=plan.seed, constant_liar=True))
    delays = random.Random(plan.seed)

    def objective(trial: Any) -> float:
        values = {path: trial._suggest(path, own) for path, own in distributions.items()}
        time.sleep(0 if jobs == 1 else delays.uniform(0, 0.05))
        return function(values)

    if has_own_seeds:
        study.optimize(objective, n_trials=plan.trials, n_jobs=jobs)
    else:
        for number in range(plan.trials):
            study.sampler = kind(seed=derived_seed(plan.seed, number), constant_liar=True)
            trial = study.ask(distributions)
            study.tell(trial, function(trial.params))
    return [each.value for each in sorted(study.trials, key=lambda each: each.number)]


def compare(trials: int, seeds: int, kind: str) -> None:
    """Print the best values of each function, and whether points are equal."""
    print("| function | points | median | mean | worst |")
    print("| --- | --- | --- | --- | --- |")
    for name, (function, space) in FUNCTIONS.items():
        best: dict[str, list[float]] = {}
        equal = 0
        for seed in range(seeds):
            plan = SamplingPlan(
                argument="tpe", space=space, is_minimized=True, seed=seed, trials=trials
            )
            found = {
                "Optuna alone": values_alone(function, plan),
                "Optuna alone, a seed for each point": values_alone(function, plan, 1, False),
                "1 worker": values_stored(function, plan, 1, kind),
                "Optuna alone, 4 threads": values_alone(function, plan, 4),
                "4 workers": values_stored(function, plan, 4, kind),
            }
            equal += found["1 worker"] == found["Optuna alone, a seed for each point"]
            for way, values in found.items():
                best.setdefault(way, []).append(min(values))
            print(f"{name}: seed {seed}", file=sys.stderr)
        for way, values in best.items():
            row = statistics.median(values), statistics.fmean(values), max(values)
            print(f"| {name} | {way} | {' | '.join(f'{each:.4g}' for each in row)} |")
        print(f"\n{name}: all points equal for {equal} of {seeds} seeds\n", flush=True)


def median_seconds(function: Callable[[], Any], rounds: int = 3) -> float:
    """Return the median of the CPU times of some calls."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return statistics.median(times)


def measure_times(counts: Sequence[int]) -> None:
    """Print the CPU time to choose a point, and to queue it in a store, after so many points."""
    space = FUNCTIONS["Hartmann, 6 entries"][1]
    generator = random.Random(1)
    all_values = [{path: generator.random() for path in space} for _ in range(max(counts))]
    print(f"| CPU milliseconds after | {' | '.join(f'{count:,} points' for count in counts)} |")
    print(f"| --- |{' --- |' * len(counts)}")
    for argument in ("random", "tpe", "qmc", "cmaes", "nsgaii"):
        plan = SamplingPlan(
            argument=argument, space=space, is_minimized=True, seed=1, trials=max(counts) + 100
        )
        row = []
        for count in counts:
            trials = [
                Trial(number=n, values=own, status="complete", value=hartmann(own))
                for n, own in enumerate(all_values[:count])
            ]
            sampler = OptunaSampler(plan)
            sampler.ask(count, trials)  # imports
            row.append(median_seconds(lambda s=sampler, t=trials: s.ask(len(t), t)))
        print(f"| ask `{argument}` | {' | '.join(f'{1000 * each:.0f}' for each in row)} |")
    for kind in ("folder", "sqlite"):
        row = [_filling_seconds(kind, space, all_values[:count]) for count in counts]
        numbers = " | ".join(f"{1000 * each:.0f}" for each in row)
        print(f"| read, ask `tpe` and queue, {kind} | {numbers} |", flush=True)


def _filling_seconds(kind: str, space: Any, all_values: Sequence[Mapping[str, float]]) -> float:
    plan = SamplingPlan(
        argument="tpe", space=space, is_minimized=True, seed=1, trials=len(all_values) + 100
    )
    with tempfile.TemporaryDirectory() as folder:
        sweep = StoredSweep(new_observer(kind, folder), plan)
        for number, own in enumerate(all_values):
            losses = [hartmann(own) + 1 / (step + 1) for step in range(POINTS)]
            sweep.complete(number, own, losses)
        assert sweep.fill() == 1
        return median_seconds(sweep.fill)


def main() -> None:
    """Run what the command line requests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--store", choices=["none", "memory", "sqlite", "folder"], default="sqlite")
    parser.add_argument("--times", action="store_true", help="only the time of a point")
    chosen = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("sacred_core").setLevel(logging.ERROR)
    if chosen.times:
        measure_times([200, 1000])
    else:
        compare(chosen.trials, chosen.seeds, chosen.store)


if __name__ == "__main__":
    main()
