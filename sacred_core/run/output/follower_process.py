"""Starts and ends the process that shows what a run writes to the descriptors."""

import contextlib
import fcntl
import os
import select
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from sacred_core.run.output import follower
from sacred_core.run.output.follower import Display

#: The shell ends at once: so the process is not a child of the script, whose ``os.wait`` would wait
#: for it. It ignores what a terminal or a batch system sends to all processes of a job.
_START = (
    'trap "" HUP INT QUIT TERM USR1 USR2 ALRM XCPU TSTP TTOU; '
    '"$@" </dev/null >/dev/null 2>&1 & echo $!'
)
#: Descriptors of the script are moved above this before the process gets its own numbers.
_HIGH = 32


class FollowerProcess:
    """A process that shows the growth of spools.

    Args:
        display: What is to be shown, and where.
        turns: The descriptor of the file of turns, or -1.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, display: Display, turns: int) -> None:
        reader, self._control = os.pipe()
        try:
            self.pid = _start_process(reader, display, turns)
            self._handle = _handle(self.pid)
        except BaseException:
            os.close(self._control)
            raise
        finally:
            os.close(reader)

    @property
    def is_alive(self) -> bool:
        """Whether the process is running."""
        if self._handle is not None:
            poll = select.poll()
            poll.register(self._handle, select.POLLIN)  # readable once it has ended
            return not poll.poll(0)
        try:
            os.kill(self.pid, 0)
        except OSError:
            return False
        return True

    def follow_to(self, number: int, path: Path) -> None:
        """Switch the follower to the spool ``number`` (or to the turns, after them) at ``path``."""
        with contextlib.suppress(OSError):
            os.write(self._control, b"%d %s\0" % (number, os.fsencode(path)))

    def detach(self) -> None:
        """Let the follower run until no process can write to the spools."""
        os.close(self._control)
        if self._handle is not None:
            os.close(self._handle)

    def end(self) -> None:
        """End it: everything was shown and no process can write any more."""
        if self._handle is not None:  # else it ends by itself, a moment later
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
                os.waitpid(self.pid, 0)  # it is our child only if we are process 1
        self.detach()


def can_start() -> bool:
    """Return whether this interpreter can be started with a script.

    A frozen program, or one that embeds Python, would start itself.
    """
    is_python = Path(_interpreter()).name.startswith(("python", "pypy"))
    return is_python and not getattr(sys, "frozen", False) and Path(follower.__file__).is_file()


def _interpreter() -> str:
    return getattr(sys, "_base_executable", "") or sys.executable or ""


def _start_process(control: int, display: Display, turns: int) -> int:
    """Start the process and return its id."""
    pid_reader, pid_writer = os.pipe()
    given = [control, display.state, *display.readers, *display.targets]
    given += [turns] if turns >= 0 else []
    moved: list[int] = []
    try:
        moved += [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, _HIGH) for each in [pid_writer, *given]]
        command = [_interpreter(), "-ISE", follower.__file__, str(len(display.readers))]
        shell = _spawn(["sh", "-c", _START, "sh", *command], moved)
        os.close(pid_writer)
        pid_writer = -1
        for each in moved:
            os.close(each)
        moved = []
        with contextlib.suppress(ChildProcessError):  # another caller waited for it
            os.waitpid(shell, 0)
        return int(os.read(pid_reader, 64) or b"0") or _fail()
    finally:
        for each in [pid_reader, pid_writer, *moved]:
            if each >= 0:
                os.close(each)


def _spawn(command: list[str], descriptors: Sequence[int]) -> int:
    """Start ``/bin/sh`` with the first descriptor as its 1, the others from 3 on."""
    numbers = [1, *range(follower.CONTROL, follower.CONTROL + len(descriptors) - 1)]
    actions = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 2)] + [
        (os.POSIX_SPAWN_DUP2, source, number)
        for source, number in zip(descriptors, numbers, strict=True)
    ]
    try:
        return os.posix_spawn("/bin/sh", command, os.environ, file_actions=actions, setsid=True)
    except NotImplementedError as error:  # some systems cannot start a session
        raise OSError(str(error)) from error


def _fail() -> int:
    raise OSError("the shell did not start the process")


def _handle(pid: int) -> int | None:
    """Return a descriptor of the process, by which no other one can be meant."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError:  # an old kernel
        return None
