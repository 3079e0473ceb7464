"""Records the example runs of the board: a small network learns to tell two spirals apart.

The runs are trained in fact, in a second; their times are those of longer ones.
"""

import hashlib
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sacred_core import events
from sacred_core.testing import EventDriver

FACTS = {
    "hostname": "node7", "os": ["Linux", "Debian 12"], "python_version": "3.12.4",
    "cpu": "AMD EPYC 7763 64-Core", "gpus": {"gpus": [{"model": "A40", "total_memory": 46068}]},
}  # fmt: skip
PACKAGES = ["numpy==2.4.1", "pillow==12.0.0", "sacred-core==0.1.0", "torch==2.9.1"]
TRAIN = '''\
"""Train a network to tell two spirals apart."""

import torch
from model import Network
from sacred_core import Experiment

ex = Experiment("spirals")


@ex.config
def config():
    batch_size = 64
    steps = 2000
    model = {"width": 48, "activation": "tanh"}
    optimizer = {"name": "sgd", "lr": 0.1, "momentum": 0.9}


@ex.automain
def main(_run, steps, model, optimizer, batch_size):
    network = Network(**model)
    ...
'''
MODEL = '''\
"""The network."""

import torch


class Network(torch.nn.Module):
    def __init__(self, width, activation):
        super().__init__()
        self.hidden = torch.nn.Linear(2, width)
        self.out = torch.nn.Linear(width, 1)
        self.activation = getattr(torch, activation)

    def forward(self, points):
        return self.out(self.activation(self.hidden(points)))
'''
PATCH = """\
diff --git a/model.py b/model.py
--- a/model.py
+++ b/model.py
@@ -14,4 +14,4 @@ class Network(torch.nn.Module):
     def forward(self, points):
-        return self.out(torch.relu(self.hidden(points)))
+        return self.out(self.activation(self.hidden(points)))
"""
_MOMENTUM = 0.9
_TRACE = (
    "Traceback (most recent call last):\n",
    '  File "/home/ada/spirals/train.py", line 38, in main\n    check_finite(loss)\n',
    '  File "/home/ada/spirals/train.py", line 21, in check_finite\n'
    '    raise FloatingPointError(f"the loss is {loss}")\n',
    "FloatingPointError: the loss is nan\n",
)


class Plan(NamedTuple):
    """One run.

    Attributes:
        lr, width, seed: Entries of the configuration.
        end: How it ends: a status, or "RUNNING".
        share: The part of the training that is recorded.
        tags, note: Of a user.
    """

    lr: float
    width: int = 48
    seed: int = 0
    end: str = "COMPLETED"
    share: float = 1.0
    tags: tuple[str, ...] = ()
    note: str | None = None


PLANS = (
    *(Plan(lr, seed=seed) for lr in (0.003, 0.01) for seed in range(3)),
    Plan(3.0, seed=0, end="FAILED", share=0.06, note="diverges: 3.0 is far too high"),
    *(Plan(0.03, seed=seed) for seed in range(3)),
    Plan(0.1, seed=0, tags=("baseline",)),
    *(Plan(0.1, seed=seed) for seed in (1, 2)),
    Plan(0.1, seed=3, end="INTERRUPTED", share=0.45),
    *(Plan(0.3, seed=seed) for seed in (0, 1)),
    Plan(0.3, seed=2, tags=("best", "paper"), note="used for figure 3"),
    Plan(0.1, width=96, seed=0, end="TIMEOUT", share=0.8),
    *(Plan(0.1, width=96, seed=seed) for seed in (1, 2)),
    Plan(0.3, width=96, seed=0, end="QUEUED"),
    Plan(0.3, width=96, seed=1, end="RUNNING", share=0.62),
)


