"""Threads that start after a while: work that ends before has none.

To start and end a thread costs as much as much of a short run does. One thread, which is shared and
ends when nothing is pending, starts those that are due.

Until one of them has ended, as in the first run of a process, they start at once: a thread that
starts others while the main thread is about to wait makes it more likely that the interpreter
notices a signal, such as Ctrl-C, only when the wait is over.
"""

import os
import threading
from collections.abc import Callable
from time import monotonic

#: Seconds for which the shared thread waits for more to start before it ends.
_LINGER = 1.0
#: Seconds between two attempts to start a thread.
_PAUSE = 0.1


class LateThread:
    """A daemon thread that starts ``delay`` seconds after `start`, unless `join` comes first.

    It starts at once if none has been joined in this process yet.

    A process that was forked meanwhile does not start it.

    Args:
        target: What it calls.
        name: Of the thread.
        delay: Seconds.
    """

    def __init__(self, target: Callable[[], None], name: str, delay: float) -> None:
        self.delay = delay
        self._thread: threading.Thread | None = None
        self._target, self._name = target, name

    def start(self) -> None:
        """Have the thread start when it is due."""
        if _starter.has_ended:
            _starter.add(self)
        else:
            self.start_thread()

    def start_now(self) -> None:
        """Start the thread if it is pending."""
        _starter.start_now(self)

    def join(self) -> None:
        """Wait for the end of the thread; one that has not started never does."""
        thread = self._thread if not _starter.remove(self) else None
        _starter.has_ended = True
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    @property
    def is_running(self) -> bool:
        """Whether the thread has started and not ended."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def is_current(self) -> bool:
        """Whether the caller is this thread."""
        return self._thread is threading.current_thread()

    def start_thread(self) -> None:
        """Start the thread; the starter calls this with its lock."""
        self._thread = threading.Thread(target=self._target, name=self._name, daemon=True)
        self._thread.start()


class _Starter:
    """The thread that starts what is due, and what is pending.

    Attributes:
        has_ended: A thread has been joined.
    """

    has_ended = False

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._due: dict[LateThread, float] = {}
        self._wakes_at = 0.0
        self._thread: threading.Thread | None = None

    def add(self, late: LateThread) -> None:
        """Start ``late`` when it is due."""
        with self._changed:
            due = self._due[late] = monotonic() + late.delay
            if self._thread is None:
                self._wakes_at = due
                self._thread = threading.Thread(
                    target=self._work, name="sacred-starter", daemon=True
                )
                self._thread.start()
            elif due < self._wakes_at:
                self._changed.notify()

    def start_now(self, late: LateThread) -> None:
        """Start ``late`` if it is pending."""
        with self._changed:
            if self._due.pop(late, None) is not None:
                late.start_thread()

    def remove(self, late: LateThread) -> bool:
        """Do not start ``late``; return whether it was pending."""
        with self._changed:
            return self._due.pop(late, None) is not None

    def before_fork(self) -> None:
        """End the thread if nothing is pending: Python warns of a fork beside other threads."""
        with self._changed:
            thread = None if self._due else self._thread
            if thread is not None:
                self._thread = None
                self._changed.notify()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def after_fork_in_child(self) -> None:
        """Start nothing in a child; another thread of the parent may have held the lock."""
        self._changed = threading.Condition(threading.Lock())
        self._due = {}
        self._thread = None

    def _work(self) -> None:
        this = threading.current_thread()
        with self._changed:
            while self._thread is this:
                now = monotonic()
                for late in [late for late, due in self._due.items() if due <= now]:
                    self._start(late)
                self._wakes_at = min(self._due.values(), default=now + _LINGER)
                has_pending = bool(self._due)
                is_woken = self._changed.wait(self._wakes_at - now)
                if not is_woken and not has_pending and not self._due:
                    self._thread = None

    def _start(self, late: LateThread) -> None:
        try:
            late.start_thread()
            del self._due[late]
        except RuntimeError:  # the system has too many threads; the process may be ending
            self._due[late] = monotonic() + late.delay + _PAUSE


_starter = _Starter()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_starter.before_fork, after_in_child=_starter.after_fork_in_child)
