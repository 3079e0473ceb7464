"""Threads that serve one function after the other: to start one costs as much as much of a run."""

import os
import threading
from collections.abc import Callable

#: Seconds for which a thread without a function waits for the next one before it ends.
_LINGER = 1.0
#: The name of a thread that waits.
_IDLE = "sacred-idle"


class ReusedThread:
    """A daemon thread while it calls one function, which must not raise.

    Afterwards the thread calls the function of the next object, or ends.

    Args:
        target: The function.
        name: Of the thread while it calls it.
    """

    def __init__(self, target: Callable[[], object], name: str) -> None:
        self._target, self._name = target, name
        self._worker: threading.Thread | None = None
        self._is_done = threading.Event()

    @property
    def is_current(self) -> bool:
        """Whether the caller is this thread, in the function."""
        return self._worker is threading.current_thread()

    def start(self) -> None:
        """Call the function in the thread.

        Raises:
            RuntimeError: no thread can be started.
        """
        _workers.take().assign(self)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the function has returned, at most this number of seconds."""
        self._is_done.wait(timeout)

    def call(self) -> None:
        """Call the function; the thread calls this."""
        self._worker = threading.current_thread()
        self._worker.name = self._name
        try:
            self._target()
        finally:
            self._worker.name = _IDLE
            self._worker = None

    def finish(self) -> None:
        """Report that the function has returned; the thread may serve another one already."""
        self._is_done.set()


class _Worker:
    """A thread, and the object that it serves."""

    def __init__(self) -> None:
        self._assigned: ReusedThread | None = None
        self._woken = threading.Semaphore(0)
        self.thread = threading.Thread(target=self._work, name=_IDLE, daemon=True)

    def assign(self, task: ReusedThread | None) -> None:
        """Serve ``task`` next, or end without one."""
        self._assigned = task
        if self.thread.ident is None:
            self.thread.start()
        else:
            self._woken.release()

    def _work(self) -> None:
        while (task := self._assigned) is not None:
            self._assigned = None
            try:
                task.call()
            finally:
                _workers.add(self)  # first: who waits for the end may need a thread next
                task.finish()
            del task  # nothing of it lives on
            if not self._woken.acquire(timeout=_LINGER) and not _workers.remove(self):
                self._woken.acquire()  # it was taken just now


class _Workers:
    """The threads that wait for a function."""

    def __init__(self) -> None:
        self._idle: list[_Worker] = []

    # Each method changes the list in one step: no lock is needed, also after a fork.
    def add(self, worker: _Worker) -> None:
        """Add a worker whose function has returned."""
        self._idle.append(worker)

    def take(self) -> _Worker:
        """Remove and return the worker that was added last, or a new one."""
        try:
            return self._idle.pop()
        except IndexError:
            return _Worker()

    def remove(self, worker: _Worker) -> bool:
        """Remove a worker; return False if it was taken."""
        try:
            self._idle.remove(worker)
        except ValueError:
            return False
        return True

    def before_fork(self) -> None:
        """End the workers: Python warns of a fork beside other threads."""
        ended = []
        while self._idle:
            ended.append(self.take())
            ended[-1].assign(None)
        for worker in ended:
            worker.thread.join()

    def after_fork_in_child(self) -> None:
        """Forget the threads of the parent."""
        self._idle.clear()


_workers = _Workers()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_workers.before_fork, after_in_child=_workers.after_fork_in_child)
