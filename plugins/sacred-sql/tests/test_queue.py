"""Workers claim queued runs of a database."""

from typing import Any

import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.schema import queued_runs

from sacred_core.stores.worker_claims import is_waiting
from sacred_core.testing import EventDriver


def queue_runs(url: str, *priorities: Any) -> list[Any]:
    """Queue a run for each priority, and return the ids."""
    observer = SqlObserver(url)
    ids = [EventDriver(observer).queue(meta_info={"priority": each}) for each in priorities]
    observer.join()
    return ids


def test_the_oldest_run_of_the_highest_priority_is_claimed(url: str) -> None:
    """Also where a condition is given; a run that was put back is in its old place."""
    ids = queue_runs(url, 0, 5, 0, 5)
    store = SqlStore(url)
    order = [ids[1], ids[3], ids[0], ids[2]]
    assert [store.claim(None, "ann").id for _ in ids] == order  # type: ignore[union-attr]
    for run_id in ids:
        assert store.requeue(run_id, "again")
    found = [store.claim("meta.priority >= 0", "ann") for _ in (*ids, None)]
    assert [run and run.id for run in found] == [*order, None]


def test_a_claim_is_one_transaction_that_writes(url: str) -> None:
    """However many runs were queued, and whatever the others have."""
    queue_runs(url, *range(30))
    store = SqlStore(url)
    assert store.claim(None, "ann") is not None  # connects, and looks for earlier releases
    commits: list[Any] = []
    sa.event.listen(store.engine, "commit", commits.append)
    for where in (None, "meta.priority < 20"):
        commits.clear()
        assert store.claim(where, "ann") is not None
        assert len(commits) == 1, where


def test_runs_that_an_earlier_release_has_queued_are_claimed(url: str) -> None:
    """They have no row in the queue; a damaged or large record of one does no harm."""
    ids = queue_runs(url, 1, 7, "high")
    store = SqlStore(url)
    with store.engine.begin() as connection:
        connection.execute(queued_runs.delete())
    assert store.claim(None, "ann").id == ids[1]  # type: ignore[union-attr]
    other = SqlStore(url)
    claimed = [other.claim(None, "bob") for _ in ids]
    assert [run and run.id for run in claimed] == [ids[0], ids[2], None]


def test_a_deleted_run_is_not_claimed(url: str) -> None:
    """Its row in the queue is deleted with it."""
    first, second = queue_runs(url, 1, 0)
    store = SqlStore(url)
    store.delete(first)
    run = store.claim(None, "ann")
    assert run is not None and run.id == second and not is_waiting(run)
    assert store.claim(None, "ann") is None
