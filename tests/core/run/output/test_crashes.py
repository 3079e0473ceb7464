"""Tests of processes that end without an end of their run: what was written is shown."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sacred_core.testing.effort import examples

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors are recorded on POSIX")

MODE = "fd"
TRIES = examples(1, 2)
#: What ends the process, and its exit code.
CRASHES = {
    "abort": ("os.abort()", -signal.SIGABRT),
    "segfault": ("ctypes.string_at(0)", -signal.SIGSEGV),
    "os._exit": ("os._exit(3)", 3),
    "exec": ("os.execvp('sh', ['sh', '-c', 'echo from the new program; echo error >&2'])", 0),
    "kill -9": ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
}


@pytest.mark.parametrize("stderr", [subprocess.STDOUT, subprocess.PIPE])
@pytest.mark.parametrize("crash", CRASHES)
def test_last_words_are_shown(scripts: Any, crash: str, stderr: int) -> None:
    """Whatever was written to the descriptors before, and by what the process becomes."""
    code, expected_code = CRASHES[crash]
    command = scripts.write(
        f"""
        import faulthandler
        faulthandler.enable()
        print("printed", flush=True)
        os.write(1, b"x" * 300_000 + b"\\n")
        os.write(2, b"CUDA error")
        {code}
        """
    )
    for _ in range(TRIES):
        done = scripts.execute(command, stderr=stderr)
        assert done.returncode == expected_code
        shown = done.stdout + (done.stderr or b"")
        assert shown.startswith(b"printed\n" + b"x" * 300_000 + b"\n")
        assert shown.count(b"CUDA error") == 1
        if crash == "segfault":
            assert b"Fatal Python error: Segmentation fault" in shown
        if crash == "exec":
            assert b"from the new program\n" in shown
            assert shown.endswith(b"error\n")
        assert scripts.followers() == []


def test_output_between_the_start_and_a_crash_of_an_observer_is_shown(scripts: Any) -> None:
    """The process that shows it is there before the observers are called."""
    done = scripts.execute(scripts.with_head(
        """
        class Driver(RunObserver):
            def started_event(self):
                os.write(2, b"driver broke")
                os.abort()

        ex.observers.append(Driver())
        """,
        "pass",
    ))  # fmt: skip
    assert done.returncode == -signal.SIGABRT
    assert done.stderr == b"driver broke"


def test_an_interrupt_from_the_terminal_does_not_end_the_display(scripts: Any) -> None:
    """Signals to the whole process group reach the script only."""
    process = scripts.start(
        """
        print("ready", flush=True)
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            os.write(1, b"interrupted\\n")
            os.write(2, b"the rest")
            os.abort()
        """,
        start_new_session=True,
    )
    assert process.stdout.readline() == b"ready\n"
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM):
        for pid in scripts.follower_ids():
            os.kill(pid, number)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (out, err) == (b"interrupted\n", b"the rest")
    assert process.returncode == -signal.SIGABRT


def test_a_thread_takes_over_from_a_process_that_was_killed(scripts: Any) -> None:
    """All is shown once."""
    done = scripts.run(
        """
        from pathlib import Path
        import signal
        print("before", flush=True)
        time.sleep(0.1)
        for path in Path("/proc").glob("[0-9]*"):
            try:
                command = (path / "cmdline").read_bytes()
                ours = (path / "cwd").readlink() == Path.cwd()
            except OSError:
                continue
            if ours and b"follower.py" in command:
                os.kill(int(path.name), signal.SIGKILL)
        print("after", flush=True)
        time.sleep(1)
        print("end")
        """
    )
    assert done.stdout == b"before\nafter\nend\n"
    assert scripts.record == "before\nafter\nend\n"


@pytest.mark.parametrize(
    "change",
    ["sys._base_executable = '/usr/bin/program'", "sys.frozen = True", "os.posix_spawn = refuse"],
)
def test_a_thread_shows_where_no_process_can_be_started(scripts: Any, change: str) -> None:
    """A thread shows where no process can be started, in a frozen program, for example, which would
    start itself.
    """
    done = scripts.run_with_head(
        f"""
        def refuse(*args, **kwargs):
            raise BlockingIOError("no more processes")
        {change}
        """,
        """
        print("first", flush=True)
        time.sleep(0.3)
        os.system("echo second; echo third >&2")
        """,
    )
    assert (done.stdout, done.stderr) == (b"first\nsecond\n", b"third\n")
    assert sorted(scripts.record.splitlines()) == ["first", "second", "third"]


def test_programs_that_wait_for_all_their_children_end(scripts: Any) -> None:
    """The process that shows the output is no child of the script."""
    done = scripts.run(
        """
        for code in (0, 1):
            if os.fork() == 0:
                os._exit(code)
        waited = 0
        while True:
            try:
                os.wait()
            except ChildProcessError:
                break
            waited += 1
        print(waited)
        """
    )
    assert done.stdout == b"2\n"


def test_the_follower_has_no_descriptors_that_it_does_not_need(
    scripts: Any, tmp_path: Path
) -> None:
    """The follower has no descriptors that it does not need, neither the script's files, even those
    that children inherit, nor a spool at 1 or 2.
    """
    (tmp_path / "held").write_text("")
    process = subprocess.Popen(
        scripts.with_head(
            'os.dup2(os.open("held", os.O_RDONLY), 100)  # children inherit it',
            'print("ready", flush=True)\nsys.stdin.readline()',
        ),
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    (pid,) = scripts.follower_ids()
    names = {"": "held"}
    deadline = time.monotonic() + 30
    while any(name.endswith("held") for name in names.values()) and time.monotonic() < deadline:
        names = {p.name: str(p.readlink()) for p in Path(f"/proc/{pid}/fd").iterdir()}
    process.communicate(b"go on\n", timeout=60)
    assert not [name for name in names.values() if name.endswith("held")]
    assert [names[number] for number in "012"] == ["/dev/null"] * 3


def test_a_pipe_is_closed_when_the_script_ends(scripts: Any) -> None:
    """A reader of the output waits for the script only; no process is left."""
    for _ in range(10):
        scripts.run("print('short')")
        assert scripts.followers() == []


def test_one_process_shows_the_output_of_runs_that_follow_each_other(scripts: Any) -> None:
    """It is started once, shows everything in order, and has no file of a run between two."""
    done = scripts.run_with_head(
        """
        from pathlib import Path
        started, start = [], os.posix_spawn

        def spawn(*args, **kwargs):
            started.append(args)
            return start(*args, **kwargs)

        def descriptors():
            for path in Path("/proc").glob("[0-9]*"):
                try:
                    if b"follower.py" in (path / "cmdline").read_bytes():
                        if (path / "cwd").readlink() == Path.cwd():
                            return {p.name for p in (path / "fd").iterdir()}
                except OSError:
                    continue

        os.posix_spawn = spawn
        loop = Experiment("loop", save_git_info=False)
        loop.observers.append(RunObserver())
        loop.add_config(number=0)

        @loop.main
        def one(number):
            print("run", number, flush=True)
            os.system(f"echo child {number}")

        for number in range(4):
            loop.run(config_updates={"number": number}, options={"--loglevel": "ERROR"})
        deadline = time.monotonic() + 10
        while descriptors() != set("0123") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert descriptors() == set("0123")
        """,
        "print(len(started))",
    )
    runs = [f"run {number}\nchild {number}" for number in range(4)]
    assert done.stdout.decode().splitlines() == "\n".join([*runs, "1"]).splitlines()
    assert scripts.followers() == []
