"""Calls of a store that are repeated while it cannot be reached."""

import logging
import random
from collections.abc import Callable
from typing import TypeVar

from sacred_core.masking import mask_text
from sacred_core.observers.retry_policy import OUTAGES
from sacred_core.serialization import message_of
from sacred_core.worker.stopping import StopRequest

T = TypeVar("T")
#: Seconds between two attempts: the first pause, and the longest one.
_FIRST, _LONGEST = 0.2, 30.0


class StoppedError(Exception):
    """The worker was asked to end while it waited for the store."""


class StoreCalls:
    """Repeats calls while the store cannot be reached, with pauses that grow.

    Args:
        place: The store, for messages, without secrets.
        stop: Ends the pauses.
        logger: Logs what is repeated.
        when_lost: Called after each attempt that failed.
    """

    def __init__(
        self,
        place: str,
        stop: StopRequest,
        logger: logging.Logger,
        when_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._place = place
        self._stop = stop
        self._logger = logger
        self._when_lost = when_lost

    def persist(self, call: Callable[[], T], has_time: Callable[[], bool] | None = None) -> T:
        """Return what ``call`` returns, as soon as the store can be reached.

        Args:
            call: Uses the store.
            has_time: Whether another attempt may be made; by default until the worker is asked to
                end.

        Raises:
            StoppedError: there is no more time.
        """
        has_time = has_time or (lambda: self._stop.signum is None)
        pause = _FIRST
        while True:
            try:
                found = call()
            except OUTAGES as error:
                self._when_lost()
                if not has_time():
                    raise StoppedError from error
                self._logger.warning(
                    "%s cannot be reached: %s. The next attempt is in %.1f seconds",
                    self._place, mask_text(message_of(error)), pause,
                )  # fmt: skip
                self._stop.wait(pause * random.uniform(0.7, 1.0))
                pause = min(2 * pause, _LONGEST)
                continue
            if pause > _FIRST:
                self._logger.info("%s can be reached again", self._place)
            return found
