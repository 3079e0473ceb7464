"""Record the runs that pages show, in the present folder.

python tools/record_page_runs.py results my_runs=damaged  # runs of a kind, and the store's name
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sacred_core.stores import open_store
from sacred_core.testing import EventDriver

CODE = "print('training')\n"
MODEL = """\
def decay(rate, step):
    return rate * 0.9**step
"""
#: Of runs of two optimizers.
ACCURACIES = {
    "adam": (0.912, 0.921, 0.908, 0.917, 0.915),
    "sgd": (0.910, 0.905, 0.916, 0.901, 0.911),
}
#: A script with a part that no seed determines.
NOISY = """\
import os
import random

from sacred_core import Experiment

ex = Experiment("noisy")


@ex.automain
def main(_run):
    for step in range(10):
        noise = int.from_bytes(os.urandom(4)) if step == 6 else 0
        _run.log_scalar("loss", random.random() + noise, step)
    return "trained"
"""
TRIAL = """\
import numpy

from model import decay


@ex.main
def main(optimizer, batch):
    return numpy.mean([decay(optimizer["rate"], step) for step in range(batch)])
"""
PATCH = """\
diff --git a/train.py b/train.py
--- a/train.py
+++ b/train.py
@@ -1 +1 @@
-print('train')
+print('training')
"""


class ScreenRun(EventDriver):
    """A run that ends when it should."""

    def __init__(self, observer: Any, end: datetime) -> None:
        super().__init__(observer)
        self._end_time = end

    def _now(self) -> datetime:
        return self._end_time


def record_noisy_scripts(store: str, start: datetime, folder: str) -> None:
    """Record a script without and with noise, and remove it."""
    for code in (NOISY.replace("step == 6", "step > 9"), NOISY):
        Path("noisy.py").write_text(code)
        command = [sys.executable, "noisy.py", "with", "seed=1", "-F", store]
        subprocess.run(command, check=True, capture_output=True)
    Path("noisy.py").unlink()
    for info in Path(store).glob("*/run.json"):  # they differ from machine to machine
        run = json.loads(info.read_text())
        run["host"], run["experiment"]["dependencies"] = {}, []
        info.write_text(json.dumps(run))


def record(names: list[str], start: datetime, folder: str) -> None:
    """Record runs in stores in the present folder.

    Args:
        names: The names of the stores, each with ``=KIND`` if its runs are of another kind.
        start: Of the first run of each store.
        folder: Is recorded as the folder of the scripts.
    """
    Path("train.py").write_text(CODE)
    Path("out").mkdir(exist_ok=True)
    Path("out/model.txt").write_text("weights\n" * 1000)
    for name in names:
        store, _, kind = name.partition("=")
        RECORDERS[kind or store](store, start, folder)


def record_results(store: str, start: datetime, folder: str) -> None:
    """Record seven runs with three learning rates."""
    for number in range(7):
        record_run(store, number, start + number * timedelta(minutes=20), folder)


def record_damaged(store: str, start: datetime, folder: str) -> None:
    """Record two runs, and damage the second."""
    for number in range(2):
        record_run(store, number, start, folder)
    Path(store, "2", "config.json").write_text('{"lr": 0.')


def record_trials(store: str, start: datetime, folder: str) -> None:
    """Record two runs of changed code."""
    for number in range(2):
        record_changed_run(store, number, start + number * timedelta(minutes=20), folder)


def record_images(store: str, start: datetime, folder: str) -> None:
    """Record three runs with wide characters."""
    for number in range(3):
        record_wide_run(store, number, start, folder)


def record_run(store: str, number: int, start: datetime, folder: str) -> None:
    """Record one of the runs; the last one of seven fails."""
    from sacred_core.observers import FileStorageObserver

    rate, seed = (0.1, 0.01, 10.0)[number // 3], number % 3
    is_failed = rate > 1
    end = start + timedelta(seconds=3 if is_failed else 724 - 3 * number)
    run = ScreenRun(FileStorageObserver(store), end)
    run.start(
        start_time=start,
        ex_info={
            "name": "mnist", "base_dir": folder, "mainfile": "train.py",
            "sources": [["train.py", hashlib.md5(CODE.encode()).hexdigest()]],
            "dependencies": ["numpy==2.4.1", "sacred-core==0.1.0"],
            "repositories": [
                {
                    "url": "https://example.org/mnist.git", "commit": "4b825dc", "dirty": True,
                    "patch": PATCH,
                }
            ],
        },
        host_info={
            "hostname": "node7", "os": ["Linux", "Debian 12"], "python_version": "3.11.7",
            "cpu": "AMD EPYC 7763",
        },
        config={"batch": 64, "lr": rate, "optimizer": {"name": "adam"}, "seed": seed},
        meta_info={
            "command": "main", "beat_interval": 10.0, "comment": "",
            "uid": f"{number + 1:032x}",
            "options": {"UPDATE": [f"lr={rate}", f"seed={seed}"], "--file_storage": store},
            "origins": {
                "command line": ["lr", "seed"],
                "scope config": ["batch", "optimizer.name"],
            },
        },
    )  # fmt: skip
    run.print(f"training with lr={rate}\n")
    if is_failed:
        trace = ["Traceback (most recent call last):\n", '  File "train.py", line 1, in main\n']
        run.beat()
        run.fail((*trace, "OverflowError: the loss is not finite\n"))
        return
    shape = [round((1 + seed / 20) * 0.97**step + rate / 5, 5) for step in range(200)]
    run.log_together({"loss": shape, "accuracy": [round(1 - each / 2, 5) for each in shape]})
    run.artifact("model.txt", "out/model.txt", metadata={}, content_type="text/plain")
    run.print("done\n")
    run.beat()
    run.complete(result=round(0.98 - rate - seed / 1000, 4))


def record_changed_run(store: str, number: int, start: datetime, folder: str) -> None:
    """Record one of two runs, between which code, a package and an entry were changed."""
    from sacred_core.observers import FileStorageObserver

    Path("model.py").write_text(MODEL.replace("0.9", ("0.9", "0.95")[number]))
    Path("trial.py").write_text(TRIAL)
    sources = [
        [name, hashlib.md5(Path(name).read_bytes()).hexdigest()]
        for name in ("model.py", "trial.py")
    ]
    run = ScreenRun(FileStorageObserver(store), start + timedelta(seconds=724 + number))
    run.start(
        start_time=start,
        ex_info={
            "name": "mnist", "base_dir": folder, "mainfile": "trial.py", "sources": sources,
            "dependencies": [f"numpy==2.4.{number}", "sacred-core==0.1.0"],
            "captured": [["trial.py", "main", ["optimizer", "batch"]]],
        },
        host_info={"hostname": "node7", "threads": {"processors": 8, "torch": 8 - 4 * number}},
        config={"batch": 64, "optimizer": {"rate": 0.1 - 0.05 * number}, "seed": 7},
        meta_info={
            "command": "main", "uid": f"{number + 200:032x}", "options": {},
            "origins": {
                "scope config": ["batch", *(["optimizer.rate"] if number == 0 else [])],
                "command line": ["seed", *(["optimizer.rate"] if number else [])],
            },
        },
    )  # fmt: skip
    run.print(
        f'INFO - mnist - Started run with ID "{number + 1}"\nloss {0.031 - number / 100:.3f}\n'
    )
    first = 20
    rate = 0.97 - number / 100
    loss = [round(0.97**step * (1 if step < first else rate), 5) for step in range(100)]
    run.log("loss", loss)
    run.beat()
    run.complete(result=round(0.97 + number / 100, 2))


def copy_first_run(store: str, start: datetime, folder: str) -> None:
    """Copy the first run of ``results`` to a database, and add a note to the copy."""
    from sacred_core.stores.annotations import Annotation
    from sacred_core.stores.opening import open_target
    from sacred_core.transfer.copying import Target, copy_run

    runs, copies = open_store("results"), Target(open_target(f"sqlite:///{store}"))
    copied = copy_run(runs, runs.get(1), copies)
    note = Annotation(time=start, user="ada", note="the best rate so far")
    copies.store.annotate(copied.target_id, note)


def record_optimizers(store: str, start: datetime, folder: str) -> None:
    """Record runs of two optimizers with several seeds, the last of which fails."""
    from sacred_core.observers import FileStorageObserver

    for optimizer, accuracies in ACCURACIES.items():
        for seed, accuracy in enumerate((*accuracies, None) if optimizer == "sgd" else accuracies):
            run = ScreenRun(FileStorageObserver(store), start + timedelta(minutes=5))
            run.start(
                start_time=start + timedelta(minutes=seed),
                ex_info={"name": "mnist", "base_dir": ".", "mainfile": "train.py", "sources": []},
                config={"optimizer": optimizer, "seed": seed},
            )
            if accuracy is None:
                run.fail(("ValueError: the loss is not finite\n",))
            else:
                run.log("accuracy", [0.5, accuracy])
                run.beat()
                run.complete(result=accuracy)


def record_wide_run(store: str, number: int, start: datetime, folder: str) -> None:
    """Record a run with wide characters and long values."""
    from sacred_core.observers import FileStorageObserver

    end = start + timedelta(seconds=95 + number)
    run = ScreenRun(FileStorageObserver(store), end)
    run.start(
        start_time=start,
        ex_info={"name": "画像分類", "base_dir": folder, "mainfile": "train.py", "sources": []},
        host_info={"hostname": "node7"},
        config={
            "path": f"/data/画像/2026/雪の結晶/part-{number}/train",
            "lr": 0.001 + number * 1e-7,
            "augment": [["flip", 0.5], ["crop", 32 + number], ["noise 🔬", 0.1]],
        },
        meta_info={"command": "main", "uid": f"{number + 100:032x}", "options": {}},
    )
    run.log_together({"損失": [1 / 3, 0.125], "精度": [0.5, 0.912345 + number / 100]})
    run.beat()
    run.complete(result=0.912345 + number / 100)


#: What records the runs of each store.
RECORDERS: dict[str, Callable[[str, datetime, str], None]] = {
    "results": record_results, "damaged": record_damaged, "trials": record_trials,
    "optimizers": record_optimizers, "reruns": record_noisy_scripts, "images": record_images,
    "copied": copy_first_run,
}  # fmt: skip

if __name__ == "__main__":
    now = datetime.now(UTC).replace(microsecond=0)
    record(sys.argv[1:], now - timedelta(days=3), str(Path.cwd()))
