"""What the tests of archives share: runs in memory with content of every kind."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from sacred_core.archives import pack
from sacred_core.provenance.sources import md5_of
from sacred_core.stores import Annotation
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.event_driver import START
from sacred_core.testing.samples import EXPERIMENT, ODD_POINTS, ODD_VALUES

#: Names that would leave a folder, or that some file system has for another file.
NAMES = [
    "../../escaped", "/etc/passwd", "..", "C:\\x", "a/b", "A/B", "model.bin", "MODEL.BIN", "con",
    "run.json", "ünïcödé \u4f60", "caf\udce9", "\ud800", "x" * 300, "a\0b", "",
]  # fmt: skip
PATCH = "--- a\n+++ b\n"
COMMIT = "c0ffee"


def record_run(memory: Memory, folder: Path, **start: object) -> EventDriver:
    """Record a run with files of all kinds, points, output and annotations."""
    source, resource = folder / "train.py", folder / "data.csv"
    source.write_text("print(1)\n")
    resource.write_text("1,2\n" * 1000)
    driver = EventDriver(MemoryObserver(memory))
    repository = {"url": "git@host:x.git", "commit": COMMIT, "dirty": True, "patch": PATCH}
    info = {
        **EXPERIMENT, "name": "mnist", "base_dir": str(folder),
        "sources": [["train.py", md5_of(source)]], "repositories": [repository],
    }  # fmt: skip
    fields = {"config": {**ODD_VALUES, "seed": 1}, "ex_info": info, "host_info": {"cpu": "x"}}
    driver.start(**{**fields, **start})
    driver.log("loss", [1.5, math.nan, math.inf, -2, 0.1 + 2**-55])
    driver.log("odd", ODD_POINTS)
    driver.print("printed ä\n")
    driver.beat(info={"a": [1, math.nan]}, result={"accuracy": 0.5})
    driver.resource(str(resource))
    for number, name in enumerate(NAMES):
        path = folder / "artifact"
        path.write_bytes(f"content {number:02}\n".encode() * 100)
        driver.artifact(name, str(path), metadata={"n": number}, content_type="text/plain")
    driver.annotate("a note", added=["good", "old"])
    driver.annotate(removed=["old"])
    return driver


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., EventDriver]:
    """Records a run into a memory up to its end."""
    return lambda memory, **start: record_run(memory, tmp_path, **start)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """Three runs: one that completed, one that failed, and one of an odd id."""
    memory = Memory()
    record_run(memory, tmp_path).complete(result={"accuracy": 0.9})
    record_run(memory, tmp_path).fail()
    record_run(memory, tmp_path, _id="Grid run", asked_id="Grid run").interrupt("TIMEOUT")
    store = MemoryStore(memory)
    store.annotate(2, Annotation(time=START, user="ann", note="later", added=("x",)))
    return memory


@pytest.fixture
def store(memory: Memory) -> MemoryStore:
    """The store of these runs."""
    return MemoryStore(memory)


@pytest.fixture
def archive(store: MemoryStore, tmp_path: Path) -> Path:
    """An archive of these runs."""
    path = tmp_path / "runs.zip"
    pack(store, store.list(), path)
    return path