class TimedRun(EventDriver):
    """A run with given times: of its start, of its points and of its end.

    Args:
        observer: Records it.
        start: The time of its start.
        pace: Seconds for each point.
    """

    def __init__(self, observer: Any, start: datetime, pace: float) -> None:
        super().__init__(observer)
        self.start_time = self.time = start
        self._pace = timedelta(seconds=pace)

    def log_steps(self, **points: tuple[list[int], list[float]]) -> None:
        """Add steps and values to metrics; each point was logged at the time of its step."""
        metrics, starts = {}, {}
        for name, (steps, values) in points.items():
            known = self.metrics.setdefault(name, {"values": []})["values"]
            starts[name] = len(known)
            known += values
            times = [self.start_time + self._pace * step for step in steps]
            metrics[name] = {"name": name, "steps": steps, "values": values, "timestamps": times}
        self._give(events.MetricsLogged, metrics_by_name=metrics, info={}, starts=starts)

    def annotate_at_start(self, note: str | None, tags: tuple[str, ...]) -> None:
        """Add a note and tags at the time of the start."""
        fields = {"note": note, "added": [*tags], "removed": []}
        self._give(events.RunAnnotated, time=self.start_time, user="ada", **fields)

    def beat_at(self, step: int, result: Any = None) -> None:
        """Send a heartbeat at the time of a step."""
        self.time = self.start_time + self._pace * step
        self._give(events.Heartbeat, beat_time=self.time, info={"step": step}, result=result)

    def _now(self) -> datetime:
        return self.time


class Learner:
    """A network of one hidden layer, trained by gradient descent with momentum.

    Args:
        plan: Of the run.
        noise: Standard deviation of the noise of the points.
    """

    def __init__(self, plan: Plan, noise: float = 0.2) -> None:
        random = self._random = np.random.default_rng(plan.seed)
        self._plan = plan
        self._train, self._test = (self._spirals(400, noise), self._spirals(200, noise))
        sizes = ((5, plan.width), (plan.width, 1))
        self._weights = [random.normal(0, rows**-0.5, (rows, count)) for rows, count in sizes]
        self._speeds = [np.zeros_like(each) for each in self._weights]

    def step(self, batch_size: int = 64) -> float:
        """Train with one batch and return its loss."""
        points, labels = self._train
        chosen = self._random.integers(0, len(labels), batch_size)
        hidden, found = self._outputs(points[chosen])
        error = (found - labels[chosen]) / batch_size
        back = np.outer(error, self._weights[1]) * (1 - hidden**2)
        gradients = (points[chosen].T @ back, hidden.T @ error[:, None])
        for weights, speed, gradient in zip(self._weights, self._speeds, gradients, strict=True):
            speed *= _MOMENTUM
            speed -= self._plan.lr * gradient
            weights += speed
        return _loss(found, labels[chosen])

    def test(self) -> tuple[float, float]:
        """Return the loss and the accuracy for points that were not trained."""
        points, labels = self._test
        _, found = self._outputs(points)
        return _loss(found, labels), float(((found > 0.5) == (labels > 0.5)).mean())

    def confusion(self) -> list[list[int]]:
        """Return how many points of each spiral are taken for each."""
        points, labels = self._test
        found = self._outputs(points)[1] > 0.5
        return [[int(((labels == a) & (found == b)).sum()) for b in (0, 1)] for a in (0, 1)]

    def picture(self, size: int = 240) -> bytes:
        """Return a PNG of the plane in the colours of the two classes."""
        axis = np.linspace(-1.3, 1.3, size)
        plane = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        share = self._outputs(_features(plane))[1].reshape(size, size)[..., None]
        blue, orange = np.array([226, 233, 252]), np.array([252, 228, 210])
        image = (blue * (1 - share) + orange * share).astype(np.uint8)
        points, labels = self._test
        places = np.clip(((points[:, :2] + 1.3) / 2.6 * (size - 1)).astype(int), 1, size - 2)
        for (x, y), label in zip(places, labels, strict=True):
            image[y - 1 : y + 2, x - 1 : x + 2] = (209, 97, 10) if label else (47, 85, 212)
        return _png(image)

    def _spirals(self, count: int, noise: float) -> tuple[Any, Any]:
        labels = np.arange(count) % 2
        radius = np.sqrt(self._random.uniform(0.02, 1, count))
        angle = radius * 2.4 * math.pi + labels * math.pi
        points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        return _features(points + self._random.normal(0, noise / 2, points.shape)), labels

    def _outputs(self, points: Any) -> tuple[Any, Any]:
        hidden = np.tanh(points @ self._weights[0] * 2)
        return hidden, 1 / (1 + np.exp(-np.clip(hidden @ self._weights[1], -30, 30)))[:, 0]


