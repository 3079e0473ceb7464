"""The delivery of one run that is being recorded in a spool."""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import attrs

from sacred_core.delivery.used_folders import flush_command
from sacred_core.file_locks import ProcessLock
from sacred_core.loggers import own_logger
from sacred_core.spool.copier import Copier
from sacred_core.spool.descriptions import SpooledRun, SpoolTarget
from sacred_core.spool.updating import RunUpdater

_logger = own_logger(__name__)


@attrs.frozen(kw_only=True)
class Delivery:
    """How a run reaches one store.

    Attributes:
        target: The store.
        shown_location: Its location as users write it.
        updater: Copies the run to it.
        retry_interval: Seconds between a failure and the next attempt.
    """

    target: SpoolTarget
    shown_location: str
    updater: RunUpdater
    retry_interval: float


class SpoolSession:
    """Copies a run to its stores while it lasts, then removes it from the spool.

    Args:
        run: The description.
        lock: Its lock, which is released when no thread copies the run any longer.
        deliveries: One for each store.
        remove: Removes the run from the spool.

    Attributes:
        delivered: The locations of the stores that have the whole run, and its id in each.
        is_removed: The run is not in the spool any longer.
        must_stay: The run stays in the spool, although all stores have what is recorded there.
    """

    def __init__(
        self,
        run: SpooledRun,
        lock: ProcessLock,
        deliveries: Sequence[Delivery],
        remove: Callable[[], None],
    ) -> None:
        self.delivered: list[tuple[str, int | str]] = []
        self.is_removed = False
        self.must_stay = False
        self._run = run
        self._lock = lock
        self._remove = remove
        self._guard = threading.Lock()
        self._copiers = [
            Copier(
                each.target,
                each.updater.update,
                each.retry_interval,
                partial(self._note_end, each),
            )
            for each in deliveries
        ]
        self._active = len(self._copiers)
        for copier in self._copiers:
            copier.start()

    def wake(self) -> None:
        """Copy what is new, in the background."""
        for copier in self._copiers:
            copier.wake()

    def close(self, end_timeout: float) -> None:
        """Copy the rest of a run that has ended, and report what is not delivered.

        Args:
            end_timeout: Seconds to wait, at most, for stores that answer.
        """
        until = time.monotonic() + end_timeout
        for copier in self._copiers:
            copier.close()
        for copier in self._copiers:
            copier.wait(until)
        left = [copier for copier in self._copiers if copier.run_id is None]
        if left:
            _logger.warning(
                "Run %s is stored in %s, but not yet in %s. To deliver it: %s",
                self._run.run_id,
                self._run.spool,
                "; ".join(f"{copier.target}: {copier.reason}" for copier in left),
                flush_command(str(self._run.spool)),
            )

    def _note_end(self, delivery: Delivery, run_id: int | str | None) -> None:
        """Note the result of a thread that ends; the last one removes the run, or unlocks it."""
        with self._guard:
            self._active -= 1
            try:
                if run_id is not None:
                    self.delivered.append((delivery.shown_location, run_id))
                    self._note_delivered(delivery.target)
            except Exception as error:  # noqa: BLE001 - a full disk; the run may be delivered again
                _logger.warning("The spool %s cannot be written: %s", self._run.spool, error)
            finally:
                if not self._active:
                    self._lock.release()

    def _note_delivered(self, target: SpoolTarget) -> None:
        left = tuple(each for each in self._run.targets if each != target)
        if not left and not self.must_stay:
            if not self._run.keep:
                self._remove()
                self.is_removed = True
            self._run.remove()
            return
        self._run = attrs.evolve(self._run, targets=left or (target,))
        self._run.write()
