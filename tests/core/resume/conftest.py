"""What the tests of resuming share: an experiment that fails, and is resumed, in one memory."""

from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.testing.memory import Memory, MemoryObserver, MemoryStore


class Training:
    """An experiment with checkpoints, whose command fails at a chosen step.

    Attributes:
        ex: The experiment; its runs are in ``memory``.
        store: The store of the memory.
        fails_at: The step at which the command fails; None: it does not.
        seen: What ``_run.resumed`` was in each run.
        configs: The configuration of each run.
    """

    def __init__(self, folder: Path) -> None:
        self.memory = Memory()
        self.store = MemoryStore(self.memory)
        self.fails_at: int | None = None
        self.seen: list[Any] = []
        self.configs: list[dict[str, Any]] = []
        self.checkpoint = folder / "checkpoint.txt"
        self.ex = Experiment("training", interactive=True, save_git_info=False)
        self.ex.observers.append(MemoryObserver(self.memory))
        self.ex.add_config(steps=6, lr=0.1)
        self.ex.main(self.train)

    def train(self, steps: int, _run: Any, _config: Any) -> str:
        self.seen.append(_run.resumed)
        self.configs.append(dict(_config))
        first = 0
        if _run.resumed is not None and "checkpoint.txt" in _run.resumed.artifacts:
            first = int(_run.artifact_path("checkpoint.txt").read_text()) + 1
        for step in range(first, steps):
            _run.log_scalar("loss", 1 / (step + 1), step)
            _run.log_scalar("calls", step)
            _run.info["step"] = step
            if step == self.fails_at:
                raise RuntimeError("out of memory")
            if step % 2:
                self.checkpoint.write_text(str(step))
                _run.add_artifact(self.checkpoint)
        return f"result of {first}"

    def fail(self, step: int, **arguments: Any) -> Any:
        """Run the command, which fails at a step, and return the stored run."""
        self.fails_at = step
        with pytest.raises(RuntimeError, match="out of memory"):
            self.ex.run(**arguments)
        self.fails_at = None
        return self.store.get(max(self.memory.runs))


@pytest.fixture
def training(tmp_path: Path) -> Training:
    """An experiment that has no run yet."""
    return Training(tmp_path)
