"""Tests of the command ``sweep``: which runs it queues."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sacred_sweep.identity import derive_seed, run_uid

from sacred_core import Experiment
from sacred_core.stores import open_store
from sacred_core.testing.effort import examples
from sacred_core.testing.scripts import finish_script, start_script

Stored = Callable[[], list[Any]]
Command = Callable[..., Any]

_SCRIPT = """
    from sacred_core import Experiment

    ex = Experiment("tuned", save_git_info=False)

    @ex.config
    def defaults():
        lr = 0.1

    @ex.automain
    def main(lr):
        return lr
"""


def failing(command: Command, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the error of a command line that ends with exit code 2."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        command(*words)
    assert caught.value.code == 2
    return capsys.readouterr().err.removeprefix("Error: ").rstrip()


def test_each_point_is_a_queued_run(command: Command, stored: Stored) -> None:
    """A run has its configuration, the values of its point and the uid of the sweep."""
    started = command("lr=[1,2]", "model.depth=3..4", "model.opt=adam", "-c", "why")
    runs = stored()
    assert [run.recorded_status for run in runs] == ["QUEUED"] * 4
    assert [(run.config["lr"], run.config["model"]["depth"]) for run in runs] == [
        (1, 3), (1, 4), (2, 3), (2, 4),
    ]  # fmt: skip
    last = runs[-1]
    assert last.config["inverse"] == 0.5
    assert last.config["model"]["opt"] == "adam"
    assert last.meta["sweep"]["values"] == {"lr": 2, "model.depth": 4}
    assert last.meta["config_updates"] == {"lr": 2, "model": {"depth": 4, "opt": "adam"}}
    assert last.meta["comment"] == "why"
    assert last.command == last.meta["command"] == "main"
    assert {run.meta["sweep"]["uid"] for run in runs} == {started.uid}
    assert len({run.meta["sweep"]["point"] for run in runs}) == len({run.uid for run in runs}) == 4
    uids = [run_uid(started.uid, point.digest) for point in started.points]
    assert [run.meta["uid"] for run in runs] == uids
    assert all(re.fullmatch("[0-9a-f]{32}", uid) for uid in uids)
    assert re.fullmatch("[0-9a-f]{12}", started.uid)
    assert started.queued == 4
    assert started.counts == {"QUEUED": 4}
    assert [run.id for run in started.runs()] == [run.id for run in runs]


def test_starting_again_adds_what_is_missing(command: Command, stored: Stored) -> None:
    """A further value of a list belongs to the same sweep, and adds the runs that it needs."""
    first = command("lr=[1,2]", "model.depth=[3]")
    again = command("model.depth=[3]", "lr=[1,2]")
    more = command("lr=[1,2,4]", "model.depth=[3]")
    assert first.uid == again.uid == more.uid
    assert (again.queued, more.queued) == (0, 1)
    assert [run.config["lr"] for run in stored()] == [1, 2, 4]
    assert len(more.points) == 3
    other = command("lr=[1,2]", "model.depth=3")  # it is fixed here
    assert other.uid != first.uid
    assert other.queued == 2


def test_finished_and_failed_runs_are_not_repeated(
    experiment: Experiment, command: Command, stored: Stored, tmp_path: Path
) -> None:
    """A point has one run, whatever became of it."""
    command("lr=[1,2]")
    experiment.run(
        config_updates={"lr": 1},
        options={"--id": 1, "-F": str(tmp_path / "runs")},
        meta_info={"sweep": stored()[0].meta["sweep"]},
    )
    assert [run.recorded_status for run in stored()] == ["COMPLETED", "QUEUED"]
    assert command("lr=[1,2]").queued == 0


def test_seeds_of_points_are_the_same_each_time(command: Command, stored: Stored) -> None:
    """Where nothing sets the seed, it depends on the sweep only; --seeds adds further ones."""
    uid = command("lr=[1,2]").uid
    assert {run.config["seed"] for run in stored()} == {derive_seed(uid)}
    more = command("lr=[1,2]", "--seeds", "3")
    assert (more.uid, more.queued) == (uid, 4)
    seeds = Counter(run.config["seed"] for run in stored())
    assert seeds == {derive_seed(uid, replica): 2 for replica in range(3)}
    assert sorted(run.meta["sweep"].get("replica", 0) for run in stored()) == [0, 0, 1, 1, 2, 2]


def test_an_interrupted_sweep_is_reported_in_a_sentence(
    experiment: Experiment, command: Command, stored: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends the command without a traceback, and the same command queues what is missing."""
    calls: list[float] = []

    @experiment.config_hook
    def interrupt(config: Any, command_name: str, logger: Any) -> dict[str, Any]:
        calls.append(config["lr"])
        if len(calls) == 5:
            raise KeyboardInterrupt
        return {}

    with pytest.raises(SystemExit) as caught:
        command("lr=[1,2]")
    assert caught.value.code == 130
    text = "Interrupted: start the sweep again to queue what is missing\n"
    assert capsys.readouterr().err == text
    missing = 2 - len(stored())
    assert command("lr=[1,2]").queued == missing > 0


