"""Stores what runs printed that did not end: see `sacred_core.run.spools`."""

import platform
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol, cast, runtime_checkable

import attrs

from sacred_core.exceptions import StoreError
from sacred_core.run.spools import SpoolEntry, StoreAddress, spool_entries
from sacred_core.stores.model import StoredRun
from sacred_core.stores.opening import open_store
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.unfinished import unknown_filter, with_unfinished

Filter = Callable[[str], str]
#: Stores round the times of runs: two runs of one id do not start so close together.
_SAME = timedelta(seconds=1)


@runtime_checkable
class OutputStore(Protocol):
    """A store in which the output of a run that did not end can be completed."""

    def complete_output(self, run_id: int | str, text: str) -> None:
        """Replace the output of the run by ``text``; stored parts of it are not stored again.

        Raises:
            StoreError: the run does not exist.
        """


@attrs.frozen(kw_only=True)
class Recovery:
    """The result of the recovery of one run in one store.

    Attributes:
        entry: The run.
        address: The store, or None if the run as a whole is left as it is.
        count: How many characters the whole output has; None if it could not be stored.
        reason: Why nothing was done, or ``""``.
    """

    entry: SpoolEntry
    address: StoreAddress | None
    count: int | None = None
    reason: str = ""


def recover(location: str | None = None, output_filter: Filter | None = None) -> Iterator[Recovery]:
    """Store what is left of the output of runs that did not end; yield what was done.

    What is stored already is not stored again. A description is deleted once all its stores have
    the whole output. Runs that are alive are left as they are.

    Args:
        location: Only in this store, perhaps with the password that no description has; without,
            in each store that can be opened.
        output_filter: In place of a filter of a run's own, which is not imported.

    Raises:
        StoreError: ``location`` has no store.
    """
    given = None if location is None else open_store(location)
    for entry in spool_entries():
        if entry.is_live:
            yield Recovery(entry=entry, address=None, reason="the run is alive")
        elif not entry.has_spool:
            entry.remove()
        else:
            yield from recover_entry(entry, given, output_filter)


def recover_entry(
    entry: SpoolEntry, given: RunStore | None, output_filter: Filter | None
) -> Iterator[Recovery]:
    """Store the last output of one run whose process has ended; see `recover`.

    Args:
        entry: Of the run.
        given: Only in this store; None: in each store that can be opened.
        output_filter: As of `recover`.
    """
    left = list(entry.stores)
    for address in entry.stores:
        done = _recover_in_store(entry, address, given, output_filter)
        if done is None:
            continue
        if done.count is not None:
            left.remove(address)
        yield done
    if not left:
        entry.remove()
    elif len(left) < len(entry.stores):
        attrs.evolve(entry, stores=tuple(left)).write()


def _recover_in_store(
    entry: SpoolEntry, address: StoreAddress, given: RunStore | None, output_filter: Filter | None
) -> Recovery | None:
    """Complete the output in one store; None: the run is not in the given one."""
    try:
        store = given or open_store(address.location)
        if given is not None and not _is_there(store, entry, address):
            return None
        count = _complete_in_store(store, entry, address, output_filter)
    except StoreError as error:
        return Recovery(entry=entry, address=address, reason=str(error))
    return Recovery(entry=entry, address=address, count=count)


def _complete_in_store(
    store: RunStore, entry: SpoolEntry, address: StoreAddress, output_filter: Filter | None
) -> int:
    run = store.get(address.run_id)
    if not _is_of(run, entry):
        raise StoreError(f"the run {str(address.run_id)!r} in the store is another run")
    segment = run.segments[-1]
    if not _is_same(segment.start_time, entry.start_time):
        raise StoreError(
            "the run was resumed since: output of an earlier segment cannot be added to it"
        )
    if entry.host != platform.node() and run.status == "RUNNING":
        raise StoreError(f"the run may still be running on the machine {entry.host!r}")
    if not isinstance(store, OutputStore):
        raise StoreError(f"{type(store).__name__} has no method complete_output")
    if output_filter is None and (name := unknown_filter(entry.folder)):
        raise StoreError(
            f"the output was filtered by {name!r}, which is not imported: pass it with "
            "--filter, or delete the spool with --discard"
        )
    text = store.output(address.run_id)
    earlier, own = text[: segment.output], text[segment.output :]
    whole = earlier + with_unfinished(own, entry.folder, output_filter)
    cast(OutputStore, store).complete_output(address.run_id, whole)
    return len(whole)


def _is_there(store: RunStore, entry: SpoolEntry, address: StoreAddress) -> bool:
    try:
        return _is_of(store.get(address.run_id), entry)
    except StoreError:
        return False


def _is_of(run: StoredRun, entry: SpoolEntry) -> bool:
    """Return whether the process of an entry recorded a segment of a run."""
    return any(_is_same(segment.start_time, entry.start_time) for segment in run.segments)


def _is_same(first: datetime | None, second: datetime) -> bool:
    return first is not None and abs(first - second) < _SAME
