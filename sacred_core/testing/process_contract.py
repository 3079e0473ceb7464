"""What an observer and its store promise to scripts: many at once, and those that are killed."""

import contextlib
import os
import shlex
import subprocess
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sacred_core.exceptions import StoreError
from sacred_core.stores import StoredRun
from sacred_core.testing.applicability import skip_rule
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
#: Steps of an epoch, after which the training writes a checkpoint.
_EPOCH = 20
#: Its first argument is the number of processes to kill; each is a fork, so that only one of them
#: takes the time to import everything.
_TRAINING = f"""
    import os, random, signal, sys, time
    from pathlib import Path
    from sacred_core import Experiment

    ex = Experiment("training", save_git_info=False)
    kill_after = None

    @ex.main
    def main(_run):
        first = 0
        if _run.resumed and "checkpoint" in _run.resumed.artifacts:
            first = int(_run.artifact_path("checkpoint").read_text())
        for step in range(first, steps):
            if step - first == kill_after:
                os.kill(os.getpid(), signal.SIGKILL)
            _run.log_scalar("loss", 1 / (step + 1), step)
            _run.log_scalar("number", step)
            print(f"step {{step}}", flush=True)
            time.sleep(0.001)
            if (step + 1) % {_EPOCH} == 0:
                Path("checkpoint").write_text(str(step + 1))
                _run.add_artifact("checkpoint")

    def fork(words):
        child = os.fork()
        if child == 0:
            try:
                ex.run_commandline(words)
                os._exit(0)
            except SystemExit as error:
                os._exit(error.code or 0)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    kills, rnd, codes = int(sys.argv[1]), random.Random(sys.argv[1]), []
    steps = (kills + 2) * {_EPOCH}  # a process that is killed completes one epoch at most
    for _ in range(kills):
        kill_after = rnd.randrange(1, {_EPOCH} * 3 // 2)
        codes.append(fork([sys.argv[0], *sys.argv[2:]]))
    kill_after = None
    print("CODES", codes, fork([sys.argv[0], *sys.argv[2:]]))
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
            skip_rule("command_line_options() returns none")
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
            skip_rule("command_line_options() returns none")
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

    def test_a_run_that_is_killed_and_resumed_has_the_curve_of_one_that_is_not(
        self, tmp_path: Path
    ) -> None:
        """After kills at random steps no step is missing or shown twice, and none is deleted.

        The environment variable ``SACRED_TEST_KILLS`` sets how many processes are killed.
        """
        options = self.command_line_options(tmp_path)
        if not options:
            skip_rule("command_line_options() returns none")
        kills = int(os.environ.get("SACRED_TEST_KILLS", "2"))
        words = (str(kills), *options, "--resume", "auto", "-b", "0.02")
        with tempfile.TemporaryDirectory() as folder:
            script = start_script(Path(folder), _TRAINING, *words)
            out, errors = script.communicate(timeout=TIMEOUT + 60 * kills)
        codes = [-9] * kills
        assert f"CODES {codes} 0" in out, out + errors
        store = self.make_store(tmp_path)
        (run,) = store.list()
        statuses = [segment.status for segment in run.segments]
        assert statuses == ["DEAD"] * kills + ["COMPLETED"]
        loss = store.metrics(run.id)["loss"]
        steps = range((kills + 2) * _EPOCH)
        assert loss["steps"] == list(steps)
        assert loss["values"] == [1 / (step + 1) for step in steps]
        self._check_segments(store, run)

    def _check_segments(self, store: Any, run: StoredRun) -> None:
        """Check that each segment has consecutive steps, from its checkpoint on, and its output."""
        steps = store.metrics(run.id, raw=True)["loss"]["steps"]
        output = store.output(run.id)
        starts = [segment.points.get("loss", 0) for segment in run.segments]
        for start, stop in pairwise([*starts, len(steps)]):
            own = steps[start:stop]
            assert own == list(range(own[0], own[0] + len(own))) if own else True
            assert not own or own[0] % _EPOCH == 0
        for number, segment in enumerate(run.segments[1:], start=2):
            assert output[: segment.output].splitlines()[-1].startswith(f"[segment {number} of")

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
