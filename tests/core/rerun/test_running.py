"""Tests of reruns: how the process starts and ends, and what the verdict is."""

import json
import platform
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

import attrs
import jsonschema
import pytest

from sacred_core.exceptions import OptionError, RerunError
from sacred_core.rerun import Rerun, rerun
from sacred_core.rerun.conclusion import conclude
from sacred_core.rerun.expectation import Expectation
from sacred_core.rerun.main_module import import_paths
from sacred_core.rerun.plan import Plan, read_outcome, write_outcome
from sacred_core.rerun.present import present_differences
from sacred_core.rerun.process import wait_for
from sacred_core.rerun.records import Departure, MissingValuesError, Outcome
from sacred_core.rerun.running import RerunOptions, location_of, new_folder
from sacred_core.rerun.running import run_again as run_again_from
from sacred_core.stores import Segment, StoredRun
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

from .conftest import RecordRun

EXPERIMENT = """
from sacred_core import Experiment
ex = Experiment("train")
@ex.config
def config():
    n = 2
"""
#: A script that logs 0.0 and 1.0 and returns 3, as `record` stores it.
SCRIPT = f"""{EXPERIMENT}
@ex.automain
def main(n, _run):
    for step in range(n):
        _run.log_scalar("loss", float(step), step)
    return 3
"""
CONFIG = {"n": 2, "seed": 1}
META = {
    "options": {"COMMAND": None, "UPDATE": []}, "config_updates": {}, "named_configs": [],
    "origins": {"scope config": ["n"], "seed": ["seed"]},
}  # fmt: skip


def run_again(record: RecordRun, folder: Path, script: str = SCRIPT, **options: Any) -> Rerun:
    """Record a script, with the points and the result of `SCRIPT`, and run it again."""
    meta = options.pop("meta", META)
    files = {"train.py": script, **options.pop("files", {})}
    recorded = record(files, config=CONFIG, meta=meta, metrics={"loss": [0.0, 1.0]}, command="main")
    return rerun(recorded, observers=[], folder=folder / "again", **options)


def changed(old: str, new: str) -> str:
    assert old in SCRIPT
    return SCRIPT.replace(old, new)


