"""Runs in memory whose sources and resources are stored."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from sacred_core.compare import ComparedRun
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

RecordRun = Callable[..., ComparedRun]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The folder of the sources."""
    folder = tmp_path / "home" / "project"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def record(base: Path) -> RecordRun:
    """Records a run with sources by their names, which are below the folder of the sources."""

    def record_run(
        sources: Mapping[str, str] | None = None,
        info: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        meta: Mapping[str, Any] | None = None,
        metrics: Mapping[str, list[Any]] | None = None,
        resources: Mapping[str, str] | None = None,
        artifacts: Mapping[str, str] | None = None,
        **start: Any,
    ) -> ComparedRun:
        pairs = []
        for name, text in ({"train.py": "x = 1\n"} if sources is None else sources).items():
            write(base / name, text)
            pairs.append([name, hashlib.md5(text.encode()).hexdigest()])
        ex_info = {
            "name": "train", "base_dir": str(base), "mainfile": "train.py", "sources": pairs,
            "dependencies": [], "repositories": [],
        }  # fmt: skip
        memory = Memory()
        driver = EventDriver(MemoryObserver(memory))
        fields = {"config": dict(config or {}), "meta_info": dict(meta or {}), **start}
        run_id = driver.start(ex_info=ex_info | dict(info or {}), **fields)
        for name, values in (metrics or {}).items():
            driver.log(name, values)
        for name, text in (resources or {}).items():
            write(base / name, text)
            driver.resource(str((base / name).resolve()))
        for name, text in (artifacts or {}).items():
            write(base / name, text)
            driver.artifact(name, str(base / name))
        driver.complete(result=3)
        store = MemoryStore(memory)
        return ComparedRun(store, store.get(run_id), "my_runs")

    return record_run


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
