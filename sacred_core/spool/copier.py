"""Copies one run to one store, in a thread, while the run lasts."""

import math
import threading
import time
from collections.abc import Callable

from sacred_core.delivery.failures import format_error
from sacred_core.spool.descriptions import SpoolTarget

#: Seconds that an attempt has, if the store has not answered before or the last attempt failed.
_FIRST_ANSWER = 1.0
#: The rest after an attempt, as a multiple of its duration: each one reads the output of the run.
REST = 4


class Copier:
    """A daemon thread brings a store up to date whenever `wake` is called.

    After a failure it is tried again when `retry_interval` has passed. Once the run has ended there
    are no retries. Between two attempts it rests, so that it takes a part of the time only.

    Args:
        target: The store.
        update: Stores what the store does not have; returns the id of the run there once the
            store has the whole run, with its end, otherwise None. Its argument is called whenever
            the store has answered.
        retry_interval: Seconds between a failure and the next attempt.
        when_ended: Called in the thread when it ends, with `run_id`.

    Attributes:
        target: The store.
        run_id: The id of the run there, once the store has the whole run; otherwise None.
    """

    def __init__(
        self,
        target: SpoolTarget,
        update: Callable[[Callable[[], None]], int | str | None],
        retry_interval: float,
        when_ended: Callable[[int | str | None], None],
    ) -> None:
        self.target = target
        self.run_id: int | str | None = None
        self._update = update
        self._retry_interval = retry_interval
        self._when_ended = when_ended
        self._changed = threading.Condition()
        self._is_due, self._is_closing, self._has_ended = True, False, False
        self._is_attempting = self._is_last = False
        self._has_answered, self._error = False, ""
        self._attempt_began, self._duration = time.monotonic(), 0.0
        self._thread = threading.Thread(target=self._work, name="sacred-spool", daemon=True)

    @property
    def reason(self) -> str:
        """Why the store does not have the whole run."""
        return self._error or ("no more time" if self._has_answered else "it did not answer")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Copy what is new, soon."""
        with self._changed:
            self._is_due = True
            self._changed.notify_all()

    def close(self) -> None:
        """Copy the rest, then end the thread; the run has ended.

        A store that has answered before gets one more attempt after a failure.
        """
        with self._changed:
            self._is_due = self._is_closing = True
            self._changed.notify_all()

    def wait(self, until: float) -> None:
        """Wait for the end of the thread, after `close`.

        A store is waited for as long as it answers. If it has not answered yet, or if the last
        attempt failed, an attempt that is in progress has `_FIRST_ANSWER` seconds.

        Args:
            until: At most until then, as of `time.monotonic`.
        """
        with self._changed:
            while not self._has_ended:
                left = min(self._limit(), until) - time.monotonic()
                if left <= 0:
                    return
                self._changed.wait(left)

    def _limit(self) -> float:
        """Return until when the current attempt is waited for, as of `time.monotonic`."""
        if not self._is_attempting or (self._has_answered and not self._error):
            return math.inf
        return self._attempt_began + _FIRST_ANSWER

    def _work(self) -> None:
        try:
            while self._wait_until_due():
                self._attempt()
        finally:
            self._when_ended(self.run_id)
            with self._changed:
                self._has_ended = True
                self._changed.notify_all()

    def _wait_until_due(self) -> bool:
        """Wait for the next attempt; return False if there is none."""
        with self._changed:
            now = time.monotonic()
            next_at = now + (self._retry_interval if self._error else REST * self._duration)
            while self.run_id is None:
                if self._is_closing and self._error:
                    return self._begin_last_attempt()
                if self._is_closing and not self._is_due:
                    return False
                left = next_at - time.monotonic()
                is_rested = self._is_closing or left <= 0
                if is_rested and (self._is_due or self._error):
                    self._is_due = False
                    return True
                self._changed.wait(None if is_rested else left)
            return False

    def _begin_last_attempt(self) -> bool:
        """Return whether there is one more attempt after the end: once, if the store answered."""
        if not self._has_answered or self._is_last:
            return False
        self._is_last, self._has_answered = True, False
        return True

    def _note_answer(self) -> None:
        with self._changed:
            self._has_answered, self._error = True, ""
            self._changed.notify_all()

    def _attempt(self) -> None:
        error, run_id = "", None
        with self._changed:
            self._is_attempting, self._attempt_began = True, time.monotonic()
        try:
            run_id = self._update(self._note_answer)
        except Exception as raised:  # noqa: BLE001 - of a driver; the run is in the spool
            error = format_error(raised)
        with self._changed:
            self._is_attempting, self._error = False, error
            self._duration = time.monotonic() - self._attempt_began
            self._has_answered = self._has_answered or not error
            self.run_id = run_id
            self._changed.notify_all()
