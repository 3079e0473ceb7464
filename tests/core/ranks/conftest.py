"""Ranks of jobs in one process, one after another, that record in memories."""

import itertools
import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sacred_core import SETTINGS, Experiment, ObserverSpec
from sacred_core.run.creation import RANK_VARIABLES
from sacred_core.stores import StoredRun
from sacred_core.stores.writers import stored_parts
from sacred_core.testing import Memory, MemoryObserver, MemoryStore
from tests.core.spool.conftest import FolderObserver, FolderStore

_numbers = itertools.count()


class Job:
    """A job whose ranks record in the same stores.

    Attributes:
        memories: Of the stores.
        spool: The folder for what ranks record without a run.
    """

    def __init__(self, environ: Callable[[str, str], None], spool: Path) -> None:
        self.memories = [Memory()]
        self.spool = spool
        self._set = environ
        self._name = f"memory://{next(_numbers)}"

    def become(self, number: int, size: int = 4, group: str = "job") -> None:
        """Make this process a rank."""
        self._set("SACRED_RANK", str(number))
        self._set("SACRED_WORLD_SIZE", str(size))
        self._set("SACRED_GROUP", f"{self._name} {group}")

    def observers(self) -> list[Any]:
        found = []
        for number, memory in enumerate(self.memories):
            observer = MemoryObserver(memory)
            observer.store_location = f"{self._name}/{number}"
            found.append(observer)
        return found

    def run(
        self,
        number: int,
        /,
        *more: Any,
        size: int = 4,
        group: str = "job",
        restart: int = 0,
        code: Callable[[Any], Any] = lambda run: None,
        **config: Any,
    ) -> Any:
        """Start a run as a rank, and return the finished run.

        With a number of a restart, it resumes a run of the job.
        """
        self.become(number, size, group)
        self._set("SLURM_RESTART_COUNT", str(restart) if restart else "")
        experiment = Experiment("job", save_git_info=False)
        experiment.observers.extend([*self.observers(), *more])
        experiment.add_config(lr=0.1, model={"size": 1})

        @experiment.main
        def main(_run: Any, seed: int, lr: Any) -> int:
            _run.log_scalar("loss", number)
            print(f"rank {number}")
            code(_run)
            return seed if lr else 1 // 0

        resume = "auto" if restart else None
        return experiment.run(config_updates=config, resume=resume)

    def open_target(self, location: str) -> MemoryStore:
        """Return the store with a location, as ``sacred spool flush`` opens it."""
        return self.store(int(location.removeprefix(f"{self._name}/")))

    def store(self, number: int = 0) -> MemoryStore:
        return MemoryStore(self.memories[number])

    def stored(self, number: int = 0) -> list[StoredRun]:
        return list(self.store(number).list())

    def part_store(self, run_id: Any = 1) -> MemoryStore:
        found = self.store().writer_store(run_id)
        assert found is not None
        return found

    def parts(self, run_id: Any = 1, number: int = 0) -> dict[str, StoredRun]:
        return stored_parts(self.store(number), run_id)


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Job:
    for name in RANK_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(SETTINGS.RANKS, "WAIT", 0.2)
    monkeypatch.setattr(SETTINGS, "CAPTURE_MODE", "sys")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    spec = ObserverSpec(FolderObserver, store=FolderStore, writes_folder_format=True)
    manager = SimpleNamespace(observers=[spec])
    monkeypatch.setattr("sacred_core.spool.folder_format.plugin_manager", lambda: manager)
    found = Job(monkeypatch.setenv, tmp_path / "sacred" / "ranks")
    monkeypatch.setattr("sacred_core.spool.flushing.open_target", found.open_target)
    return found


@pytest.fixture
def warnings(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Return the warnings so far."""
    caplog.set_level(logging.WARNING)
    return lambda: [
        record.getMessage() for record in caplog.records if record.levelno == logging.WARNING
    ]
