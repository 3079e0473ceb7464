"""Sends the record of a run, now or later; where nothing helps, it is kept on this machine."""

import contextlib
import shutil
import time
from collections.abc import Callable

from sacred_core.exceptions import RunRemovedError, StoreError, UnavailableError
from sacred_core.loggers import own_logger
from sacred_objects.bucket import BucketAwayError
from sacred_objects.recorder import Recorder

#: Seconds for which a bucket that could not be reached is left alone: at the end of a run every
#: event that waits is told, and each would wait for the network.
_HOLD = 5.0
#: Seconds from one of the last tries to the next, and how many there are.
PAUSE, ATTEMPTS = 4.0, 6

_logger = own_logger(__name__)


class Sending:
    """The way of one run's record to its bucket.

    Args:
        recorder: The record.
    """

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self._held_until = 0.0
        self._error: StoreError | None = None

    def send(self, what: Callable[[], object], is_kept: bool = True) -> None:
        """Call one of the recorder's methods that send.

        Args:
            what: The method.
            is_kept: What it sends can be sent later also after the bucket refused it.

        Raises:
            UnavailableError: the bucket cannot be reached, or refuses; `finish` tries again.
            StoreError: the bucket refuses what is not kept.
        """
        if time.monotonic() < self._held_until or isinstance(self._error, RunRemovedError):
            raise UnavailableError(str(self._error))
        try:
            if is_kept and self.recorder.uploads.waiting:
                self._send_files()
            what()
        except StoreError as error:
            is_away = isinstance(error, BucketAwayError)
            if not is_away and not is_kept and not isinstance(error, RunRemovedError):
                raise
            self._error = error
            self._held_until = time.monotonic() + _HOLD if is_away else 0.0
            raise UnavailableError(str(error)) from error
        self._held_until, self._error = 0.0, None

    def finish(self) -> None:
        """Send what could not be sent before; where that fails too, leave it in a folder."""
        if self._error is None:
            return
        try:
            self._try_again()
        finally:
            # Also after a second Ctrl-C: nobody waits for the network then.
            if self._error is not None:
                self._leave(self._error)
                self._error = None

    def _try_again(self) -> None:
        for attempt in range(0 if isinstance(self._error, RunRemovedError) else ATTEMPTS):
            time.sleep(PAUSE if attempt else 0.0)
            try:
                self._send_files()
                self.recorder.send_record()
            except RunRemovedError as error:
                self._error = error
                return
            except StoreError as error:
                self._error = error
            else:
                self._error = None
                return

    def _send_files(self) -> None:
        try:
            self.recorder.send_files()
        except BucketAwayError:
            raise
        except (OSError, StoreError) as error:
            _logger.warning("A file of the run is not saved: %s", error)

    def _leave(self, why: StoreError) -> None:
        recorder = self.recorder
        recorder.keep()
        recorder.write_whole()
        for key, upload in recorder.uploads.waiting.items():
            path = recorder.folder / key.removeprefix(recorder.prefix)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with upload.opened() as source, path.open("wb") as target:
                    shutil.copyfileobj(source, target)
            except OSError as error:
                _logger.warning("%s is not kept: %s", key, error)
        if isinstance(why, RunRemovedError):
            with contextlib.suppress(StoreError):
                recorder.remove_parts()
            _logger.warning("%s. The record of the run is in %s", why, recorder.folder)
            return
        _logger.warning(
            "%s. What could not be saved of the run is kept in %s: copy it to %s/%s",
            why, recorder.folder, recorder.place.bucket.url, recorder.prefix,
        )  # fmt: skip
