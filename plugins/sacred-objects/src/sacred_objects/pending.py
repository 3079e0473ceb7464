"""Names of shared content that runs are about to store, or have stored and not named yet.

A run that starts, or reads many files, names content in its record after it has stored it. Before
it stores it the names are in objects ``_pending/TOKEN/N.json``, until the record has them, so
that nobody who deletes another run removes the content meanwhile.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from sacred_core.stores import StoredRun
from sacred_objects.fetching import in_parallel
from sacred_objects.layout import JSON, PENDING, Place

#: A process that has not written its record for so long has ended; clocks of machines differ.
_LIFETIME = timedelta(days=1)


class Pending:
    """The names of one run.

    Args:
        place: Where the runs are.
        token: Of the run.
    """

    def __init__(self, place: Place, token: str) -> None:
        self._bucket = place.bucket
        self._prefix = f"{place.root}{PENDING}{token}/"
        self._count = 0
        self._written: list[str] = []

    def add(self, keys: Iterable[str]) -> None:
        """Store names of content, if there are any; call it before the content is stored."""
        listed = sorted(keys)
        if listed:
            key = f"{self._prefix}{self._count:08d}.json"
            data = {"keys": listed, "time": datetime.now(UTC).isoformat()}
            self._bucket.put(key, json.dumps(data).encode(), JSON)
            self._count += 1
            self._written.append(key)

    def clear(self) -> None:
        """Remove the names: the record has them."""
        if self._written:
            self._bucket.delete(self._written)
            self._written = []


def pending_keys(place: Place, runs: Mapping[str, StoredRun]) -> set[str]:
    """Return the content that runs are about to name; remove the names of those that have ended.

    Args:
        place: Where the runs are.
        runs: By token, those that have a record.
    """
    now = datetime.now(UTC)
    prefix = place.root + PENDING
    names = list(place.bucket.list(prefix))
    found: set[str] = set()
    ended: list[str] = []
    for name, data in zip(names, in_parallel(place.bucket.get, names), strict=True):
        keys, time = _read(data)
        run = runs.get(name.removeprefix(prefix).partition("/")[0])
        is_recent = time is None or now - time < _LIFETIME
        is_live = run is not None and run.is_running()
        if is_live or (is_recent and (run is None or run.recorded_status == "RUNNING")):
            found.update(keys)
        else:
            ended.append(name)
    place.bucket.delete(ended)
    return found


def _read(data: bytes | None) -> tuple[Iterator[str], datetime | None]:
    """Return the names, and when they were written, or None where that is unknown."""
    try:
        stored = json.loads(data or b"{}")
        return iter([str(key) for key in stored["keys"]]), datetime.fromisoformat(stored["time"])
    except (ValueError, TypeError, KeyError):
        return iter(()), None