def record_examples(
    new_observer: Callable[[], Any],
    folder: Path,
    now: datetime,
    *,
    plans: tuple[Plan, ...] = PLANS,
    steps: int = 2000,
    beat_interval: float = 10.0,
) -> None:
    """Record the runs, which end some hours before ``now``.

    Args:
        new_observer: Returns an observer of the store.
        folder: For the files of the runs.
        now: The time at which the running run has its last heartbeat.
        plans: The runs, in their order.
        steps: Number of steps of a whole training.
        beat_interval: Seconds between heartbeats; without one for some of them, a run is dead.
    """
    folder.mkdir(exist_ok=True)
    for number, plan in enumerate(plans):
        later = len(plans) - 1 - number
        age = timedelta(hours=2.2 * later, minutes=7 * plan.seed if later else 0)
        record_example(new_observer(), folder, number, plan, now - age, steps, beat_interval)


def record_example(
    observer: Any, folder: Path, number: int, plan: Plan, end: datetime, steps: int,
    beat_interval: float = 10.0,
) -> TimedRun:  # fmt: skip
    """Record one run and return its driver."""
    pace = round(2400 / steps * (plan.width / 48) ** 0.7 * (1 + 0.013 * plan.seed), 3)
    start = end - timedelta(seconds=pace * steps * plan.share)
    run = TimedRun(observer, start, pace)
    details = _details(folder, number, plan, steps, beat_interval)
    if plan.end == "QUEUED":
        del details["ex_info"]["captured"]
        run.queue(queue_time=end, **details)
        return run
    run.start(start_time=start, **details)
    if plan.tags or plan.note:
        run.annotate_at_start(plan.note, plan.tags)
    learner = Learner(plan)
    last, accuracy = _train(run, learner, plan, steps)
    _add_files(run, learner, folder, plan)
    run.beat_at(last)
    if plan.end == "COMPLETED":
        run.print(f"INFO - spirals - Result: {accuracy:.3f}\nINFO - spirals - Completed\n")
        run.beat_at(last, accuracy)
        run.complete(accuracy)
    elif plan.end == "FAILED":
        run.fail(_TRACE)
    elif plan.end != "RUNNING":
        run.interrupt(plan.end, ("Traceback (most recent call last):\n", "KeyboardInterrupt\n"))
    run.join()
    return run