def test_a_name_joins_different_points(command: Command, stored: Stored) -> None:
    """Points with the same name of a sweep belong together."""
    first = command("lr=[1,2]", "--sweep", "mine")
    second = command("model.depth=[5]", "lr=1", "--sweep", "mine")
    assert first.uid == second.uid
    assert {run.meta["sweep"]["name"] for run in stored()} == {"mine"}
    assert command("lr=[1]", "--sweep", "other").uid != first.uid


def test_another_command_can_be_swept(command: Command, stored: Stored) -> None:
    """The runs of another command are other points of another sweep."""
    first = command("lr=[1]")
    second = command("lr=[1]", "--command", "evaluate")
    assert first.uid != second.uid
    assert [run.command for run in stored()] == ["main", "evaluate"]
    points = [run.meta["sweep"]["point"] for run in stored()]
    assert points[0] != points[1]


def test_points_with_the_same_configuration_are_queued_once(
    command: Command, stored: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    """A duplicate is reported; values that only differ in their spelling are the same."""
    started = command("lr=[1e-1,0.1,2]")
    assert (started.queued, started.duplicates) == (2, 1)
    assert [run.config["lr"] for run in stored()] == [0.1, 2]
    text = "2 points, 1 with the configuration of another one omitted, 2 queued in"
    assert text in capsys.readouterr().out


def test_named_configurations_are_part_of_each_point(command: Command, stored: Stored) -> None:
    """Named configurations apply to all points, and belong to the uid of the sweep."""
    started = command("lr=[1]", "deep")
    assert stored()[0].config["model"]["depth"] == 9
    assert stored()[0].meta["named_configs"] == ["deep"]
    assert command("lr=[1]").uid != started.uid


def test_a_dry_run_writes_nothing(
    command: Command, stored: Stored, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It shows the points, and which of them exist; not even a folder is created."""
    started = command("lr=[1,2]", "--dry-run")
    assert started.counts == {}
    assert list(tmp_path.iterdir()) == []
    command("lr=[1]")
    capsys.readouterr()
    planned = command("lr=[1,2]", "--dry-run")
    out = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] + line.split()[-1:] for line in out[:3]] == [
        ["point", "lr", "state"], ["1", "1", "exists"], ["2", "2", "new"],
    ]  # fmt: skip
    assert out[3].startswith(f"Sweep {planned.uid}: 2 points, 1 exists already, 1 would be queued")
    assert (planned.queued, len(stored())) == (1, 1)


def test_a_dry_run_creates_no_database(experiment: Experiment, tmp_path: Path) -> None:
    """The file of a database is created when the first run is queued."""
    path = tmp_path / "runs.db"
    words = ["script", "sweep", "with", "lr=[1,2]", "-s", f"sqlite:///{path}"]
    assert experiment.run_commandline([*words, "--dry-run"]).queued == 2  # type: ignore[attr-defined]
    assert not path.exists()
    experiment.run_commandline(words)
    assert experiment.run_commandline([*words, "--dry-run"]).queued == 0  # type: ignore[attr-defined]


def test_nothing_is_queued_if_one_point_is_wrong(
    command: Command, stored: Stored, capsys: pytest.CaptureFixture[str]
) -> None:
    """The configurations of all points are resolved first; the user's lines are shown."""
    with pytest.raises(SystemExit) as caught:
        command("lr=[1,0]")
    assert caught.value.code == 1
    error = capsys.readouterr().err
    assert "ZeroDivisionError" in error
    assert "sacred_sweep" not in error
    assert stored() == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lrr=[1,2]"], "unknown config entry 'lrr': not defined in the configuration and not"),
        (["lr=[1]", "dep"], "unknown named configuration 'dep': did you mean 'deep'?"),
        (["lr=1"], "nothing is swept: write a list of values, as in lr=[1e-3,1e-2]"),
        ([], "nothing is swept"),
        (["lr=uniform(0,1)"], "lr=uniform(0, 1) is a distribution: add random(N)"),
        (["lr=1..200000"], "points, more than 100,000: write fewer values"),
        (["lr=[1]", "--seeds", "0"], "--seeds must be an integer above 0, got '0'"),
        (["seed=1..3", "--seeds", "2"], "--seeds 2: the configuration sets the seed to 1 (by upda"),
        (["lr=[1]", "--trials", "3"], "--trials requires --sampler NAME"),
        (["lr=[1]", "--sampler", "x", "--trials", "3"], "--sampler x requires --optimize FIELD"),
        (["lr=[1]", "--direction", "max"], "--direction requires --optimize FIELD"),
        (["lr=[1]", "--optimize", "loss"], "--optimize: "),
        (["lr=[1]", "--optimize", "result", "--direction", "up"], "--direction must be min or max"),
        (["lr=[1]", "--sweep", "a b"], "--sweep: a name has no spaces and no quotes, got 'a b'"),
        (["lr=[1]", "--command", "evalute"], "did you mean 'evaluate'?"),
        (["lr=[1]", "--command", "print_config"], "the command 'print_config' is not recorded"),
        (["lr=[1]", "--id", "3"], "--id is for a single run"),
        (["lr=[1]", "--resume", "3"], "--resume is for a single run"),
        (["lr=[1]", "seed=x"], "seed must be an integer, got 'x'"),
    ],
)
def test_mistakes_are_explained(
    words: list[str],
    message: str,
    command: Command,
    stored: Stored,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A mistake is one sentence, the exit code is 2, and nothing is stored."""
    assert message in failing(command, capsys, *words)
    assert stored() == []


def test_a_sweep_needs_a_store(experiment: Experiment, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an observer with a store the message has what to add."""
    with pytest.raises(SystemExit) as caught:
        experiment.run_commandline(["script", "sweep", "with", "lr=[1,2]"])
    assert caught.value.code == 2
    assert "a sweep needs an observer with a store" in capsys.readouterr().err


def test_options_of_sweeps_belong_to_the_command(
    experiment: Experiment, capsys: pytest.CaptureFixture[str], stored: Stored, tmp_path: Path
) -> None:
    """Other commands have no such options, record none, and may be named like the command."""
    with pytest.raises(SystemExit):
        experiment.run_commandline(["script", "--dry-run"])
    assert "only the command 'sweep' has it" in capsys.readouterr().err
    experiment.run_commandline(["script", "-n", "sweep", "-F", str(tmp_path / "runs")])
    assert stored()[0].experiment["name"] == "sweep"
    assert not {"--seeds", "--dry-run"} & stored()[0].meta["options"].keys()
    with pytest.raises(SystemExit):
        experiment.run_commandline(["script", "help", "sweep"])
    help_text = capsys.readouterr().out
    assert "seed=1..8" in help_text
    assert "--dry-run" in help_text


def test_points_of_another_configuration_are_reported(
    experiment: Experiment, command: Command, caplog: pytest.LogCaptureFixture
) -> None:
    """Where defaults changed since, the same values are queued again, with a warning."""
    command("lr=[1,2]")
    experiment.add_config({"further": 3})
    assert command("lr=[1,2]").queued == 2
    assert "2 points of the sweep were queued before with another configuration" in caplog.text


def test_entries_that_change_each_time_are_reported(
    experiment: Experiment, command: Command, caplog: pytest.LogCaptureFixture
) -> None:
    """An entry such as a time is named, because the point cannot be found again."""

    @experiment.config
    def stamp() -> None:
        now = time.perf_counter_ns()

    command("lr=[1,2]")
    assert "The entry 'now' has another value each time" in caplog.text


def test_secrets_are_not_stored(
    experiment: Experiment, command: Command, stored: Stored, caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:  # fmt: skip
    """A password is in no file, and a warning names its entry once."""
    secret = "".join(["very", "secret"])  # the file of the test is stored
    experiment.add_config({"password": "?"})
    command("lr=[1,2]", f"password={secret}")
    assert len(stored()) == 2
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert all(secret.encode() not in path.read_bytes() for path in files)
    assert caplog.text.count("Secrets are not stored: set password again") == 1


def test_warnings_are_logged_once(command: Command, caplog: pytest.LogCaptureFixture) -> None:
    """All points have the same warning, which is logged once."""
    command("model.depth=[x,y,z]")
    assert caplog.text.count('Changed type of config entry "model.depth"') == 1


def test_processes_that_start_at_once_queue_each_point_once(tmp_path: Path) -> None:
    """Two processes start the same sweep; each point has one run."""
    words = ["sweep", "with", "lr=1..8", "-F", "runs"]
    scripts = [start_script(tmp_path, _SCRIPT, *words) for _ in range(2)]
    for script in scripts:
        finish_script(script)
    found = Counter(run.config["lr"] for run in open_store(str(tmp_path / "runs")).list())
    assert found == dict.fromkeys(range(1, 9), 1)


def _interrupt(folder: Path, store: str, flag: str, delay: float, number: int) -> None:
    """Start the sweep, and end it after a delay: by Ctrl-C, or at once."""
    script = start_script(folder, _SCRIPT, "sweep", "with", "lr=1..40", flag, store)
    timer = threading.Timer(
        delay, script.send_signal, [(signal.SIGINT, signal.SIGKILL)[number % 2]]
    )
    timer.start()
    script.communicate()
    timer.cancel()


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
@pytest.mark.parametrize(("flag", "store"), [("-F", "runs"), ("-s", "sqlite:///runs.db")])
def test_an_interrupted_sweep_can_be_started_again(tmp_path: Path, flag: str, store: str) -> None:
    """After interruptions at any moment no point is missing, and none has two runs."""
    trials = examples(2, 10)
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import sacred_core.run.run"], check=True)
    start = time.monotonic() - started
    for number in range(trials):
        _interrupt(tmp_path, store, flag, start + 0.1 + 0.1 * number, number)
    finish_script(start_script(tmp_path, _SCRIPT, "sweep", "with", "lr=1..40", flag, store))
    location = store if "://" in store else str(tmp_path / store)
    location = location.replace("runs.db", str(tmp_path / "runs.db"))
    found = Counter(run.config["lr"] for run in open_store(location).list())
    assert found == dict.fromkeys(range(1, 41), 1)


@pytest.mark.parametrize("location", ["runs", "sqlite:///runs.db"])
def test_many_points_do_not_search_the_store_for_each(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str
) -> None:
    """The number of runs in the store is read once, and each point is still queued once."""
    monkeypatch.chdir(tmp_path)
    flag = "-s" if "://" in location else "-F"
    words = ["script", "sweep", "with", flag, location]
    experiment.run_commandline([*words, "lr=1..3"])
    searched: list[str] = []
    store = type(open_store(location))
    if hasattr(store, "find_uid"):
        find = store.find_uid
        monkeypatch.setattr(
            store, "find_uid", lambda self, uid: searched.append(uid) or find(self, uid)
        )
    assert experiment.run_commandline([*words, "lr=1..40"]).queued == 37  # type: ignore[attr-defined]
    assert searched == []
    found = Counter(run.config["lr"] for run in open_store(location).list())
    assert found == dict.fromkeys(range(1, 41), 1)
