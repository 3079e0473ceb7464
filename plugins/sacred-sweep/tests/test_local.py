"""Tests of workers that are processes on this machine."""

import stat
from collections.abc import Mapping
from pathlib import Path

from sacred_sweep.launch_trials import Trial
from sacred_sweep.testing import LauncherContract


class TestLocal(LauncherContract):
    is_attached = False

    def text(self, workers: int) -> str:
        return f"local:{workers}"

    def wrong_texts(self) -> Mapping[str, str]:
        return {
            "local": "what follows the colon must be an integer from 1, but there is none",
            "local:0": "got '0': write for example local:4",
            "local:2,log=x": "unknown option 'log': did you mean 'logs'? (options: logs)",
            "locl:2": "unknown launcher 'locl': did you mean 'local'?",
        }

    def missing_engine(self, folder: Path) -> tuple[str, Mapping[str, str], str]:
        (folder / "file").touch()
        text = f"local:1,logs={folder / 'file'}/logs"
        return text, {}, "no worker was started: NotADirectoryError"

    def logs(self, folder: Path) -> list[Path]:
        return list(folder.glob("sacred/workers/*.log"))

    def test_log_files(self, swept: Trial) -> None:
        """Each worker has a log file that only the user can read; the command prints where."""
        files = self.logs(swept.state)
        assert len(files) == 3
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        assert f"Logs: {swept.state}/sacred/workers" in swept.printed
        assert all("executes the queued runs of runs" in path.read_text() for path in files)

    def test_printed_ids(self, swept: Trial) -> None:
        """The printed process ids are those of the workers."""
        pids = set(swept.facts("worker"))
        assert pids <= set(swept.printed.partition("To stop: kill ")[2].split())
