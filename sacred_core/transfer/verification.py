"""Compares the runs of two stores by their digests."""

from collections.abc import Iterable, Iterator

import attrs

from sacred_core.exceptions import DamagedRecordError, StoreError, UnavailableError
from sacred_core.shared_methods import ValueMethods
from sacred_core.stores import RunQuery, RunStore, StoredRun
from sacred_core.stores.digests import digest_run
from sacred_core.stores.query import Field
from sacred_core.transfer.differences import Difference, RunInStore, find_differences


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Comparison(ValueMethods):
    """A run in two stores, A and B.

    Attributes:
        uid: Of the run.
        name: Of its experiment.
        a, b: Its id in each store, None where it is missing.
        differences: What differs if both have it.
        problem: Why it cannot be compared, or None.
    """

    uid: str
    name: str
    a: int | str | None = None
    b: int | str | None = None
    differences: tuple[Difference, ...] = ()
    problem: str | None = None

    @property
    def state(self) -> str:
        """One of ``equal``, ``different``, ``only in A``, ``only in B`` and ``unreadable``."""
        if self.problem is not None:
            return "unreadable"
        if self.a is None or self.b is None:
            return "only in B" if self.a is None else "only in A"
        return "different" if self.differences else "equal"


def verify(
    store_a: RunStore,
    store_b: RunStore,
    ids: Iterable[int | str] | None = None,
    reads_files: bool = False,
) -> Iterator[Comparison]:
    """Compare runs of two stores, which are paired by their uid; one after the other.

    Args:
        store_a, store_b: From `open_store`.
        ids: Of the runs of ``store_a`` to compare; None: all of both stores.
        reads_files: Read the content of all files, not only their recorded digests.

    Raises:
        StoreError: a store cannot be read.
    """
    index = uids_of(store_b)
    chosen = list(uids_of(store_a).values()) if ids is None else [*ids]
    paired = set()
    for run_id in chosen:
        run = _get(store_a, run_id)
        if run is None:
            continue
        paired.add(run.uid)
        other_id = index.get(run.uid)
        other = None if other_id is None else _get(store_b, other_id)
        if other is None:
            yield _single(run, a=run.id)
        else:
            yield compare(store_a, run, store_b, other, reads_files)
    for uid, run_id in index.items() if ids is None else ():
        other = _get(store_b, run_id) if uid not in paired else None
        if other is not None:
            yield _single(other, b=other.id)


def compare(
    store_a: RunStore,
    run_a: StoredRun,
    store_b: RunStore,
    run_b: StoredRun,
    reads_files: bool = False,
) -> Comparison:
    """Compare a run in two stores; see `verify`.

    Args:
        store_a, store_b: From `open_store`.
        run_a, run_b: With all attributes.
        reads_files: See `verify`.
    """
    result = Comparison(uid=run_a.uid, name=run_a.name, a=run_a.id, b=run_b.id)
    problems = [f"damaged in {where}: {run.damage}"
                for where, run in (("A", run_a), ("B", run_b)) if run.damage]  # fmt: skip
    if problems:
        return attrs.evolve(result, problem="; ".join(problems))
    try:
        a = RunInStore(store=store_a, run=run_a, digest=digest_run(store_a, run_a, reads_files))
        b = RunInStore(store=store_b, run=run_b, digest=digest_run(store_b, run_b, reads_files))
        if a.digest.total == b.digest.total:
            return result
        return attrs.evolve(result, differences=tuple(find_differences(a, b)))
    except DamagedRecordError as error:
        return attrs.evolve(result, problem=str(error))


def uids_of(store: RunStore) -> dict[str, int | str]:
    """Return the ids of all runs by their uid, the oldest first; of equal uids the oldest run.

    Args:
        store: From `open_store`.
    """
    found: dict[str, int | str] = {}
    for run in store.list(RunQuery(fields=[Field("uid")])):
        found.setdefault(run.uid, run.id)
    return found


def _get(store: RunStore, run_id: int | str) -> StoredRun | None:
    """Return a run, None if it was deleted meanwhile."""
    try:
        return store.get(run_id)
    except UnavailableError:
        raise
    except StoreError:
        return None


def _single(
    run: StoredRun, *, a: int | str | None = None, b: int | str | None = None
) -> Comparison:
    return Comparison(uid=run.uid, name=run.name, a=a, b=b, problem=run.damage)
