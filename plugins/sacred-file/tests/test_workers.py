"""Tests of workers that execute the queued runs of a folder."""

import json
import logging
import shutil
import tempfile
from pathlib import Path

import pytest
from sacred_file import FileStorageObserver, FileStore

from sacred_core import Experiment

from .queued_scripts import QueuedScript

HEAD = """
    from sacred_core import Experiment
    ex = Experiment("train", save_git_info=False)
"""
BODY = """
    @ex.config
    def config():
        lr = 0.1
        twice = 2 * lr

    def main(lr, twice):
        return [lr, twice]
"""
AUTOMAIN = HEAD + BODY.replace("def main", "@ex.automain\n    def main")
MAIN = HEAD + BODY.replace("def main", "@ex.main\n    def main")


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The log of the worker."""
    caplog.set_level(logging.INFO, "sacred_core.worker")
    return caplog


def test_the_recorded_run_is_executed_as_it_was_queued(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Configuration, seed, metadata, options, uid and folder are those of the queued run."""
    script = QueuedScript(
        tmp_path / "with a space",
        AUTOMAIN.replace("return [lr, twice]", "import os; return [lr, twice, os.getcwd()]"),
    )
    script.queue("with", "lr=0.3", "-c", "a comment", "-P", "7")
    queued = script.run()
    assert script.work() == 0
    run = script.run()
    assert (run.status, run.result) == ("COMPLETED", [0.3, 0.6, str(script.folder)])
    assert (run.config, run.uid, run.origins) == (queued.config, queued.uid, queued.origins)
    assert run.queue_time == queued.queue_time
    assert run.meta["options"] == queued.meta["options"]
    assert (run.meta["comment"], run.meta["priority"]) == ("a comment", 7)
    assert run.claim is not None
    assert (run.claim.number, run.claim.lost, len(run.segments)) == (1, 0, 1)
    assert log.messages[1:3] == ["Run 1: claimed (train main)", "Run 1: COMPLETED"]
    assert [*script.store.ids()] == [1]


def test_metadata_of_the_queued_run_remains(tmp_path: Path) -> None:
    """A sweep, a parent and entries of other programs are in the record of the executed run."""
    script = QueuedScript(tmp_path, AUTOMAIN)
    script.queue()
    path = script.runs / "1" / "run.json"
    record = json.loads(path.read_text())
    added = {"sweep": {"uid": "abc", "point": "def"}, "parent": "0" * 32, "other": [1, None]}
    record["meta"] |= added
    path.write_text(json.dumps(record))
    assert script.work() == 0
    run = script.run()
    assert run.status == "COMPLETED"
    assert {name: run.meta[name] for name in added} == added


CONFIGURED = """
    import random
    from sacred_core import Experiment, Ingredient
    data = Ingredient("data", save_git_info=False)

    @data.config
    def data_config():
        size = 10

    ex = Experiment("train", ingredients=[data], save_git_info=False)

    @ex.config
    def config():
        lr = 0.1
        drawn = random.random()

    @ex.named_config
    def large():
        lr = 1.0
        data = {"size": 100}

    @ex.config_hook
    def hook(config, command_name, logger):
        return {"hooked": command_name}

    @ex.command
    def evaluate(lr, drawn, data, hooked):
        return [lr, drawn, data["size"], hooked]

    @ex.automain
    def main():
        return "main"
"""


def test_named_configurations_ingredients_and_hooks_give_the_recorded_configuration(
    tmp_path: Path,
) -> None:
    """Also what a scope draws at random is as recorded, and another command than the default."""
    script = QueuedScript(tmp_path, CONFIGURED)
    script.queue("evaluate", "with", "large", "data.size=7")
    drawn = script.run().config["drawn"]
    assert script.work() == 0
    run = script.run()
    assert run.result == [1.0, drawn, 7, "evaluate"]
    assert run.meta["named_configs"] == ["large"]


