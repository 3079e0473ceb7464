"""What an observer and its store promise to scripts: many at once, and those that are killed."""

import contextlib
import shlex
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from sacred_core.exceptions import StoreError
from sacred_core.stores import StoredRun
from sacred_core.testing.effort import examples
from sacred_core.testing.scripts import TIMEOUT, start_script
from sacred_core.testing.secret_contract import SecretContract

_SHARED = """
    # the source that all of them share
    from sacred_core import Experiment

    ex = Experiment("race", save_git_info=False)

    @ex.automain
    def main(_run):
        print("run", _run._id)
        _run.log_scalar("loss", 1.5)
        _run.add_artifact(__file__, "code")
"""
_ENDLESS = """
    import time
    from sacred_core import Experiment

    ex = Experiment("killed", save_git_info=False)

    @ex.automain
    def main(_run):
        number = 0
        while True:
            _run.log_scalar("n", number, number)
            print(f"line {number}", flush=True)
            number += 1
            time.sleep(0.002)
"""


class ProcessContract(SecretContract):
    """The part of `StoreContract` that is about processes."""

    def command_line_options(self, tmp_path: Path) -> list[str]:
        """Return the options by which a script records where `make_store` reads.

        Without an override scripts are not tested.
        """
        return []

    def test_scripts_at_once_lose_nothing(self, tmp_path: Path) -> None:
        """Each run has its own id and a complete record; a shared source is stored once.

        The command that a run prints at its end shows it, and so does the flag.
        """
        options = self.command_line_options(tmp_path)
        if not options:
            return
        with tempfile.TemporaryDirectory() as folder:
            scripts = [start_script(Path(folder), _SHARED, *options) for _ in range(examples(4, 8))]
            printed = [script.communicate(timeout=TIMEOUT) for script in scripts]
        assert {script.returncode for script in scripts} == {0}, printed
        assert not any("observer" in errors for _, errors in printed), printed
        store = self.make_store(tmp_path)
        runs = list(store.list())
        ids = [out.split()[-1] for out, _ in printed]
        assert sorted(str(run.id) for run in runs) == sorted(ids)
        for run in runs:
            assert run.status == "COMPLETED" and f"run {run.id}\n" in store.output(run.id)
            assert store.metrics(run.id)["loss"]["values"] == [1.5]
            with store.open_file(run.id, "artifact", "code") as file:
                assert b"the source" in file.read()
        self._check_commands(options, ids[0], printed[0][1])
        contents = [each for each in self.stored_bytes(tmp_path) if b"the source that all" in each]
        # As a source and as an artifact, of which some stores hold one copy.
        artifacts = {1, 2, 1 + len(runs)}
        assert len(contents) in artifacts, f"the source is stored {len(contents)} times"

    def _check_commands(self, options: list[str], run_id: str, log: str) -> None:
        commands = [line.partition("To see it: ")[2] for line in log.splitlines()]
        found = [shlex.split(command) for command in commands if command]
        assert len(found) == 1, f"no command shows the run: {log}"
        ways = [["show", *options, run_id]]
        if urlsplit(found[0][-2]).username is None:  # the password would be needed
            ways.append(found[0][2:])
        for words in ways:
            shown = _show_run(words)
            assert f"run {run_id}" in shown, f"sacred runs {shlex.join(words)}: {shown}"

    def test_a_killed_script_is_readable(self, tmp_path: Path) -> None:
        """After a kill at any time, points and output up to the last heartbeat are stored without
        a gap.
        """
        options = self.command_line_options(tmp_path)
        if not options:
            return
        known: set[object] = set()
        for _ in range(examples(1, 5)):
            with tempfile.TemporaryDirectory() as folder:
                beats = ("--beat_interval", "0.05")
                script = start_script(Path(folder), _ENDLESS, *options, *beats)
                run = self._with_heartbeat(tmp_path, known, script)
                script.kill()
                script.communicate()
            known.add(run.id)
            store = self.make_store(tmp_path)
            run = store.get(run.id)
            assert run.recorded_status == "RUNNING" and run.heartbeat is not None
            points = store.metrics(run.id).get("n", {"values": [], "steps": []})
            assert points["values"] == points["steps"] == list(range(len(points["values"])))
            lines = [x for x in store.output(run.id).splitlines() if x.startswith("line ")]
            if lines and not store.output(run.id).endswith("\n"):
                lines.pop()  # it was being written
            assert lines == [f"line {number}" for number in range(len(lines))]

    def _with_heartbeat(
        self, tmp_path: Path, known: set[object], script: "subprocess.Popen[str]"
    ) -> StoredRun:
        """Wait for the first heartbeat of a run that is not known, and return the run."""
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until:
            assert script.poll() is None, script.communicate()
            with contextlib.suppress(StoreError):  # not even the place is there
                for run in self.make_store(tmp_path).list():
                    if run.id not in known and run.heartbeat is not None:
                        return run
            time.sleep(0.02)
        script.kill()
        raise AssertionError(f"the script sent no heartbeat: {script.communicate()}")


def _show_run(words: list[str]) -> str:
    """Return what a command of ``sacred runs`` prints, or its error."""
    from click.testing import CliRunner

    from sacred_core.cli.main import sacred

    result = CliRunner().invoke(sacred, ["runs", *words])
    return f"{result.output}{result.exception or ''}"
