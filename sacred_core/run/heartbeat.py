"""The thread that lets a run speak at regular intervals."""

import logging
import threading
from collections.abc import Callable

#: Seconds; shorter intervals would take the time that the user's code needs.
_SHORTEST = 0.01


class BeatThread:
    """Calls ``beat`` every ``interval`` seconds on a thread of its own, until it is stopped.

    An interval of 0 stands for the shortest one.
    """

    def __init__(self, beat: Callable[[], None], interval: float, logger: logging.Logger) -> None:
        self._beat = beat
        self._interval = max(interval, _SHORTEST)
        self._logger = logger
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sacred-heartbeat", daemon=True)

    def start(self) -> None:
        """Start the thread; the first beat comes after one interval."""
        self._thread.start()

    def stop(self) -> None:
        """Wait for a beat that is under way; none follows."""
        self._stopped.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _work(self) -> None:
        while not self._stopped.wait(self._interval):
            try:
                self._beat()
            except Exception:  # the info dictionary is the user's: it may hold anything
                self._logger.warning("A heartbeat failed; the run goes on", exc_info=True)