FORMS = {
    "automain": AUTOMAIN,
    "main": MAIN + "    if __name__ == '__main__':\n        ex.run_commandline()\n",
    "ex.run": MAIN + """
    import sys
    from sacred_core.observers import FileStorageObserver
    if len(sys.argv) > 1:  # it is started to queue a run
        ex.observers.append(FileStorageObserver(sys.argv[-1]))
    for lr in (0.2, 0.3):
        options = {"--queue": True}
        ex.run(config_updates={"lr": lr}, options=options if lr == 0.3 else {"--unobserved": True})
""",
    "two experiments": HEAD + """
    other = Experiment("other", save_git_info=False)

    @other.main
    def never():
        raise RuntimeError("another experiment")
""" + BODY.replace("def main", "@ex.main\n    def main") + """
    if __name__ == "__main__":
        ex.run_commandline()
""",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_a_script_may_start_its_run_in_any_way(tmp_path: Path, form: str) -> None:
    """The run that was queued is executed once, and no other one is recorded."""
    script = QueuedScript(tmp_path, FORMS[form])
    script.queue("with", "lr=0.3")
    assert script.work() == 0
    assert (script.run().status, script.run().result) == ("COMPLETED", [0.3, 0.6])
    assert [*script.store.ids()] == [1]


def test_a_module_of_a_package_is_executed_as_one(tmp_path: Path) -> None:
    """Relative imports work, as with ``python -m``."""
    text = AUTOMAIN.replace("return [lr, twice]", "return values(lr, twice)")
    script = QueuedScript(tmp_path, "    from .values import values\n" + text, "part/train.py")
    (tmp_path / "part" / "__init__.py").touch()
    (tmp_path / "part" / "values.py").write_text("def values(*found):\n    return [*found]\n")
    script.queue(program=("-m", "part.train", "-q", "-F", str(script.runs), "with", "lr=0.3"))
    assert script.work() == 0
    assert script.run().result == [0.3, 0.6]


def test_stored_sources_are_executed_after_the_script_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code is that of the time of queueing; the temporary folder is removed."""
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    script = QueuedScript(tmp_path / "project", AUTOMAIN)
    script.queue("with", "lr=0.3")
    script.path.write_text("raise RuntimeError('changed')\n")
    assert script.work(from_store=True) == 0
    run = script.run()
    assert (run.status, run.result) == ("COMPLETED", [0.3, 0.6])
    assert run.meta["queued_in"] == {
        "base_dir": str(script.folder), "working_dir": str(script.folder)
    }  # fmt: skip
    assert [*private.iterdir()] == []
    assert [*script.store.ids()] == [1]


def test_stored_sources_of_a_run_that_failed_remain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    """The log has the folder; a worker in the recorded folder can execute the run again."""
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    script = QueuedScript(tmp_path / "project", AUTOMAIN.replace("return [lr", "return [1 / lr"))
    script.queue("with", "lr=0.0")
    assert script.work(from_store=True) == 0
    assert script.run().status == "FAILED"
    [folder] = private.iterdir()
    assert (folder / "train.py").is_file()
    assert any(str(folder) in message for message in log.messages)
    script.path.write_text(script.path.read_text().replace("1 / lr", "lr"))
    assert script.work(retry_failed=True) == 0
    assert script.run().result == [0.0, 0.0]


def test_a_folder_that_is_not_here_requeues_the_run(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """The worker ends with 1, and names the option that executes the stored sources."""
    script = QueuedScript(tmp_path / "project", AUTOMAIN)
    runs = tmp_path / "runs"
    script.queue()
    shutil.move(script.runs, runs)
    script.path.unlink()
    script.runs = runs
    assert script.work() == 1
    run = script.run()
    assert run.status == "QUEUED"
    assert run.claim is not None
    assert (run.claim.worker, run.claim.lost) == ("", 0)
    assert "--from-store" in run.claim.reason
    assert str(script.path) in log.messages[-1]
    assert "--from-store" in log.messages[-1]
    assert script.work(from_store=True) == 0
    assert script.run().status == "COMPLETED"


def test_masked_entries_are_named(tmp_path: Path) -> None:
    """The run fails with a sentence, which has the name of the entry."""
    script = QueuedScript(tmp_path, AUTOMAIN.replace("lr = 0.1", "lr = 0.1\n        api_key = ''"))
    script.queue("with", "api_key=hunter2")
    assert script.work() == 0
    run = script.run()
    assert run.status == "FAILED"
    assert run.fail_trace == [
        "a worker cannot set entries that the record masks; set them in the script, for example "
        "from an environment variable: api_key\n"
    ]
    assert "hunter2" not in "".join(
        path.read_text() for path in script.runs.rglob("*") if path.is_file()
    )


def test_masked_entries_that_the_script_sets_are_no_problem(tmp_path: Path) -> None:
    """The value is that of the script."""
    text = AUTOMAIN.replace("lr = 0.1", "lr = 0.1\n        api_key = 'hunter2'")
    script = QueuedScript(tmp_path, text.replace("def main(lr", "def main(api_key, lr"))
    script.queue()
    assert script.work() == 0
    assert script.run().status == "COMPLETED"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("import nothing_like_this", "ModuleNotFoundError: No module named 'nothing_like_this'"),
        (
            "import sys; sys.exit(4)",
            "'train.py' ended with exit code 4 before it requested a run",
        ),
        ("import os; os._exit(5)", "the process ended with exit code 5 before the run was started"),
        ("raise ValueError('password=hunter2')", "ValueError: password=***"),
    ],
)
def test_a_script_that_fails_before_its_run_is_recorded(
    tmp_path: Path, change: str, expected: str
) -> None:
    """The run is FAILED, with the sentence or the traceback; the worker goes on."""
    script = QueuedScript(tmp_path, AUTOMAIN)
    script.queue()
    text = script.path.read_text()
    script.path.write_text(f"{change}\n{text}")
    assert script.work() == 0
    run = script.run()
    assert (run.status, run.start_time) == ("FAILED", None)
    assert run.fail_trace[-1] == f"{expected}\n"
    script.path.write_text(text)
    assert script.work(retry_failed=True) == 0
    assert script.run().status == "COMPLETED"


def test_failed_runs_are_repeated_only_if_asked(tmp_path: Path) -> None:
    """Each repetition is a segment, and there are ``tries`` of them."""
    script = QueuedScript(tmp_path, AUTOMAIN.replace("return [lr", "return [1 / lr"))
    script.queue("with", "lr=0.0")
    assert script.work() == 0
    assert script.statuses() == ["FAILED"]
    assert script.work() == 0
    assert script.statuses() == ["FAILED"]
    assert script.work(retry_failed=True, tries=3) == 0
    assert script.statuses() == ["FAILED", "FAILED", "FAILED"]
    assert script.run().fail_trace[-1] == "ZeroDivisionError: float division by zero\n"


def test_runs_without_a_worker_are_not_repeated(tmp_path: Path) -> None:
    """A run that a user started, and that failed, is not the business of a worker."""
    ex = Experiment("train", save_git_info=False)
    ex.observers.append(FileStorageObserver(tmp_path / "runs"))
    ex.main(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ex.run()
    script = QueuedScript(tmp_path, AUTOMAIN)
    assert script.work(retry_failed=True) == 0
    assert script.statuses() == ["FAILED"]


def test_only_matching_runs_are_executed_up_to_a_number(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Of three runs, one does not fulfil the condition, and one is beyond the maximum."""
    script = QueuedScript(tmp_path, AUTOMAIN)
    for value in ("0.1", "0.2", "0.3"):
        script.queue("with", f"lr={value}")
    assert script.work(where="config.lr > 0.15", max_runs=1) == 0
    assert log.messages[-1].endswith("ends after 1 run: that is the maximum number")
    assert script.run(1).status == "QUEUED"
    assert sorted(script.run(each).status for each in (2, 3)) == ["COMPLETED", "QUEUED"]
    assert script.work(where="config.lr > 0.15") == 0
    assert [script.run(each).status for each in (1, 2, 3)] == ["QUEUED", "COMPLETED", "COMPLETED"]


def test_a_run_whose_configuration_is_not_resolved_has_the_updates_and_the_seed(
    tmp_path: Path,
) -> None:
    """What depends on an update is computed by the script, not taken from the record."""
    script = QueuedScript(tmp_path, AUTOMAIN)
    script.queue("with", "lr=0.3")
    path = script.runs / "1" / "run.json"
    record = json.loads(path.read_text())
    record["meta"]["sweep"] = {"uid": "abc", "is_resolved": False}
    record["meta"]["config_updates"] = {"lr": 0.4}
    path.write_text(json.dumps(record))
    seed = script.run().seed
    assert script.work() == 0
    run = script.run()
    assert (run.result, run.seed) == ([0.4, 0.8], seed)
    assert run.meta["sweep"] == {"uid": "abc", "is_resolved": False}


def test_the_process_of_a_run_is_no_rank_of_the_job_of_its_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several workers of a Slurm step are not the ranks of one run."""
    script = QueuedScript(tmp_path, AUTOMAIN)
    script.queue()
    for name, value in (
        ("PROCID", "1"),
        ("NTASKS", "4"),
        ("STEP_NUM_TASKS", "4"),
        ("STEP_ID", "0"),
    ):
        monkeypatch.setenv(f"SLURM_{name}", value)
    assert script.work() == 0
    assert (script.run().status, script.run().writers) == ("COMPLETED", [])


INNER = """
    from sacred_core import Experiment
    ex = Experiment("train", save_git_info=False)

    @ex.command
    def inner():
        return "inside"

    @ex.automain
    def main():
        return ex.run("inner", inherit_observers=True).result
"""


def test_runs_that_the_run_starts_are_recorded(tmp_path: Path) -> None:
    """A run inside the claimed one is an ordinary run of the script."""
    script = QueuedScript(tmp_path, INNER)
    script.queue()
    assert script.work() == 0
    assert (script.run(1).result, script.run(2).result) == ("inside", "inside")
    assert script.run(2).meta["parent"] == script.run(1).uid


WITH_OBSERVER = """
    import os, signal
    from sacred_core import Experiment
    from sacred_core.observers import FileStorageObserver
    ex = Experiment("train", save_git_info=False)
    ex.observers.append(FileStorageObserver(FOLDER, copy_sources=False, priority=1))

    @ex.automain
    def main(_run):
        if KILLS and _run.segment == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return 3
"""


def test_another_store_of_the_script_has_the_run_once(tmp_path: Path) -> None:
    """There the queued run has another id; it is started and resumed there, too."""
    folder = tmp_path / "other"
    ex = Experiment("first", save_git_info=False)
    ex.observers.append(FileStorageObserver(folder))
    ex.main(lambda: 1)
    ex.run()
    text = WITH_OBSERVER.replace("FOLDER", repr(str(folder))).replace("KILLS", "True")
    script, other = QueuedScript(tmp_path, text), FileStore(folder)
    script.queue()
    assert other.get(2).uid == script.run().uid
    assert script.work() == 0
    for store, run_id in ((script.store, 1), (other, 2)):
        run = store.get(run_id)
        assert (run.status, run.result, len(run.segments)) == ("COMPLETED", 3, 2)
    assert sorted(other.ids()) == [1, 2]


def test_the_run_is_recorded_by_the_observer_of_the_script(tmp_path: Path) -> None:
    """It has the settings of the script, and no second observer writes to the same folder."""
    text = WITH_OBSERVER.replace("FOLDER", "'runs'").replace("KILLS", "False")
    script = QueuedScript(tmp_path, text)
    script.queue(program=(str(script.path), "-q"))
    assert not (script.runs / "_sources").exists()
    assert script.work() == 0
    assert script.run().status == "COMPLETED"
    assert not (script.runs / "_sources").exists()


PRIVATE = """
    import os, sys
    from pathlib import Path
    from sacred_core import Experiment
    ex = Experiment("train", save_git_info=False)

    @ex.automain
    def main():
        folder = Path(sys.orig_argv[-1]).parent
        names = sorted(each.name for each in folder.iterdir())
        return [names, folder.stat().st_mode & 0o777, "SACRED_WORKER_LOCATION" in os.environ]
"""


def test_the_location_is_not_left_where_the_run_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file with the plan was removed, its folder is private, and no variable has it."""
    script = QueuedScript(tmp_path, PRIVATE)
    monkeypatch.setenv("SACRED_WORKER_LOCATION", str(script.runs))
    script.queue()
    assert script.work() == 0
    assert script.run().result == [["outcome.json", "outcome.taken"], 0o700, False]
