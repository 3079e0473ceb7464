"""Tests of the process of a claimed run, whose store is in its memory."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

#: Queues a run, claims it, and executes its plan; then prints what the store and the outcome have.
DRIVER = """
import json, sys
from pathlib import Path
from sacred_core import Experiment, context
from sacred_core.exceptions import UnavailableError
from sacred_core.observers import RetryPolicy
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.worker import child
from sacred_core.worker.work_plan import WorkOutcome, make_plan

folder, kind = Path(sys.argv[1]), sys.argv[2]
memory = Memory()
store = MemoryStore(memory)
pairs = [["train.py", "0" * 32]]
ex_info = {
    "name": "train", "base_dir": str(folder), "working_dir": str(folder), "mainfile": "train.py",
    "sources": pairs, "dependencies": [], "repositories": [],
}
meta = {"options": {}, "config_updates": {"lr": 0.5}, "named_configs": [], "uid": "ab" * 16,
        "origins": {"command line": ["lr"], "seed": ["seed"]}, "sweep": {"uid": "abc"}}
config = {"lr": 0.5, "seed": 3}
driver = EventDriver(MemoryObserver(memory))
driver.queue(ex_info=ex_info, command="main", config=config, meta_info=meta)
run = store.claim(None, "me", 3.0)
plan = make_plan(store, "memory", run)
plan.outcome = str(folder / "outcome.json")
plan.write(folder / "plan.json")
if kind == "taken over":
    store.requeue(1, "no heartbeat")
    store.claim(None, "other", 3.0)
class Away(MemoryObserver):
    retry_policy = RetryPolicy(start_timeout=0.1, retry_interval=0.05)
    def take_over_run(self, run):
        raise UnavailableError("the server went away")
def new_observer(location):
    if kind == "away":
        return Away(memory)
    if kind == "down":
        raise UnavailableError("the server of password=hunter2 is down")
    return MemoryObserver(memory)
child.new_observer = new_observer
code = 0
try:
    code = child.run_plan(folder / "plan.json")
except SystemExit as end:
    code = end.code
run = store.get(1)
outcome = WorkOutcome.read(folder / "outcome.json")
found = {"status": run.recorded_status, "result": run.result, "uid": run.uid, "code": code,
         "sweep": run.meta.get("sweep"), "seed": run.seed, "worker": run.claim.worker,
         "beat_interval": run.meta.get("beat_interval"), "trace": run.fail_trace,
         "outcome": [outcome.is_started, outcome.status, outcome.problem, outcome.is_unavailable]}
print("FOUND" + json.dumps(found))
"""
SCRIPT = """
from sacred_core import Experiment
ex = Experiment("train", save_git_info=False)

@ex.config
def config():
    lr = 0.1

@ex.automain
def main(lr):
    return lr
"""


def execute(folder: Path, script: str = SCRIPT, kind: str = "") -> dict[str, Any]:
    """Return what the store and the outcome have after the plan of a claimed run was executed."""
    (folder / "train.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(folder), kind],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.rpartition("FOUND")[2])
    return found


def test_the_claimed_run_is_started_with_its_configuration(tmp_path: Path) -> None:
    """It is the same record, with its uid, its metadata and the interval of its claim."""
    found = execute(tmp_path)
    assert found["outcome"] == [True, "COMPLETED", None, False]
    assert (found["status"], found["result"], found["seed"]) == ("COMPLETED", 0.5, 3)
    assert (found["uid"], found["sweep"]) == ("ab" * 16, {"uid": "abc"})
    assert (found["worker"], found["beat_interval"], found["code"]) == ("me", 1.0, 0)


def test_a_run_that_fails_is_recorded_by_its_own_process(tmp_path: Path) -> None:
    """The worker has nothing to do."""
    found = execute(tmp_path, SCRIPT.replace("return lr", "return 1 / 0"))
    assert found["outcome"] == [True, "FAILED", None, False]
    assert (found["status"], found["code"]) == ("FAILED", 1)
    assert found["trace"][-1] == "ZeroDivisionError: division by zero\n"


@pytest.mark.parametrize(
    ("script", "kind", "expected"),
    [
        ("raise ValueError('password=hunter2')\n", "", "ValueError: password=***\n"),
        ("raise SystemExit\n", "", "'train.py' ended with exit code 0 before it requested a run\n"),
        ("raise SystemExit('no data')\n", "",
         "'train.py' ended with exit code 1 before it requested a run\n"),
        ("raise SystemExit(128)\n", "",
         "'train.py' ended with exit code 128 before it requested a run\n"),
        (SCRIPT.replace('"train"', '"other"').replace("automain", "main"), "",
         "'train.py' runs no experiment 'train' and defines none: it has other\n"),
        (SCRIPT.replace("@ex.automain", "@ex.config_hook\ndef hook(config, command_name, logger):\n"
         "    raise KeyError('gone')\n\n@ex.automain"), "", "KeyError: 'gone'\n"),
    ],
)  # fmt: skip
def test_a_problem_before_the_start_is_reported(
    tmp_path: Path, script: str, kind: str, expected: str
) -> None:
    """The queued run is left to the worker."""
    found = execute(tmp_path, script, kind)
    is_started, status, problem, is_unavailable = found["outcome"]
    assert (is_started, status, is_unavailable) == (False, None, False)
    assert problem[-1] == expected
    assert found["status"] == "QUEUED"
    assert found["code"] == {"raise SystemExit\n": None, "raise SystemExit('no data')\n": "no data",
                             "raise SystemExit(128)\n": 128}.get(script, 1)  # fmt: skip


def test_a_signal_before_the_start_is_no_problem(tmp_path: Path) -> None:
    """The worker has sent it, and queues the run again."""
    found = execute(tmp_path, "raise SystemExit(143)\n")
    assert found["outcome"] == [False, None, None, False]
    assert (found["code"], found["status"]) == (143, "QUEUED")


def test_a_run_of_another_worker_is_not_started(tmp_path: Path) -> None:
    """The process was late: its claim is not the last one."""
    found = execute(tmp_path, kind="taken over")
    assert found["outcome"][0] is False
    assert "the worker 'me' has lost it" in found["outcome"][2][0]
    assert (found["status"], found["worker"]) == ("QUEUED", "other")


def test_a_store_that_is_down_is_reported_as_that(tmp_path: Path) -> None:
    """The worker queues the run again; the message has no secret."""
    found = execute(tmp_path, kind="down")
    is_started, status, problem, is_unavailable = found["outcome"]
    assert (is_started, status, is_unavailable) == (False, None, True)
    assert problem[-1].endswith("UnavailableError: the server of password=*** is down\n")
    assert found["code"] == 1


def test_a_store_that_goes_away_before_the_start_is_reported_as_that(tmp_path: Path) -> None:
    """The run has not started, and is not at fault."""
    found = execute(tmp_path, kind="away")
    is_started, status, problem, is_unavailable = found["outcome"]
    assert (is_started, status, is_unavailable) == (False, None, True)
    assert "the server went away" in problem[-1]
    assert found["status"] == "QUEUED"
