"""A sampled sweep in memory whose runs are recorded by hand."""

from collections.abc import Mapping
from typing import Any

import attrs
from sacred_sweep.identity import run_uid
from sacred_sweep.sampled_sweeps import SampledPoint, SampledSweep, read_sweep
from sacred_sweep.sampling import SamplingPlan, Trial, encode_plan

from sacred_core.stores import StoredRun
from sacred_core.stores.finding import MetricSummaries
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

UID = "0123456789ab"
SPACE = {"lr": {"kind": "uniform", "low": 0.0, "high": 1.0}}


def new_plan(argument: str = "", trials: int = 5, **fields: Any) -> SamplingPlan:
    """Return a plan for one entry, which is minimized."""
    known = {"space": SPACE, "is_minimized": True, "seed": 7, **fields}
    return SamplingPlan(argument=argument, trials=trials, **known)


@attrs.define
class Runs:
    """The runs of a sweep in memory.

    Attributes:
        plan, sampler, optimize, seeds: Of the sweep.
    """

    plan: SamplingPlan = attrs.field(factory=new_plan)
    sampler: str = "random"
    optimize: str = "metrics.loss.min"
    seeds: int = 1
    store: MemoryStore = attrs.field(factory=lambda: MemoryStore(Memory()))
    drivers: dict[tuple[int, int], EventDriver] = attrs.field(factory=dict)

    def meta(self, trial: int, replica: int, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the meta information of a run."""
        words = [f"{path}={own!r}" for path, own in values.items()]
        return {
            "command": "main",
            "uid": run_uid(UID, "trial", trial, replica),
            "config_updates": dict(values),
            "origins": {"command line": [*values, "other"], "scope cfg": ["width"]},
            "options": {"UPDATE": ["other=3", *words]},
            "sweep": {
                "uid": UID,
                "point": f"{trial}",
                "values": dict(values),
                "trial": trial,
                "replica": replica,
                "sampler": self.sampler,
                "plan": encode_plan(self.plan),
                "optimize": self.optimize,
                "direction": "min",
                "seeds": self.seeds,
            },
        }

    def queue(self, trial: int = 0, replica: int = 0, lr: float = 0.5, **fields: Any) -> StoredRun:
        """Queue a run, and return it."""
        driver = EventDriver(MemoryObserver(self.store.memory))
        meta = self.meta(trial, replica, {"lr": lr})
        config = {"lr": lr, "seed": 100 + replica, "width": 3, "other": 3}
        run_id = driver.queue(**{"meta_info": meta, "config": config, **fields})
        self.drivers[trial, replica] = driver
        return self.store.get(run_id)

    def start(self, trial: int = 0, replica: int = 0) -> EventDriver:
        """Start the run of a point, which may have been queued by anything."""
        run = self.run(trial, replica)
        driver = EventDriver(MemoryObserver(self.store.memory))
        meta = {key: own for key, own in run.meta.items() if key != "queue_time"}
        driver.start(asked_id=run.id, meta_info=meta, config=run.config)
        self.drivers[trial, replica] = driver
        return driver

    def complete(self, trial: int = 0, replica: int = 0, losses: Any = (1.0,), **info: Any) -> None:
        """Start and complete the run of a point, with points of a metric."""
        driver = self.start(trial, replica)
        driver.log("loss", list(losses))
        driver.beat(info=info)
        driver.complete()

    def run(self, trial: int = 0, replica: int = 0) -> StoredRun:
        """Return the run of a point."""
        return self.sweep().runs[trial, replica]

    def sweep(self) -> SampledSweep:
        """Return the sweep as it is stored."""
        found = read_sweep(self.store, UID)
        assert found is not None
        return found

    def trials(self) -> list[Trial]:
        """Return the points as a sampler gets them."""
        return self.sweep().trials(MetricSummaries(self.store))

    def point(self, trial: int = 0, replica: int = 0) -> SampledPoint:
        """Return what a run has about its point."""
        found = SampledPoint.of(self.run(trial, replica).meta)
        assert found is not None
        return found