def test_the_same_is_identical(
    record: RecordRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdict is true, and says what was compared; no temporary file remains."""
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(private))
    options = {**META["options"], "--gone": "x", "--comment": "***", "--name": None, "--id": "7"}
    verdict = run_again(record, tmp_path, meta={**META, "options": options})
    assert [*private.iterdir()] == []
    assert verdict.outcome.notes == [
        f"the option {name} of the recorded run cannot be used again"
        for name in ("--comment", "--gone")
    ]
    assert verdict
    assert verdict.text() == "Identical: 2 points of 1 metric, the result"
    assert verdict.exit_code == 0
    assert (verdict.run_id, verdict.location) == (1, "my_runs")
    assert Path(verdict.folder, "train.py").read_text() == SCRIPT


def test_another_point_departs(record: RecordRun, tmp_path: Path) -> None:
    """The verdict has metric, step and both values, and then what else differs."""
    script = changed("return 3", "return 4").replace("float(step)", "step * 1.5")
    verdict = run_again(record, tmp_path, script)
    assert (verdict.verdict, verdict.exit_code, bool(verdict)) == ("metrics", 3, False)
    assert verdict.text() == (
        "Departs at loss, step 1: 1.0 recorded, 1.5 now\n  result: 3 recorded, 4 now"
    )
    assert verdict.data()["departures"] == [
        {"metric": "loss", "step": 1, "index": 1, "recorded": [1, 1.0], "now": [1, 1.5]}
    ]


def test_a_departure_is_reported_while_the_run_is_running(
    record: RecordRun, tmp_path: Path
) -> None:
    """The script ends when it sees that it was reported."""
    seen = tmp_path / "seen"
    wait = f"""
    from pathlib import Path
    import time
    limit = time.monotonic() + 60
    while not Path({str(seen)!r}).exists() and time.monotonic() < limit:
        time.sleep(0.05)
    return time.monotonic() < limit
"""
    script = changed("float(step)", "step - 1.0").replace("    return 3", wait)
    meta = {**META, "options": {**META["options"], "--beat_interval": "0.05"}}
    recorded = record(
        {"train.py": script}, config=CONFIG, meta=meta, metrics={"loss": [0.0, 1.0]}, command="main"
    )
    reported = []

    def report(departure: Departure) -> None:
        reported.append(departure)
        seen.touch()

    options = RerunOptions(observers=[], folder=tmp_path / "again")
    shown: list[Path] = []
    verdict = run_again_from(
        recorded, None, options, show=lambda *facts: shown.append(facts[-1]), show_departure=report
    )
    assert shown == [Path(verdict.folder)]
    assert verdict.outcome.result == [3, True]
    assert [each.text() for each in reported] == ["loss, step 0: 0.0 recorded, -1.0 now"]


def test_a_departure_of_a_run_that_has_ended_is_reported_by_the_verdict(tmp_path: Path) -> None:
    """It is not reported before, although the process has not ended."""
    path, reported = tmp_path / "outcome", list[Departure]()
    write_outcome(path, Outcome(status="COMPLETED", departures=[DEPARTURE]))
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.7)"])
    assert wait_for(process, path, reported.append) == 0
    assert reported == []


def test_a_run_is_stopped_at_its_first_departure(record: RecordRun, tmp_path: Path) -> None:
    """The process is interrupted, though it sleeps, and soon."""
    script = changed("    return 3", "    import time; time.sleep(60)\n    return 3")
    began = time.monotonic()
    verdict = run_again(record, tmp_path, script, set={"n": 3}, stop_at_first=True)
    assert time.monotonic() - began < 30
    assert verdict.outcome.status == "INTERRUPTED"
    assert verdict.text() == (
        "Departs at loss, step 2: no point recorded, 2.0 now (a changed rerun)\n"
        "  stopped at the first departure"
    )
    assert verdict.exit_code == 3
    assert verdict.changed == ["n"]


def test_a_killed_process_did_not_end(record: RecordRun, tmp_path: Path) -> None:
    """The verdict names the signal."""
    script = changed("    return 3", "    import os; os.kill(os.getpid(), 9)")
    verdict = run_again(record, tmp_path, script)
    assert verdict.exit_code == 4
    assert verdict.text() == (
        "Did not end as the recorded run (COMPLETED): its process was ended by SIGKILL"
    )


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (changed("return 3", "raise KeyError(n)"),
         "Did not end as the recorded run (COMPLETED): FAILED (KeyError)"),
        ("import nothing_like_this\n" + SCRIPT,
         "Not started: ModuleNotFoundError: No module named 'nothing_like_this'\n"
         "  the module is neither installed nor among the recorded sources: install it, or use "
         "--env uv, or --repo if it is in the repository"),
        (changed("return 3", "open('nothing.csv')"),
         "Did not end as the recorded run (COMPLETED): FAILED (FileNotFoundError)\n"
         "  a file that the script reads is not in the record: use --repo if git tracks it, or "
         "--files, and record further runs with ex.open_resource"),
        (EXPERIMENT.replace('"train"', '"other"'),
         "Not started: 'train.py' runs no experiment 'train' and defines none: it has other"),
        ("raise SystemExit(7)",
         "Not started: its process ended with the exit code 7, before a run had ended"),
    ],
    ids=["failure", "import", "file", "name", "exit"],
)  # fmt: skip
def test_another_end_is_reported(record: RecordRun, tmp_path: Path, script: str, text: str) -> None:
    """The exit code is 4 if the rerun does not end like the recorded run, or does not start."""
    verdict = run_again(record, tmp_path, script)
    assert verdict.text() == text
    assert verdict.exit_code == 4


def test_an_experiment_that_the_script_does_not_run_is_run(
    record: RecordRun, tmp_path: Path
) -> None:
    """The file of the main function was imported by another script: it is run all the same."""
    script = changed("@ex.automain", "@ex.main").replace(EXPERIMENT, "from part.define import ex")
    files = {"part/define.py": EXPERIMENT}
    assert run_again(record, tmp_path, script, files=files).verdict == "identical"


def test_the_first_run_is_taken_if_none_is_alike(record: RecordRun, tmp_path: Path) -> None:
    """Where the script asks for something else each time, its first run gets the configuration.

    Nothing runs after it, also if the script catches the end.
    """
    script = changed("@ex.automain", "@ex.main") + textwrap.dedent(
        """
        from sacred_core import Experiment
        inner = Experiment("inner")
        @inner.main
        def work():
            print("inner")
        inner.run()
        import time
        from pathlib import Path
        try:
            for number in range(2):
                result = ex.run(config_updates={"n": time.time()}).result + 1
        except SystemExit:
            ex.run()
            Path("after").touch()
        """
    )
    verdict = run_again(record, tmp_path, script)
    assert verdict.text() == "Identical: 2 points of 1 metric, the result"
    assert not Path(verdict.folder, "after").exists()


def test_masked_entries_must_be_set(record: RecordRun, tmp_path: Path) -> None:
    """Nothing is started without them; one that the script cannot have is named as well."""
    meta = {**META, "masked": ["config.n"], "origins": {"update": ["n"]}}
    with pytest.raises(MissingValuesError, match=r"with --set ENTRY=VALUE: n$"):
        run_again(record, tmp_path, meta=meta)
    assert not (tmp_path / "again").exists()
    verdict = run_again(record, tmp_path, meta=meta, set={"n": 2})
    assert (verdict.verdict, verdict.changed) == ("identical", [])


def test_a_masked_entry_that_the_script_lost_is_an_error(record: RecordRun, tmp_path: Path) -> None:
    """It was set by what is gone now: the exit code is that of a wrong call."""
    meta = {**META, "masked": ["config.n"], "origins": {"scope config": ["n"]}}
    script = changed("    n = 2", "    m = 2").replace("def main(n, _run)", "def main(m, _run)")
    verdict = run_again(record, tmp_path, script.replace("range(n)", "range(m)"), meta=meta)
    assert verdict.exit_code == 2
    assert "--set ENTRY=VALUE: n" in verdict.text()


def test_a_required_entry_has_its_recorded_value(record: RecordRun, tmp_path: Path) -> None:
    """What set it, here a variable that a config hook reads, may be gone."""
    hook = """
@ex.config_hook
def read_environment(config, command_name, logger):
    import os
    return {"n": int(os.environ["N_OF_ANOTHER_DAY"])} if "N_OF_ANOTHER_DAY" in os.environ else {}

@ex.automain"""
    script = changed("    n = 2", "    from sacred_core import REQUIRED\n    n = REQUIRED")
    meta = {**META, "origins": {"config hook read_environment": ["n"], "seed": ["seed"]}}
    verdict = run_again(record, tmp_path, script.replace("@ex.automain", hook, 1), meta=meta)
    assert verdict.text() == "Identical: 2 points of 1 metric, the result"
    assert verdict.outcome.left == []


@pytest.mark.parametrize(
    ("act", "message"),
    [
        ("queue", "run '1' is queued and was never started: start it with --id=1"),
        ("start", "run '1' is still running: wait for its end"),
    ],
)
def test_a_run_that_has_no_end_is_refused(act: str, message: str) -> None:
    """There is nothing to compare a rerun with."""
    memory = Memory()
    driver = EventDriver(MemoryObserver(memory))
    if act == "queue":
        driver.queue()
    else:
        from datetime import UTC, datetime

        driver.start(start_time=datetime.now(UTC))
    with pytest.raises(RerunError, match=message):
        rerun((MemoryStore(memory), 1))


def test_a_store_without_a_location_needs_observers(record: RecordRun) -> None:
    """Another process cannot write to the memory of this one."""
    recorded = record({"train.py": SCRIPT}, config=CONFIG, meta=META)
    with pytest.raises(RerunError, match="'my_runs' has no location that another process can open"):
        rerun(recorded)


def test_the_folder_must_be_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An existing file is not replaced, and by default a free name is used."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    run = StoredRun(id="a/1", status="COMPLETED", experiment={"name": "my ex"})
    with (
        pytest.raises(OptionError, match=r"full' is not empty: name a new one with --folder"),
        new_folder(tmp_path / "full", run),
    ):
        pytest.fail("the folder was used")
    with (
        pytest.raises(OptionError, match=r"cannot create the folder .*x/y"),
        new_folder(tmp_path / "full" / "x" / "y", run),
    ):
        pytest.fail("the folder was used")
    monkeypatch.chdir(tmp_path)
    for name in ("rerun-my-ex-a-1", "rerun-my-ex-a-1-2"):
        with new_folder(None, run) as folder:
            assert folder == (tmp_path / name).resolve()
    long = StoredRun(id=1, status="COMPLETED", experiment={"name": "x" * 300})
    with new_folder(None, long) as folder:
        assert folder.name == "rerun-" + "x" * 100


def test_an_unknown_environment_is_an_error(record: RecordRun, tmp_path: Path) -> None:
    """Only uv is known."""
    with pytest.raises(OptionError, match="env must be 'uv', got 'conda'"):
        run_again(record, tmp_path, env="conda")


SCHEMA = Path(__file__).parents[3] / "docs" / "rerun.schema.json"
DEPARTURE = Departure(metric="loss", step=4, index=0, recorded=[4, 1], now=[4, 2])
DONE: dict[str, Any] = {"status": "COMPLETED", "runs": [["a", 1]]}


@pytest.mark.parametrize(
    ("outcome", "code", "verdict", "exit_code", "text"),
    [
        ({**DONE}, 0, "identical", 0, "the end (COMPLETED); no metrics, result or artifacts"),
        ({**DONE, "largest": [1e-9, "loss", 3]}, 0, "equal", 0, "difference 1e-09 (loss, step 3)"),
        ({**DONE, "largest": [0.25, "result", None]}, 0, "equal", 0, "difference 0.25 (result)"),
        ({**DONE, "result": [1, "x" * 200]}, 0, "result", 3, "result differs: 1 recorded, 'xxx"),
        ({**DONE, "artifacts": {"b": "new", "a": "changed"}}, 0, "artifacts", 3,
         "Artifacts differ: a (changed), b (new)"),
        ({**DONE, "departures": [DEPARTURE, DEPARTURE]}, 0, "metrics", 3, "also: loss, step 4"),
        ({**DONE, "artifacts": {"a": "new"}, "result": [1, 2]}, 0, "result", 3,
         "artifacts: a (new)"),
        ({**DONE, "departures": [attrs.evolve(DEPARTURE, now=[4, "y" * 200])]}, 0, "metrics", 3,
         "y…"),
        ({"status": "RUNNING"}, -9, "end", 4, "ended by SIGKILL"),
        ({"status": "RUNNING", "departures": [DEPARTURE]}, -9, "end", 4,
         "metrics depart at loss, step 4: 1 recorded, 2 now"),
        ({"status": "FAILED", "error": "E"}, 1, "end", 4, "FAILED (E)"),
        ({"status": "INTERRUPTED"}, 130, "interrupted", 130, "Interrupted"),
        ({}, 130, "interrupted", 130, "Interrupted"),
        ({}, 0, "not started", 4, "ended with the exit code 0, before a run had ended"),
        ({"problem": "p"}, 1, "not started", 4, "Not started: p"),
        ({"problem": "p", "is_usage": True}, 1, "not started", 2, "Not started: p"),
        ({"status": "INTERRUPTED", "is_stopped": True, "departures": [DEPARTURE]}, 130,
         "metrics", 3, "stopped at the first departure"),
    ],
)  # fmt: skip
def test_verdicts(
    outcome: dict[str, Any], code: int, verdict: str, exit_code: int, text: str
) -> None:
    """The most important fact is the verdict, and the others follow; the JSON has its schema."""
    facts = {"run_id": 1, "location": "here", "folder": "/f"}
    found = conclude(Expectation(), Outcome(**outcome), code, **facts)
    assert (found.verdict, found.exit_code) == (verdict, exit_code)
    assert text in found.text()
    jsonschema.validate(found.data(), json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_an_end_like_the_recorded_one_is_no_difference() -> None:
    """A run that failed with the same type of exception is identical."""
    expected = Expectation(status="FAILED", error="ValueError", points={"loss": [[0, 1, 2.0]]})
    facts = {"run_id": 1, "location": "here", "folder": "/f"}
    outcome = Outcome(status="FAILED", error="ValueError")
    assert conclude(expected, outcome, 1, **facts).text() == "Identical: 1 point of 1 metric"
    outcome = Outcome(status="FAILED", error="KeyError")
    assert conclude(expected, outcome, 1, **facts).verdict == "end"


def plan(**changes: Any) -> Plan:
    fields: dict[str, Any] = {
        "name": "train", "command": "main", "updates": {}, "options": {}, "meta": {},
        "repositories": [],
        "config": {"config": {"x": float("inf"), "y": "\udcff"}}, "expected": {},
        "main": "train.py", "module": None, "roots": ["/f/s", "/f"], "moved": [],
        "working_dir": "/f", "observers": ["mongodb://me:secret@x/y"], "outcome": "",
    }  # fmt: skip
    from sacred_core.rerun.configuration import RecordedConfig

    fields["config"] = RecordedConfig(**fields["config"])
    fields["expected"] = Expectation(points={"loss": [[0, float("nan"), 1.0]]})
    return Plan(**{**fields, **changes})


def test_a_plan_is_private_and_read_once(tmp_path: Path) -> None:
    """Only the user can read the file, which may contain a password, and it is removed."""
    path = tmp_path / "plan.json"
    plan().write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert repr(Plan.read(path)) == repr(plan())
    assert not path.exists()
    with pytest.raises(OSError, match="plan"):
        Plan.read(path)


def test_an_outcome_is_read_while_it_is_written(tmp_path: Path) -> None:
    """Before the process writes anything, there is an empty one."""
    path = tmp_path / "outcome.json"
    assert read_outcome(path) == Outcome()
    outcome = Outcome(departures=[DEPARTURE], artifacts={"a": "new"}, largest=[0.5, "x", None])
    write_outcome(path, outcome)
    assert read_outcome(path) == outcome


def test_modules_are_imported_from_the_folder_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other sources come before installed packages; PYTHONPATH leads to the new folder."""
    (tmp_path / "new" / "lib").mkdir(parents=True)
    paths = ["/old/lib", "/old/gone", "/std", "/env/site-packages", "/other"]
    monkeypatch.setattr(sys, "path", paths)
    found = import_paths(plan(moved=[["/old", str(tmp_path / "new")]]))
    new = str(tmp_path / "new" / "lib")
    assert found == ["/f/s", new, "/old/gone", "/std", "/f", "/env/site-packages", "/other"]


def test_present_packages_and_host_are_compared(record: RecordRun) -> None:
    """Only what was recorded counts; a missing package has no present version."""
    info = {"dependencies": ["attrs==0.0.1", "not-installed-here==2.0", "no version"]}
    host = {"hostname": "elsewhere", "python_version": "2.7.1", "only_there": 1}
    recorded = record(info=info, host_info=host)
    found = {each.key: each.text for each in present_differences(recorded)}
    assert found["attrs"][0] == "- attrs==0.0.1"
    assert found["not-installed-here"] == ("- not-installed-here==2.0",)
    assert {"hostname", "python_version"} < found.keys()
    assert "only_there" not in found
    known = present_differences(recorded, python="2.7.1", has_packages=True)
    assert [each.key for each in known] == ["hostname"]


def test_switches_and_threads_are_compared_as_far_as_they_are_known(
    record: RecordRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A switch that is not set any more differs; a library that is not loaded here does not."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    host = {
        "switches": {"MKL_NUM_THREADS": "1"},
        "threads": {"processors": 999, "library that is not loaded": 4},
    }
    keys = [each.key for each in present_differences(record(host_info=host))]
    assert {"switches.MKL_NUM_THREADS", "switches.OMP_NUM_THREADS", "threads.processors"} <= {*keys}
    assert "threads.library that is not loaded" not in keys
    del host["switches"]
    assert "switches.OMP_NUM_THREADS" in [
        each.key for each in present_differences(record(host_info=host))
    ]
    assert not present_differences(record(host_info={"hostname": platform.node()}))


def test_recorded_variables_are_compared_whatever_the_settings_are(
    record: RecordRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script sets which are recorded; secrets are not compared, and not shown."""
    recorded = record(host_info={"ENV": {"SAME": "1", "OTHER": "1", "GONE": "1", "API_KEY": "***"}})
    for name, value in {"SAME": "1", "OTHER": "2", "API_KEY": "hunter2secret"}.items():
        monkeypatch.setenv(name, value)
    found = {each.key: each.text for each in present_differences(recorded)}
    assert found == {
        "ENV.OTHER": ("- ENV.OTHER = '1'", "+ ENV.OTHER = '2'"),
        "ENV.GONE": ("- ENV.GONE = '1'",),
    }


def test_the_location_of_a_run_has_its_password(record: RecordRun) -> None:
    """It is opened by another process; a run or a store has none."""
    assert location_of("mongodb://me:secret@x/y#3") == "mongodb://me:secret@x/y"
    assert location_of(("my_runs", 3)) == "my_runs"
    recorded = record()
    assert location_of(recorded) is location_of((recorded.store, 3)) is None


def test_a_resumed_run_is_run_with_its_first_code(record: RecordRun, tmp_path: Path) -> None:
    """A warning names the segments that had other code; their sources are not restored."""
    files = {"train.py": SCRIPT, ".segments/2/train.py": "raise SystemExit(3)\n"}
    recorded = record(
        files, config=CONFIG, meta=META, metrics={"loss": [0.0, 1.0]}, command="main",
        info={"dependencies": ["nowhere==1.0"]},
    )  # fmt: skip
    recorded.run.recorded_segments = [
        Segment(code="a"), Segment(code="b"), Segment(code="a", status="COMPLETED"),
    ]  # fmt: skip
    verdict = rerun(recorded, observers=[], folder=tmp_path / "again")
    assert verdict
    assert "segment 2 of the run had other code: the rerun uses that of segment 1" in (
        verdict.warnings
    )
    assert not [*(tmp_path / "again").rglob(".segments")]
