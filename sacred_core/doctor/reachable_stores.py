"""Check of stores: whether they can be opened and read, and what is wrong in them."""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sacred_core.doctor.findings import Finding, failure, passed, warning
from sacred_core.exceptions import SacredError
from sacred_core.hooks.lookup import INSTALL
from sacred_core.plurals import counted
from sacred_core.serialization import reason_of
from sacred_core.stores.explaining import require_existing
from sacred_core.stores.finding import count_runs, find_runs
from sacred_core.stores.model import StoredRun
from sacred_core.stores.opening import open_store
from sacred_core.stores.recognition import find_locations

#: Levels of sub-folders, and stores there, that are looked at without a location.
_DEPTH, _MOST = 2, 10
#: The newest runs of a store that are read.
_NEWEST = 100
#: What the clocks of two machines may differ.
_TOLERANCE = timedelta(seconds=60)


def check_stores(locations: Sequence[str] = (), timeout: float = 15.0) -> Iterator[Finding]:
    """Find stores that cannot be read, and damaged runs in them.

    Args:
        locations: Of the stores; by default those in the working directory.
        timeout: Seconds that each may take.
    """
    given = [*locations] or [*find_locations(Path(), _DEPTH).values()]
    for location in given if locations else given[:_MOST]:
        yield from _within(location, timeout)
    if not given:
        yield passed("no store in the working directory: pass the LOCATION of one to check it")
    elif not locations and len(given) > _MOST:
        yield passed(f"{counted(len(given) - _MOST, 'more store')} in the working directory")


def _within(location: str, timeout: float) -> Sequence[Finding]:
    """Return the findings of a store; a library may wait for a server for minutes."""
    found: list[Finding] = []
    thread = threading.Thread(target=lambda: found.extend(_examine(location)), daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        limit = counted(timeout, "second")
        return [
            failure(
                f"{location}: no answer within {limit}",
                "start its server, correct the address, or wait longer with --timeout",
            )
        ]
    return found


def _examine(location: str) -> list[Finding]:
    try:
        store = open_store(location)
        require_existing(store)
        newest = find_runs(store, limit=_NEWEST)
        count = count_runs(store)
    except SacredError as error:
        return [_failure(location, str(error))]
    except Exception as error:  # noqa: BLE001 - of the library of a store
        return [_failure(location, reason_of(error))]
    total = len(newest) if count is None else count
    return [passed(f"{location}: {counted(total, 'run')}"), *_find_in_runs(location, newest)]


def _failure(location: str, reason: str) -> Finding:
    problem, _, installation = reason.partition(f": {INSTALL}")
    return failure(f"{location}: {problem}", installation or _fix_of(location))


def _fix_of(location: str) -> str:
    if "://" in location:
        return "correct the location, or start its server"
    return f"correct the location, or record a run there: python SCRIPT -F {location}"


def _find_in_runs(location: str, runs: Sequence[StoredRun]) -> Iterator[Finding]:
    damaged = [str(run.id) for run in runs if run.damage is not None]
    if damaged:
        yield warning(
            f"{location}: {counted(len(damaged), 'run')} of the newest {len(runs)} cannot be read "
            f"in full: {', '.join(damaged)}",
            f"to see the reason: sacred runs show {location} {damaged[0]}",
        )
    latest = max((run.heartbeat or run.start_time for run in runs if run.start_time), default=None)
    if latest is not None and latest > datetime.now(UTC) + _TOLERANCE:
        yield warning(
            f"{location}: a run was alive at {latest:%Y-%m-%d %H:%M:%S} UTC, which is in the "
            "future: the clock of this machine or of another one is wrong, and runs may be shown "
            "as DEAD",
            "set the clocks of all machines (timedatectl set-ntp true)",
        )