def _train(run: TimedRun, learner: Learner, plan: Plan, steps: int) -> tuple[int, float]:
    """Train, record the points and the output, and return the last step and the accuracy."""
    run.print(f"INFO - spirals - Running command 'main'\nINFO - spirals - Started (lr={plan.lr})\n")
    last, epoch, accuracy = int(steps * plan.share), max(1, steps // 40), 0.0
    for first in range(0, last, epoch):
        chosen = list(range(first, min(first + epoch, last)))
        losses = [learner.step() for _ in chosen]
        loss, accuracy = learner.test()
        if plan.end == "FAILED" and first + epoch >= last:
            losses[-1] = math.nan
        rate = plan.lr * (0.5 + 0.5 * math.cos(math.pi * first / steps))
        tested = {"val_loss": loss, "val_accuracy": accuracy, "lr": rate}
        run.log_steps(
            **{"loss": (chosen, [round(each, 6) for each in losses])},
            **{name: (chosen[-1:], [round(value, 6)]) for name, value in tested.items()},
        )
        run.print(f"step {chosen[-1] + 1:5}  loss {losses[-1]:.4f}  accuracy {accuracy:.3f}\n")
    return last, accuracy


def _add_files(run: TimedRun, learner: Learner, folder: Path, plan: Plan) -> None:
    for name, content in _files(learner, plan):
        (folder / name).write_bytes(content)
        kind = {"png": "image/png", "csv": "text/csv", "txt": "text/plain"}[name.split(".")[-1]]
        run.artifact(name, str(folder / name), metadata={}, content_type=kind)


def _files(learner: Learner, plan: Plan) -> Iterator[tuple[str, bytes]]:
    if plan.end in ("COMPLETED", "RUNNING"):
        yield "plane.png", learner.picture()
        rows = [f"{name},{a},{b}\n" for name, (a, b) in zip("ab", learner.confusion(), strict=True)]
        yield "confusion.csv", "".join(["spiral,as a,as b\n", *rows]).encode()
    yield "model.txt", f"1 hidden layer, {plan.width} units\n".encode()


def _details(
    folder: Path, number: int, plan: Plan, steps: int, beat_interval: float
) -> dict[str, Any]:
    """Return the information on a run that its start has."""
    train = TRAIN.replace("steps = 2000", f"steps = {steps}")
    sources = {"train.py": train, "model.py": MODEL if plan.width == 48 else MODEL + "\n# wide\n"}
    for name, text in sources.items():
        (folder / name).write_text(text)
    changes = {"optimizer.lr": plan.lr, "seed": plan.seed}
    changes |= {"model.width": plan.width} if plan.width != 48 else {}
    scope = {"batch_size", "model.activation", "model.width", "optimizer.lr", "optimizer.momentum"}
    return {
        "ex_info": {
            "name": "spirals", "base_dir": str(folder), "mainfile": "train.py",
            "sources": [
                [name, hashlib.md5(text.encode()).hexdigest()] for name, text in sources.items()
            ],
            "dependencies": PACKAGES if plan.width == 48 else [*PACKAGES[:-1], "torch==2.9.2"],
            "repositories": [
                {
                    "url": "https://example.org/ada/spirals.git", "dirty": True, "patch": PATCH,
                    "commit": "9f3c1d0b7a52c64e1d8f00aa3b1c5d7e9f2a4b6c",
                }
            ],
            "captured": [["train.py", "main", ["steps", "model", "optimizer", "batch_size"]]],
        },
        "host_info": FACTS,
        "config": {
            "batch_size": 64, "steps": steps, "seed": plan.seed,
            "model": {"activation": "tanh", "width": plan.width},
            "optimizer": {"lr": plan.lr, "momentum": _MOMENTUM, "name": "sgd"},
        },
        "meta_info": {
            "command": "main", "beat_interval": beat_interval, "uid": f"{number + 1:032x}",
            "options": {"UPDATE": [f"{key}={value}" for key, value in changes.items()]},
            "origins": {
                "command line": [*changes],
                "scope config": sorted({*scope, "steps", "optimizer.name"} - {*changes}),
            },
        },
    }  # fmt: skip


def _features(points: Any) -> Any:
    """Return the coordinates of points, and functions of them that make learning faster."""
    x, y = points[:, 0], points[:, 1]
    return np.stack([x, y, np.sin(3 * x), np.sin(3 * y), np.ones_like(x)], axis=1)


def _loss(found: Any, labels: Any) -> float:
    chance = np.where(labels > 0.5, found, 1 - found)
    return float(-np.log(np.clip(chance, 1e-7, 1)).mean())


def _png(image: Any) -> bytes:
    """Return an RGB image as PNG."""
    height, width, _ = image.shape
    rows = b"".join(b"\0" + row.tobytes() for row in image)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
