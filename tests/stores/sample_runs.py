"""Runs of each kind: what copying must not change."""

import contextlib
import hashlib
import importlib.util
import random
import subprocess
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sacred_core.stores import Annotation, RunStore
from sacred_core.testing import EventDriver
from sacred_core.testing.samples import (
    AWKWARD,
    FILE_NAMES,
    METRIC_NAMES,
    NON_FINITE,
    ODD_POINTS,
    ODD_STRINGS,
    ODD_VALUES,
    PRINTED,
    TRACE,
)

#: Points of the longest metric: more than a block of each store.
POINTS = 12_000
#: Bytes of the largest artifact: as a model has them, so that records are small in comparison.
LARGE = 8_000_000
#: Seconds between heartbeats, so that a run whose last one was months ago is still running.
_FOREVER = 5e7
_LATER = datetime(2026, 1, 2, 3, 4, 9, 123_000, tzinfo=UTC)
_SCRIPT = '"""Has sources."""\n\nVALUE = "ä"\n'
_PROGRAM = """
from sacred_core import Experiment
from sacred_core.testing.hostile import hostile_values
import numpy as np

ex = Experiment("program")

@ex.config
def config():
    lr = 0.1
    nested = {"a": [1, {"b": None}], "seeds": (1, 2)}

@ex.main
def main(_run, _rnd, lr):
    print("in a program ä\\r\\rrewritten")
    _run.info["array"] = np.arange(20.0) * lr
    _run.info["integers"] = np.arange(6).reshape(2, 3)
    _run.info["hostile"] = hostile_values()
    for step in range(50):
        _run.log_scalar("loss", np.float32(step) / 3, step)
    ex.add_artifact(__file__, "program.py", metadata={"why": ["ä", None]})
    ex.open_resource("data.csv").close()
    _run.tag("in the program")
    _run.note("noted ä")
    return {"mean": np.float64(0.5), "shape": (1, 2)}

@ex.command
def fail(_run):
    print("about to fail")
    _run.log_scalar("before", 1)
    raise ValueError("broke \\udce9")
"""


class Files:
    """Files that the runs use.

    Args:
        folder: Is created.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.write("main.py", _SCRIPT)

    def write(self, name: str, content: str | bytes) -> str:
        """Write a file and return its path."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    def ex_info(self, **more: Any) -> dict[str, Any]:
        """Return information on an experiment that has a source and two repositories."""
        digest = hashlib.md5(_SCRIPT.encode()).hexdigest()
        patch = "--- a\n+++ b ä\n" + "+line\n" * 1_000
        return {
            "name": "driven",
            "base_dir": str(self.folder),
            "mainfile": "main.py",
            "sources": [["main.py", digest]],
            "dependencies": ["numpy==2.0"],
            "repositories": [
                {"url": "git@host:me/it.git", "commit": "0" * 40, "dirty": True, "patch": patch},
                {"url": None, "commit": "1" * 40, "dirty": False},
            ],
            **more,
        }


def record_runs(
    new_observer: Callable[[], Any],
    store: Callable[[], RunStore],
    folder: Path,
    points: int = POINTS,
    large: int = LARGE,
) -> None:
    """Record runs of each kind in an empty store.

    Args:
        new_observer: Returns a new observer of the store.
        store: Returns the store.
        folder: For the files of the runs; is created.
        points: Of the longest metric.
        large: Bytes of the largest artifact.
    """
    files = Files(folder)
    files.write("large.bin", random.Random(1).randbytes(large))
    deleted = EventDriver(new_observer())
    deleted_id = deleted.start()
    deleted.complete()
    completed_id = _record_completed(new_observer(), files, points)
    _record_ends(new_observer, files)
    _record_programs(new_observer(), files)
    own = store()
    own.delete(deleted_id)
    own.annotate(completed_id, Annotation(time=_LATER, user="ann", note="later ä", added=("x",)))
    own.annotate(completed_id, Annotation(time=_LATER, user="bob", removed=("x", "first")))


def _meta(**more: Any) -> dict[str, Any]:
    return {"command": "main", "beat_interval": 10.0, "uid": uuid.uuid4().hex, **more}


