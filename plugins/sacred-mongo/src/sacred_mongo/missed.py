"""What could not be saved yet, in order."""

import time
from collections.abc import Mapping
from typing import Any

from sacred_core.exceptions import EventKeptError, StoreError
from sacred_mongo.recorder import Recorder

#: Seconds for which a server that failed is left alone: at the end of a run every event that
#: waits is told, and each would wait for the server.
_HOLD = 5.0

Entry = tuple[str, Mapping[str, Any]]


class Missed:
    """The calls of a `Recorder` that failed, and those that must wait for them.

    Points and output build on what stands before them, so that nothing passes what waits. The
    caller is told of a failure too and may give the same again.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._held_until = 0.0
        self._error = ""

    def give(self, recorder: Recorder, method: str, **arguments: Any) -> None:
        """Call the method after all that waits.

        Raises:
            EventKeptError: the server cannot be reached, or refuses.
        """
        self._add((method, arguments))
        if time.monotonic() < self._held_until:
            raise EventKeptError(self._error)
        try:
            self.flush(recorder)
        except StoreError as error:
            raise EventKeptError(str(error)) from error

    def flush(self, recorder: Recorder) -> None:
        """Call what waits, up to the first failure, a StoreError where `give` says so."""
        while self.entries:
            method, arguments = self.entries[0]
            try:
                with recorder.place.connection.told():
                    getattr(recorder, method)(**arguments)
            except StoreError as error:
                self._held_until, self._error = time.monotonic() + _HOLD, str(error)
                raise
            except Exception:
                self.entries.pop(0)  # a file that cannot be read, for example: others can be
                raise
            self.entries.pop(0)
        self._held_until = 0.0

    def _add(self, new: Entry) -> None:
        if new in self.entries:
            return
        if new[0] == "artifact":  # a later version, or a copy of the file, takes its place
            name = new[1]["name"]
            self.entries = [
                e for e in self.entries if (e[0], e[1].get("name")) != ("artifact", name)
            ]
        if self.entries and new[0] == "heartbeat" == self.entries[-1][0]:
            self.entries.pop()
        self.entries.append(new)
