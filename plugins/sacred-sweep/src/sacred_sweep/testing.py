"""What each launcher promises, as tests: subclass `LauncherContract` in the tests of a plugin."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sacred_sweep.launch_trials import (
    EXCLUDED,
    KILLED,
    LOST,
    MEETING,
    PLAIN,
    STOPPED,
    Trial,
    command_lines,
    eventually,
    is_running,
)

#: Of a location that no plugin reads, so that workers end with an error.
_PASSWORD = "hunter2-of-the-contract"
_LOCATION = f"missing://me:{_PASSWORD}@127.0.0.1:1/db"
#: Starts workers from a location that is not in its command line.
_DRIVER = """
import os, sys
from pathlib import Path
from sacred_core.worker import WorkerOptions
from sacred_sweep.launching import launch_workers

worker = WorkerOptions(location=os.environ.pop("TRIAL_LOCATION"), until_empty=True, tries=1)
launched = launch_workers(sys.argv[1], worker, Path.cwd())
print(*launched.lines, sep="\\n")
if launched.wait:
    launched.wait()
"""


class LauncherContract:
    """The promises of each launcher; a subclass says how the one under test is used.

    Attributes:
        ends_with_driver: Its workers end with the process that starts them.
        is_attached: A worker ends with the process of the engine that started it.
    """

    ends_with_driver = False
    is_attached = True

    def text(self, workers: int) -> str:
        """Return what follows ``--launch`` to start this number of workers."""
        raise NotImplementedError

    def wrong_texts(self) -> Mapping[str, str]:
        """Return parts of the messages by strings for which the launcher raises errors."""
        raise NotImplementedError

    def missing_engine(self, folder: Path) -> tuple[str, Mapping[str, str], str]:
        """Return a string for an engine that is away, variables, and a part of the message."""
        raise NotImplementedError

    def environ(self) -> Mapping[str, str]:
        """Return variables of the process that starts workers."""
        return {}

    def logs(self, folder: Path) -> list[Path]:
        """Return the files with what workers print.

        Args:
            folder: Of `Trial.state`.
        """
        raise NotImplementedError

    def shown_names(self) -> str:
        """Return what the engine shows to other users of the tasks that it has."""
        return ""

    @pytest.fixture(scope="class")
    @classmethod
    def swept(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
        """Three workers that have executed the runs of a trial; two of them were ended."""
        trial = Trial(tmp_path_factory.mktemp("swept"), cls().environ(), cls.ends_with_driver)
        with trial:
            trial.queue(*MEETING, PLAIN, LOST, EXCLUDED)
            trial.launch(
                cls().text(3), "runs", "--name", "team", "--where", f"config.number < {EXCLUDED}"
            )
            trial.wait_until_empty(EXCLUDED)
            yield trial

    def test_all_runs_complete(self, swept: Trial) -> None:
        """Each run of the queue is executed by a worker."""
        for number in (*MEETING, PLAIN):
            run = swept.run(number)
            assert (run.status, run.result) == ("COMPLETED", number)

    def test_number_of_workers(self, swept: Trial) -> None:
        """As many workers as requested execute runs at the same time."""
        assert len({swept.fact(number, "worker") for number in MEETING}) == len(MEETING)

    def test_driver_may_end(self, swept: Trial) -> None:
        """The process that starts workers ends before them, unless they end with it."""
        assert swept.driver_code == 0
        assert swept.ended_before_runs is not self.ends_with_driver

    def test_printed_lines(self, swept: Trial) -> None:
        """The command prints how many workers were started."""
        assert "3 " in swept.printed

    def test_killed_worker(self, swept: Trial) -> None:
        """A worker killed with -9 loses nothing: another one continues its run."""
        run = swept.run(KILLED)
        assert run.claim is not None
        assert run.claim.lost >= 1 or self.is_attached
        assert [segment.status for segment in run.segments][-1] == "COMPLETED"
        assert len(run.segments) >= 2

    def test_stopped_worker(self, swept: Trial) -> None:
        """A worker that is asked to end puts its run back, which does not count as lost."""
        run = swept.run(STOPPED)
        assert run.claim is not None
        assert "SIGTERM" in run.claim.reason
        assert len(run.segments) >= 2

    def test_tries(self, swept: Trial) -> None:
        """The option ``--tries`` arrives: a run whose process is always lost fails then."""
        run = swept.run(LOST)
        assert run.claim is not None
        assert (run.status, run.claim.number) == ("FAILED", 2)

    def test_where(self, swept: Trial) -> None:
        """The option ``--where`` arrives: no worker claims another run."""
        run = swept.run(EXCLUDED)
        assert (run.status, run.claim) == ("QUEUED", None)

    def test_names_of_workers(self, swept: Trial) -> None:
        """A name that is given is recorded in the claims, with the number of the worker."""
        names = {run.claim.worker for run in swept.runs() if run.claim is not None}
        assert names <= {"team-1", "team-2", "team-3"}
        assert names

    def test_working_directory(self, swept: Trial) -> None:
        """Workers are in the folder of the driver, in which a relative location is."""
        assert Path(swept.fact(0, "folder")).resolve() == swept.folder.resolve()

    def test_environment(self, swept: Trial) -> None:
        """Workers have the settings of the driver, but not the location among their variables."""
        assert swept.fact(0, "setting") == "from the driver"
        assert swept.fact(0, "location") == "None"

    def test_nothing_is_left_running(self, swept: Trial) -> None:
        """When the queue is empty, no process of a worker is left."""
        pids = [int(line) for line in swept.facts("pid")]
        assert pids
        eventually(lambda: not any(map(is_running, pids)))

    @pytest.fixture(scope="class")
    @classmethod
    def resumed(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
        """A worker whose engine was killed with -9, and others that were started later."""
        trial = Trial(tmp_path_factory.mktemp("resumed"), cls().environ(), cls.ends_with_driver)
        with trial:
            trial.queue(0, 1, 2)
            location = str(trial.folder / "runs")
            options = ("--max", "1", "--where", "config.number = 0")
            trial.launch(cls().text(1), location, *options, is_blocked=True)
            eventually(lambda: trial.facts("pid"))
            victim = "engine" if cls.is_attached else "pid"
            os.kill(int(trial.fact(0, victim)), signal.SIGKILL)
            trial.release()
            trial.forget_driver()
            trial.launch(cls().text(1), location, "--max", "1", "--where", "config.number = 1")
            trial.launch(cls().text(1), location, "--where", "config.number in [0, 1]")
            trial.wait_until_empty(2)
            yield trial

    def test_killed_engine(self, resumed: Trial) -> None:
        """A run is not lost with the process of the engine that executed its worker."""
        assert resumed.run(0).status == "COMPLETED"

    def test_later_workers(self, resumed: Trial) -> None:
        """More workers can be started later; ``--max`` and an absolute location arrive."""
        assert resumed.run(1).status == "COMPLETED"
        assert resumed.run(2).status == "QUEUED"

    def test_secrets(self, tmp_path: Path) -> None:
        """The password of a location is in no command line, name or log."""
        with Trial(tmp_path, self.environ(), self.ends_with_driver) as trial:
            command = [sys.executable, "-c", _DRIVER, self.text(1)]
            environ = trial.environ | {"TRIAL_LOCATION": _LOCATION}
            with command_lines(_PASSWORD) as found:
                done = subprocess.run(
                    command, cwd=trial.folder, env=environ, capture_output=True, text=True,
                    timeout=120,
                )  # fmt: skip
                names = self.shown_names()
                trial.driver_output.write_text(done.stdout + done.stderr)
                eventually(lambda: "missing://" in self._logged(trial))
            assert found == []
            assert _PASSWORD not in names + self._logged(trial)

    def _logged(self, trial: Trial) -> str:
        files = [trial.driver_output, *self.logs(trial.state)]
        return "".join(path.read_text(errors="replace") for path in files)

    def test_wrong_strings(self, tmp_path: Path) -> None:
        """A wrong option or number is an error that names it, and starts nothing."""
        with Trial(tmp_path, self.environ(), self.ends_with_driver) as trial:
            trial.queue(0)
            for text, message in self.wrong_texts().items():
                code, printed = trial.call(text, "runs")
                assert code == 1, printed
                assert message in printed
                assert "Traceback" not in printed
            assert trial.run(0).claim is None

    def test_missing_engine(self, tmp_path: Path) -> None:
        """An engine that does not answer is an error with what to do."""
        text, environ, message = self.missing_engine(tmp_path)
        with Trial(tmp_path, {**self.environ(), **environ}, self.ends_with_driver) as trial:
            trial.queue(0)
            code, printed = trial.call(text, "runs")
            assert code == 1, printed
            assert message in printed
            assert "Traceback" not in printed
            assert trial.run(0).claim is None
