"""The thread that sends heartbeats."""

import logging
import threading
from collections.abc import Callable
from time import monotonic

from sacred_core.late_threads import LateThread

#: Seconds; shorter intervals would take the time that the user's code needs.
_SHORTEST = 0.01


class BeatThread:
    """Calls ``beat`` every ``interval`` seconds on a separate thread, until it is stopped.

    An interval of 0 means the shortest one. `send_early` has ``send`` called before. The thread
    starts with the first of these calls.
    """

    def __init__(
        self,
        beat: Callable[[], None],
        send: Callable[[], None],
        interval: float,
        logger: logging.Logger,
    ) -> None:
        self._beat = beat
        self._send = send
        self._interval = max(interval, _SHORTEST)
        self._logger = logger
        self._woken, self._sent = threading.Event(), threading.Event()
        self._is_stopped = False
        self._first_due = 0.0
        self._thread = LateThread(self._work, "sacred-heartbeat", self._interval)

    def start(self) -> None:
        """Begin; the first beat comes after one interval."""
        self._first_due = monotonic() + self._interval
        self._thread.start()

    def stop(self) -> None:
        """Wait for a running beat; none follows."""
        self._is_stopped = True
        self._woken.set()
        self._thread.join()

    def send_early(self, wait: float) -> None:
        """Call ``send`` soon; wait until it returns, or for this number of seconds."""
        self._sent.clear()
        self._woken.set()
        self._thread.start_now()
        is_other = self._thread.is_running and not self._thread.is_current
        if wait and not self._is_stopped and is_other:
            self._sent.wait(wait)

    def _work(self) -> None:
        due = self._first_due
        while not self._is_stopped:
            is_early = self._woken.wait(max(0.0, due - monotonic())) and monotonic() < due
            self._woken.clear()
            if not self._is_stopped:
                self._call(self._send if is_early else self._beat)
            if not is_early:
                due = monotonic() + self._interval
            self._sent.set()

    def _call(self, function: Callable[[], None]) -> None:
        try:
            function()
        except Exception:  # the info dictionary is the user's: it may contain anything
            self._logger.warning("A heartbeat failed; the run continues", exc_info=True)
