"""The ids of runs as users write them: one by one, or ranges like ``20-22``."""

import re
from collections.abc import Iterable

from sacred_core.exceptions import OptionError, RunNotFoundError, StoreError
from sacred_core.printable import printable
from sacred_core.stores import RunQuery, RunStore, StoredRun
from sacred_core.stores.query import Condition, Field
from sacred_core.stores.run_ids import normalize_id

_RANGE = re.compile(r"(?P<first>[0-9]+)-(?P<last>[0-9]+)")

#: Words that users try in place of an id.
_NEWEST = ("latest", "newest", "last", "-1")


def get_run(store: RunStore, word: str) -> StoredRun:
    """Return the run with an id.

    Raises:
        StoreError: it does not exist, and may be meant as a range.
    """
    try:
        return store.get(normalize_id(word))
    except RunNotFoundError as error:
        found = _RANGE.fullmatch(word)
        if word.lower() in _NEWEST:
            raise RunNotFoundError(f"{error}: without an id it is the newest run") from None
        if found is None:
            raise _with_newest(error, store) from None
        query = f"--where 'id between {found['first']} and {found['last']}'"
        raise RunNotFoundError(
            f"{error}; this command takes one run: list a range with {query}"
        ) from None


def get_runs(store: RunStore, words: Iterable[str]) -> list[StoredRun]:
    """Return runs by ids and ranges of ids, each run once.

    An id that looks like a range is that of a run if the store has one. Of a range the runs that
    exist are returned, in the order of their ids.

    Raises:
        OptionError: the first id of a range is higher than its last one.
        StoreError: a run does not exist, or no run of a range.
    """
    runs = [run for word in words for run in _get(store, word)]
    return [*{run.id: run for run in runs}.values()]


def _get(store: RunStore, word: str) -> list[StoredRun]:
    found = _RANGE.fullmatch(word)
    try:
        return [store.get(normalize_id(word))]
    except RunNotFoundError as error:
        if found is None:
            raise _with_newest(error, store) from None
        return _range(store, int(found["first"]), int(found["last"]))


def _with_newest(error: RunNotFoundError, store: RunStore) -> RunNotFoundError:
    """Return an error that names the newest run, from which users see which ids a store has."""
    for run in store.list(RunQuery(limit=1, fields=[Field("id")])):
        return RunNotFoundError(f"{error}: the newest run is {printable(str(run.id))!r}")
    return RunNotFoundError(f"{error}: it has no runs")


def _range(store: RunStore, first: int, last: int) -> list[StoredRun]:
    if first > last:
        raise OptionError(f"the range {first}-{last} is empty: write {last}-{first}")
    is_inside = Condition(Field("id"), "between", (first, last))
    runs = [
        run
        for run in store.list(RunQuery(where=is_inside))
        if isinstance(run.id, int) and first <= run.id <= last
    ]
    if not runs:
        raise StoreError(f"no run from {first} to {last} found in {printable(_name(store))}")
    return sorted(runs, key=lambda run: int(run.id))


def _name(store: RunStore) -> str:
    return str(getattr(store, "display_name", "the store"))
