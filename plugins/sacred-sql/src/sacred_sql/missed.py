"""What could not be saved yet, in order: it is tried again, at the end of the run for a while."""

import time
from collections.abc import Mapping
from typing import Any

from sacred_core.exceptions import EventKeptError, StoreError
from sacred_sql.database import UnreachableError
from sacred_sql.recorder import Recorder

#: Seconds for which a server that failed is left alone: at the end of a run every event that
#: waits is told, and each would wait for the server.
_HOLD = 2.0
#: Seconds for which the end of a run waits for a server, and those from one try to the next.
LAST = 20.0
PAUSE = 1.0

Entry = tuple[str, Mapping[str, Any]]


class Missed:
    """The calls of a `Recorder` that failed, and those that must wait for them.

    Points and output build on what stands before them, so that nothing passes what waits. The
    caller is told of a failure too and may give the same again.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._held_until = 0.0
        self._error = ""

    def give(self, recorder: Recorder, method: str, arguments: Mapping[str, Any]) -> None:
        """Call the method after all that waits.

        Raises:
            EventKeptError: the database cannot be reached; `save` will try again.
            StoreError: it refuses.
        """
        self._add((method, arguments))
        if time.monotonic() < self._held_until:
            raise EventKeptError(self._error)
        try:
            self._flush(recorder)
        except UnreachableError as error:
            raise EventKeptError(str(error)) from error

    def save(self, recorder: Recorder) -> None:
        """Call what waits, for some time if need be; nothing waits then.

        Raises:
            StoreError: the database could not be reached.
        """
        until = time.monotonic() + LAST
        try:
            while self._entries:
                try:
                    self._flush(recorder)
                except UnreachableError as error:
                    if time.monotonic() > until:
                        names = ", ".join(method for method, _ in self._entries)
                        raise StoreError(f"{error}; not saved: {names}") from error
                    time.sleep(PAUSE)
                except (StoreError, OSError):
                    pass  # it was told when it came
        finally:
            self._entries.clear()

    def _flush(self, recorder: Recorder) -> None:
        while self._entries:
            method, arguments = self._entries[0]
            try:
                getattr(recorder, method)(**arguments)
            except UnreachableError as error:
                self._held_until, self._error = time.monotonic() + _HOLD, str(error)
                raise
            except Exception:
                self._entries.pop(0)  # a file that cannot be read, for example: others can be
                raise
            self._entries.pop(0)
        self._held_until = 0.0

    def _add(self, new: Entry) -> None:
        if new in self._entries:
            return
        if self._entries and new[0] == "heartbeat" == self._entries[-1][0]:
            self._entries.pop()
        self._entries.append(new)
