"""Starts the process that shows what runs write to the descriptors, and sends it messages."""

import _socket  # without `socket`, which takes longer to import than all else here
import contextlib
import fcntl
import os
import select
import sys
import weakref
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
#: The error is enough where the process has ended.
_NO_SIGNAL = getattr(_socket, "MSG_NOSIGNAL", 0)


class FollowerProcess:
    """A process that shows the growth of spools, of one run after the other.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self) -> None:
        self._control, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            self.pid = _start_process(theirs.fileno())
            self._handle = _handle(self.pid)
        except BaseException:
            self._control.close()
            raise
        finally:
            theirs.close()
        _all.add(self)

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

    def follow(self, display: Display, turns: int) -> None:
        """Begin to show the spools of a run.

        Args:
            display: What is to be shown, and where.
            turns: The descriptor of the file of turns, or -1.

        Raises:
            OSError: the process has ended.
        """
        given = [display.state, *display.readers, *display.targets]
        given += [turns] if turns >= 0 else []
        numbers = b"".join(each.to_bytes(4, sys.byteorder) for each in given)
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, numbers)]
        self._control.sendmsg([b"run %d\0" % len(display.readers)], rights, _NO_SIGNAL)

    def follow_to(self, number: int, path: Path) -> None:
        """Switch the follower to the spool ``number`` (or to the turns, after them) at ``path``."""
        with contextlib.suppress(OSError):
            self._control.sendall(b"%d %s\0" % (number, os.fsencode(path)), _NO_SIGNAL)

    def detach(self) -> None:
        """Let the follower run until no process can write to the spools."""
        self._control.close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def end(self) -> None:
        """End the run: everything was shown and no process can write any more."""
        try:
            self._control.sendall(b"end\0", _NO_SIGNAL)
        except OSError:
            with contextlib.suppress(OSError):
                os.waitpid(self.pid, 0)  # it is our child only if we are process 1
            self.detach()
        else:
            _idle.append(self)


#: Those that have no run: the next run has one without starting Python again.
_idle: list[FollowerProcess] = []
_all: "weakref.WeakSet[FollowerProcess]" = weakref.WeakSet()


def follow(display: Display, turns: int) -> FollowerProcess:
    """Return a process that shows the spools of a run; see `FollowerProcess.follow`.

    Raises:
        OSError: it cannot be started.
    """
    while _idle:
        process = _idle.pop()
        try:
            process.follow(display, turns)
        except OSError:  # it was killed
            process.detach()
        else:
            return process
    process = FollowerProcess()
    process.follow(display, turns)
    return process


def _forget_all() -> None:
    """Close the sockets in a forked child, so that the processes end with the parent."""
    _idle.clear()
    for process in [*_all]:
        process.detach()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def can_start() -> bool:
    """Return whether this interpreter can be started with a script.

    A frozen program, or one that embeds Python, would start itself.
    """
    is_python = Path(_interpreter()).name.startswith(("python", "pypy"))
    return is_python and not getattr(sys, "frozen", False) and Path(follower.__file__).is_file()


def _interpreter() -> str:
    return getattr(sys, "_base_executable", "") or sys.executable or ""


def _start_process(control: int) -> int:
    """Start the process and return its id."""
    pid_reader, pid_writer = os.pipe()
    moved: list[int] = []
    try:
        moved += [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, _HIGH) for each in (pid_writer, control)]
        shell = _spawn(["sh", "-c", _START, "sh", _interpreter(), "-ISE", follower.__file__], moved)
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
    """Start ``/bin/sh`` with the first descriptor as its 1, and the socket."""
    numbers = [1, follower.CONTROL]
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
