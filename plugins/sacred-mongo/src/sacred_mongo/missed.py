"""What could not be saved yet, in order."""

import time
from collections.abc import Mapping
from typing import Any

from sacred_core.exceptions import RunRemovedError, StoreError, UnavailableError
from sacred_mongo.connection import RefusedError
from sacred_mongo.recorder import Recorder

#: Seconds for which a server that failed is left alone: at the end of a run every event that
#: waits is told, and each would wait for the server.
_HOLD = 5.0

Entry = tuple[str, Mapping[str, Any]]


class Missed:
    """The calls of a `Recorder` that failed, and those that must wait for them.

    Points and output build on what stands before them, so that nothing passes what waits. The
    caller is told of a failure too and may give the same again. What the server refuses does not
    hold up the rest: the caller decides when it is tried again.

    Attributes:
        entries: What waits, in order.
        refused: What the server refused and has not recorded since.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.refused: list[Entry] = []
        #: The run was deleted: nothing that waits can be saved.
        self.is_removed = False
        self._held_until = 0.0
        self._error = ""

    def give(self, recorder: Recorder, method: str, **arguments: Any) -> None:
        """Call the method after all that waits.

        Raises:
            RefusedError: the server refuses what was to be written.
            UnavailableError: the server cannot be reached.
        """
        self._add((method, arguments))
        if time.monotonic() < self._held_until or self.is_removed:
            raise UnavailableError(self._error)
        try:
            self.flush(recorder)
        except RefusedError:
            raise
        except StoreError as error:
            raise UnavailableError(str(error)) from error

    def flush(self, recorder: Recorder) -> None:
        """Call what waits, up to the first failure, a StoreError where `give` says so."""
        while self.entries:
            method, arguments = self.entries[0]
            try:
                with recorder.place.connection.told():
                    getattr(recorder, method)(**arguments)
            except RefusedError:
                self._drop_refused(self.entries[0])
                self.refused.append(self.entries.pop(0))
                raise
            except StoreError as error:
                self.is_removed = isinstance(error, RunRemovedError)
                self._held_until, self._error = time.monotonic() + _HOLD, str(error)
                raise
            except Exception:
                self.entries.pop(0)  # a file that cannot be read, for example: others can be
                raise
            self._drop_refused(self.entries.pop(0))
        self._held_until = 0.0

    def _drop_refused(self, entry: Entry) -> None:
        """Remove what ``entry`` replaces: the same points, or an earlier heartbeat."""
        rests = [_without(each, entry) for each in self.refused]
        self.refused = [each for each in rests if each is not None]

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


def _without(old: Entry, new: Entry) -> Entry | None:
    """Return what ``new`` leaves of ``old``; the core tries the metrics of one event singly."""
    (method, arguments), metrics = old, new[1].get("metrics", {})
    if method != new[0]:
        return old
    if method != "metrics":
        return None if method == "heartbeat" or old == new else old
    known = arguments["metrics"]
    left = {name: metric for name, metric in known.items() if metrics.get(name) != metric}
    return (method, {**arguments, "metrics": left}) if left else None