def _record_completed(observer: Any, files: Files, points: int) -> Any:
    """Record a run that has something of each kind, over many heartbeats."""
    driver = EventDriver(observer)
    config = {"seed": 1, "awkward": AWKWARD, "not finite": NON_FINITE, "odd": ODD_VALUES}
    run_id = driver.start(
        ex_info=files.ex_info(), config=config, host_info={"hostname": "ä", "gpus": None},
        meta_info=_meta(comment="ä", options={"--force": False}),
    )  # fmt: skip
    driver.annotate("a note ä", ["first", "second"])
    for number, first in enumerate(range(0, points, 701)):
        count = min(701, points - first)
        values = [(first + n) / 7 if n % 97 else float("nan") for n in range(count)]
        driver.log("loss", values, first)
        driver.print(f"epoch {number} ä \U0001f600\n")
        driver.beat(info={"epoch": number}, result=None)
    driver.print("progress 10 %\rrest\n")
    driver.beat(info={"epoch": "rewriting"})
    driver.print("20 %\rdone ä\n", len(driver.output) - 10)
    driver.log_together({name: [1, -2, 3] for name in METRIC_NAMES[1:]}, 10)
    driver.log("odd", ODD_POINTS)
    driver.log_points({"steps": ([0, 0.5, -1, 2**40, None, "x"], [1, 2, 3, 4, 5, 6])})
    driver.beat(info={"odd": ODD_VALUES}, result=3)
    _add_files(driver, files)
    driver.annotate(None, ["third"], ["second"])
    driver.beat(info={"text": AWKWARD, "last": NON_FINITE})
    driver.complete(result={"a": [1, float("inf")], "strings": ODD_STRINGS})
    return run_id


def _add_files(driver: EventDriver, files: Files) -> None:
    driver.artifact("empty", files.write("artifact", b""))
    driver.artifact("binary.bin", files.write("artifact", bytes(range(256)) * 400))
    driver.artifact("large.bin", str(files.folder / "large.bin"))
    for number, name in enumerate(
        (*FILE_NAMES, "x", "x/y", ".hidden", "same", "same", "config.json")
    ):
        driver.artifact(name, files.write("artifact", f"artifact {number} ä\n"))
    path = files.write("artifact", '{"a": 1}')
    driver.artifact("typed", path, metadata=AWKWARD, content_type="application/json")
    driver.resource(files.write("in put ä.csv", "3,4\n"))
    driver.resource(files.write("in put ä.csv", "3,4\n"))
    driver.resource(files.write("in put ä.csv", "5,6\n"))
    later = files.write("later.py", "LATER = 1\n")
    digest = hashlib.md5(Path(later).read_bytes()).hexdigest()
    driver.code(str(files.folder), [["later.py", digest]], ["pandas==3.0"])


def _record_ends(new_observer: Callable[[], Any], files: Files) -> None:
    """Record runs that end otherwise, or not yet."""
    failed = _start(new_observer(), files, "failed", _id="elsewhere")
    failed.print("before it broke\n")
    failed.log("loss", [1, 2])
    failed.fail(tuple(TRACE))
    stopped = _start(new_observer(), files, "stopped", _id="elsewhere")  # stored with another id
    for text in PRINTED:
        stopped.print(text)
        stopped.beat()
    stopped.interrupt("TIMEOUT", tuple(TRACE))
    for kind, interval in (("running", _FOREVER), ("dead", 10.0)):
        running = _start(new_observer(), files, kind, beat_interval=interval)
        running.print(f"{kind} …\n")
        running.log("loss", [0.5, 0.25])
        running.artifact("model", files.write("artifact", f"model of {kind}"))
        running.beat(info={"now": 1}, result=0.5)
        running.join()
    empty = EventDriver(new_observer())  # without a uid, as Sacred records it
    empty.start(config={"without": "uid"}, meta_info={"command": "main"})
    empty.complete(result=None)
    for kind in ("queued", "taken over"):
        queued = EventDriver(new_observer())
        meta = _meta(comment=kind)
        run_id = queued.queue(ex_info=files.ex_info(), config={"kind": kind}, meta_info=meta)
        if kind == "taken over":
            taken = EventDriver(new_observer())
            taken.start(
                asked_id=run_id, ex_info=files.ex_info(), config={"kind": kind}, meta_info=meta
            )
            taken.beat(info={"started": True})
            taken.complete(7)


def _start(observer: Any, files: Files, kind: str, _id: Any = None, **meta: Any) -> EventDriver:
    driver = EventDriver(observer)
    config, info = {"kind": kind}, files.ex_info(name=kind)
    driver.start(_id, ex_info=info, config=config, meta_info=_meta(**meta))
    return driver


def _record_programs(observer: Any, files: Files) -> None:
    """Record two real experiments in a repository with uncommitted changes."""
    folder = files.folder / "program"
    folder.mkdir()
    path = folder / "recorded_program.py"
    path.write_text("# committed\n")
    (folder / "data.csv").write_text("1,2\n")
    for command in (
        ["init", "-q"], ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"],
    ):  # fmt: skip
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    path.write_text(_PROGRAM)
    spec = importlib.util.spec_from_file_location("recorded_program", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with contextlib.chdir(folder):
        spec.loader.exec_module(module)
        module.ex.observers.append(observer)
        options: dict[str, Any] = {"--capture": "sys", "--loglevel": "CRITICAL"}
        module.ex.run(config_updates={"lr": 0.5}, options={**options, "--comment": "a comment"})
        with contextlib.suppress(ValueError):
            module.ex.run("fail", options=options)
