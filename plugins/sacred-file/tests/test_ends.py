"""Tests of how runs end, a row of docs/run-lifecycle.md each: record, display, exit code."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStore

from sacred_core.stores import StoredRun

SCRIPT = """
    import os, signal, sys, threading, time
    from sacred_core import Experiment
    from sacred_core.utils import SacredInterrupt, TimeoutInterrupt

    if "how=waits_without_privileges" in sys.argv:
        import ctypes  # root may write everywhere, unless it gives its capabilities up
        header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        ctypes.CDLL(None).capset(header, none)

    class OutOfBudget(SacredInterrupt):
        STATUS = "OUT_OF_BUDGET"

    ex = Experiment("ends", save_git_info=False)
    ex.add_config(how="")

    @ex.automain
    def main(_run, how):
        print("first words")
        _run.log_scalar("metric", 1)
        result = globals()[how](_run)
        print("last words")
        return 42 if result is None else result

    def returns(_run):
        pass
    """
# `automain` runs at its place in the file: what it calls is defined before it.
BODIES = {
    "returns": "pass",
    "raises": "raise ValueError('the reason')",
    "returns_a_huge_integer": "return 10**5_000",
    "returns_what_raises": (
        "class Odd:\n    def __repr__(self): raise SystemExit(3)\nreturn [Odd(), 1]"
    ),
    "raises_what_raises": (
        "class OddError(Exception):\n    def __str__(self): raise SystemExit(3)\nraise OddError"
    ),
    "breaks_the_log": (
        "import logging\n"
        "class Odd(logging.Filter):\n    def filter(self, record): raise ValueError('odd filter')\n"
        "_run.run_logger.addFilter(Odd())"
    ),
    "exits_0": "sys.exit(0)",
    "exits_3": "sys.exit(3)",
    "exits_with_text": "sys.exit('a message')",
    "times_out": "raise TimeoutInterrupt()",
    "own_interrupt": "raise OutOfBudget()",
    "waits": "print('ready', flush=True); time.sleep(60)",
    "sends_usr1": "os.kill(os.getpid(), signal.SIGUSR1)",
    "handles_usr1": "signal.signal(signal.SIGUSR1, lambda *_: print('handled'))\nsends_usr1(_run)",
    "dumps_threads": (
        "import faulthandler\nfaulthandler.register(signal.SIGUSR1)\nsends_usr1(_run)"
    ),
    "waits_without_privileges": "waits(_run)",
    "segfaults": (
        "time.sleep(0.5); print('dying', flush=True); os.kill(os.getpid(), signal.SIGSEGV)"
    ),
    "child_exits_hard": "pid = os.fork()\nif not pid: os._exit(9)\nos.waitpid(pid, 0)",
    "child_raises": (
        "pid = os.fork()\nif not pid: raise ValueError('in the child')\nos.waitpid(pid, 0)"
    ),
    "thread_raises": "t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()",
    "thread_runs_on": "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "fills_the_file": "for _ in range(40): print('x' * 9999); time.sleep(0.01)",
}


RESULTS = {
    "returns_a_huge_integer": hex(10**5_000),
    "returns_what_raises": [
        "<returns_what_raises.<locals>.Odd that cannot be stored: SystemExit: 3>", 1
    ],
}  # fmt: skip


def script() -> str:
    head, _, tail = textwrap.dedent(SCRIPT).partition("ex = Experiment")
    functions = "".join(
        f"def {name}(_run):\n{textwrap.indent(body, '    ')}\n\n" for name, body in BODIES.items()
    )
    return head + functions + "ex = Experiment" + tail.partition("def returns")[0]


class Ended:
    """A run that ended, as its user and its store see it."""

    def __init__(self, folder: Path, code: int, stdout: str, stderr: str) -> None:
        self.folder = folder
        self.code, self.stdout, self.stderr = code, stdout, stderr

    @property
    def run(self) -> StoredRun:
        return FileStore(self.folder / "runs").get(1)

    @property
    def output(self) -> str:
        return FileStore(self.folder / "runs").output(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text(script())
    return tmp_path


def start(folder: Path, how: str, *args: str, before: Callable[[], None] = lambda: None) -> Any:
    def prepare() -> None:
        # a shell that started the tests in the background made them ignore it
        signal.signal(signal.SIGINT, signal.default_int_handler)
        before()

    command = [sys.executable, "script.py", "-F", "runs", "-b", "0.1", *args, "with", f"how={how}"]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=prepare,
    )  # fmt: skip


def ended(folder: Path, process: Any) -> Ended:
    out, err = process.communicate(timeout=60)
    return Ended(folder, process.returncode, out, err)


def wait_until_ready(process: Any) -> None:
    while process.stdout.readline() != "ready\n":
        pass


@pytest.mark.parametrize(
    ("how", "status", "code", "shown"),
    [
        ("returns", "COMPLETED", 0, "Completed after"),
        ("raises", "FAILED", 1, "ValueError: the reason"),
        ("returns_a_huge_integer", "COMPLETED", 0, "<int that cannot be shown: ValueError"),
        ("returns_what_raises", "COMPLETED", 0, "Odd that cannot be stored: SystemExit: 3>', 1]"),
        ("raises_what_raises", "FAILED", 1, "OddError"),
        ("breaks_the_log", "COMPLETED", 0, "(not logged: ValueError: odd filter)"),
        ("exits_0", "COMPLETED", 0, "Completed after"),
        ("exits_3", "FAILED", 3, "Failed after"),
        ("exits_with_text", "FAILED", 1, "a message"),
        ("times_out", "TIMEOUT", 1, "Aborted after"),
        ("own_interrupt", "OUT_OF_BUDGET", 1, "Aborted after"),
        ("child_exits_hard", "COMPLETED", 0, "Completed after"),
        ("child_raises", "COMPLETED", 0, "in the child"),
        ("thread_raises", "COMPLETED", 0, "ZeroDivisionError"),
        ("thread_runs_on", "COMPLETED", 0, "Completed after"),
    ],
)
def test_ends_of_the_command(folder: Path, how: str, status: str, code: int, shown: str) -> None:
    """How the function ends decides the status and the exit code."""
    end = ended(folder, start(folder, how))
    assert (end.run.status, end.code) == (status, code)
    assert shown in end.stderr
    assert "first words" in end.output
    assert FileStore(folder / "runs").metrics(1)["metric"]["values"] == [1]
    assert end.run.stop_time is not None
    assert bool(end.run.fail_trace) == (status != "COMPLETED")
    default = 42 if status == "COMPLETED" and how != "exits_0" else None
    assert end.run.result == RESULTS.get(how, default)
    if how == "thread_raises":
        assert "ZeroDivisionError" in end.output
    if status == "COMPLETED" and how != "exits_0":
        assert "last words" in end.output


@pytest.mark.parametrize(
    "name",
    [
        "SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGXCPU",
        "SIGVTALRM", "SIGPROF", "SIGIO", "SIGPWR", "SIGSTKFLT", "SIGRTMIN", "SIGRTMAX",
    ],
)  # fmt: skip
def test_signals(folder: Path, name: str) -> None:
    """Ctrl-C and what would end the process interrupt; points since the last beat are stored."""
    sent = sent_signal(name)
    process = start(folder, "waits", "-b", "60", before=lambda: set_default(sent))
    wait_until_ready(process)
    process.send_signal(sent)
    end = ended(folder, process)
    assert (end.run.status, end.code) == ("INTERRUPTED", 128 + sent)
    assert "Aborted after" in end.stderr
    assert "time.sleep" in "".join(end.run.fail_trace)
    assert "first words" in end.output
    assert FileStore(folder / "runs").metrics(1)["metric"]["values"] == [1]
    assert end.run.stop_time is not None


def sent_signal(name: str) -> int:
    if not hasattr(signal, name):
        pytest.skip(f"{sys.platform} has no {name}")
    return int(getattr(signal, name))


def ignore(signum: int) -> None:
    signal.signal(signum, signal.SIG_IGN)


def set_default(signum: int) -> None:
    """A shell or nohup that started the tests may have made them ignore it."""
    if signum != signal.SIGINT:
        signal.signal(signum, signal.SIG_DFL)


@pytest.mark.parametrize("name", ["SIGHUP", "SIGUSR1", "SIGXFSZ", "SIGPIPE"])
def test_an_ignored_signal_stays_ignored(folder: Path, name: str) -> None:
    """An ignored signal stays ignored, by nohup, by the user, or by Python from its start: the run
    continues.
    """
    process = start(folder, "waits", before=lambda: ignore(sent_signal(name)))
    wait_until_ready(process)
    process.send_signal(sent_signal(name))
    process.send_signal(signal.SIGTERM)
    assert ended(folder, process).code == 143


@pytest.mark.parametrize("is_set_before", [True, False])
@pytest.mark.parametrize(
    ("how", "output"), [("handles_usr1", "handled"), ("dumps_threads", "Current thread")]
)
def test_a_handler_of_the_user_is_called(
    folder: Path, how: str, output: str, is_set_before: bool
) -> None:
    """Set before the run or in it, by Python or in C: the run continues, the handler stays."""
    source = (folder / "script.py").read_text() + f"\n{BODIES['sends_usr1']}\n"
    if is_set_before:
        handler = BODIES[how].removesuffix("sends_usr1(_run)")
        source = source.replace("ex.add_config(how", f"{handler}ex.add_config(how")
        how = "sends_usr1"
    (folder / "script.py").write_text(source)
    end = ended(folder, start(folder, how, before=lambda: set_default(signal.SIGUSR1)))
    assert (end.run.status, end.code) == ("COMPLETED", 0), end.stderr
    assert (end.stdout + end.stderr).count(output) == 2


def add_observer(folder: Path, body: str) -> None:
    """Give the script a first observer that executes ``body`` when the run is interrupted."""
    source = (folder / "script.py").read_text()
    observer = (
        "from sacred_core import RunObserver\n"
        "class First(RunObserver):\n"
        "    priority = 99\n"
        "    def interrupted_event(self):\n"
        f"        {body}\n"
        "ex.observers.append(First())\n"
    )
    marker = "ex.add_config(how"
    (folder / "script.py").write_text(source.replace(marker, observer + marker))


def test_a_signal_while_the_end_is_recorded(folder: Path) -> None:
    """The record becomes complete first: a terminal that is closed sends SIGHUP twice."""
    add_observer(folder, "os.kill(os.getpid(), signal.SIGHUP); print('recorded', flush=True)")
    process = start(folder, "waits", before=lambda: set_default(signal.SIGHUP))
    wait_until_ready(process)
    process.send_signal(signal.SIGHUP)
    end = ended(folder, process)
    assert (end.run.status, end.code) == ("INTERRUPTED", 129)
    assert "recorded" in end.stdout


def test_a_closed_terminal(folder: Path) -> None:
    """The kernel sends SIGHUP, and nothing can be written to the terminal any more."""
    pty = pytest.importorskip("pty")
    process, terminal = pty.fork()
    if not process:
        for signum in (signal.SIGHUP, signal.SIGINT):
            signal.signal(signum, signal.SIG_DFL)
        os.chdir(folder)
        command = [sys.executable, "script.py", "-F", "runs", "-b", "60", "with", "how=waits"]
        os.execv(sys.executable, command)
    shown = b""
    while b"ready" not in shown:
        shown += os.read(terminal, 4096)
    os.close(terminal)
    status = os.waitpid(process, 0)[1]
    run = FileStore(folder / "runs").get(1)
    assert (run.status, os.waitstatus_to_exitcode(status)) == ("INTERRUPTED", 129)
    assert FileStore(folder / "runs").metrics(1)["metric"]["values"] == [1]


def test_a_second_interrupt_while_stopping(folder: Path) -> None:
    """It ends the wait for one observer; the others receive the end."""
    add_observer(folder, "print('stopping', flush=True); time.sleep(60)")
    process = start(folder, "waits")
    wait_until_ready(process)
    process.send_signal(signal.SIGINT)
    while process.stdout.readline() != "stopping\n":
        pass
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    end = ended(folder, process)
    assert time.monotonic() - began < 30
    assert (end.run.status, end.code) == ("INTERRUPTED", 130)


@pytest.mark.parametrize("how", ["segfaults", "kill -9"])
def test_a_process_that_is_gone(folder: Path, how: str) -> None:
    """No process can write the end: the run reads as dead, with all that it recorded."""
    process = start(folder, "waits" if how == "kill -9" else how)
    if how == "kill -9":
        wait_until_ready(process)
        process.kill()
    end = ended(folder, process)
    assert end.code == (-signal.SIGKILL if how == "kill -9" else -signal.SIGSEGV)
    assert end.run.recorded_status == "RUNNING"
    last = end.run.heartbeat or end.run.start_time
    assert last is not None
    assert end.run.status_at(last + timedelta(seconds=3)) == "DEAD"
    assert ("ready" if how == "kill -9" else "dying") in end.output


@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_a_full_disk(folder: Path, mode: str) -> None:
    """The command continues, the end is recorded, and what is missing is logged.

    A limit on the size of files stands for the disk: the kernel refuses to let one grow.
    """
    import resource

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    end = ended(folder, start(folder, "fills_the_file", "-C", mode, before=limit))
    assert (end.run.status, end.code) == ("COMPLETED", 0), end.stderr
    assert "stopped recording output" in end.stderr
    assert end.stdout.count("x" * 9999) == 40
    assert "last words" in end.stdout


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 600 kB, in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a disk")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("args", [["-C", "fd"], ["-C", "sys"], ["-C", "no"]])
@pytest.mark.parametrize("is_queued", [False, True])
def test_a_disk_without_space(
    tmp_path: Path, small_disk: Path, args: list[str], is_queued: bool
) -> None:
    """The warning has the words of the operating system; the end is recorded."""
    observer = f"FileStorageObserver({str(small_disk / 'runs')!r})"
    if is_queued:
        observer = f"QueueObserver({observer}, interval=0.1, retry_interval=0.1, join_timeout=1)"
    (tmp_path / "script.py").write_text(
        textwrap.dedent(f"""
            from sacred_core import Experiment
            from sacred_core.observers import FileStorageObserver, QueueObserver

            ex = Experiment("full", save_git_info=False)
            ex.observers.append({observer})

            @ex.automain
            def main(_run):
                print("x" * 100_000)
                for number in range(20_000):
                    _run.log_scalar("metric", number)
        """)
    )
    command = [sys.executable, "script.py", "-b", "0.1", *args]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "no space left on device" in done.stderr.lower()
    assert FileStore(small_disk / "runs").get(1).status == "COMPLETED"


def test_the_folder_is_deleted(folder: Path) -> None:
    """The command continues and its exit code is its own; what is lost is logged."""
    process = start(folder, "waits")
    wait_until_ready(process)
    shutil.rmtree(folder / "runs")
    process.send_signal(signal.SIGINT)
    end = ended(folder, process)
    assert end.code == 130, end.stderr
    assert "FileStorageObserver did not record" in end.stderr


def test_the_folder_becomes_read_only(folder: Path) -> None:
    """The folder becomes read only, as when it is deleted; what was recorded before stays."""

    process = start(folder, "waits_without_privileges")
    wait_until_ready(process)
    run = folder / "runs" / "1"
    while not FileStore(folder / "runs").metrics(1):
        time.sleep(0.02)
    run.chmod(0o555)
    process.send_signal(signal.SIGINT)
    end = ended(folder, process)
    run.chmod(0o755)
    assert end.code == 130, end.stderr
    assert "FileStorageObserver did not record" in end.stderr
    assert "Permission denied" in end.stderr
    assert FileStore(folder / "runs").metrics(1)["metric"]["values"] == [1]


def test_a_start_that_cannot_be_recorded(folder: Path) -> None:
    """Nothing runs: the error is raised before hours are spent."""
    (folder / "runs").write_text("a file")
    end = ended(folder, start(folder, "returns"))
    assert end.code == 1
    assert "could not record the start" in end.stderr
    assert "Traceback" not in end.stderr
    assert "first words" not in end.stdout
