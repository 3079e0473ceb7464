"""The queue of a database: a worker chooses and claims a run in one transaction.

Waiting runs have a row in ``queued_runs``. A worker locks the first row that no other transaction
has locked (``SKIP LOCKED``; in SQLite one transaction writes at a time), writes the claim and its
token, and removes the row. What is put back into the queue gets a row again.
"""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from sacred_core.serialization import from_json, to_json
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_queue import (
    NO_FACTS,
    DocumentQueue,
)
from sacred_core.stores.run_store import RunStore, find_stored
from sacred_core.stores.worker_claims import (
    CLAIM_PREFIX,
    WorkerClaim,
    decode_claim,
    encode_claim,
    following_claim,
)
from sacred_sql.changes import note_change
from sacred_sql.contents import is_large, large_texts, read_large_texts, store_outside, write_facts
from sacred_sql.queued_rows import enqueue_waiting
from sacred_sql.row_ids import IS_RUN
from sacred_sql.schema import facts, queued_runs, run_tokens, runs

if TYPE_CHECKING:
    from sacred_sql.database import Database

#: Rows that a worker looks at in one statement: more than workers that claim at the same time.
_AT_ONCE = 100


class SqlQueue(DocumentQueue):
    """The part of `sacred_sql.store.SqlStore` for workers."""

    claims_at_once = _AT_ONCE
    _database: "Database"

    def take_first(
        self, run_ids: Sequence[int | str] | None, claim: WorkerClaim
    ) -> StoredRun | None:
        """Claim the first of some runs, or of all, that is waiting, in one transaction."""
        run_id = self._database.write(partial(claim_next, claim=claim, run_ids=run_ids))
        return None if run_id is None else find_stored(cast(RunStore, self), run_id)

    def adopt_queued(self) -> None:
        """Add runs to the queue that an earlier release has queued."""
        self._database.create_tables()
        if self._database.read(_missing_runs):
            self._database.write(add_queued)


def claim_next(
    connection: sa.Connection, claim: WorkerClaim, run_ids: Sequence[int | str] | None = None
) -> str | None:
    """Claim the first waiting run that no other transaction claims, and return its id.

    Args:
        connection: In a transaction.
        claim: The claim, without what earlier claims of the run add to it.
        run_ids: Only one of these; None: any run.

    Returns:
        None if there is no such run.
    """
    waiting = sa.select(queued_runs.c.run_key, runs.c.run_id).join(
        runs, runs.c.run_key == queued_runs.c.run_key
    )
    waiting = waiting.where(runs.c.status == "QUEUED")
    if run_ids is not None:
        waiting = waiting.where(runs.c.run_id.in_([str(each) for each in run_ids]))
    waiting = waiting.order_by(queued_runs.c.rank, queued_runs.c.run_key).limit(_AT_ONCE)
    for key, run_id in connection.execute(waiting).all():
        if _lock(connection, key):
            _write_claim(connection, key, claim)
            return str(run_id)
    return None


def add_queued(connection: sa.Connection) -> None:
    """Add to the queue what an earlier release has queued."""
    for key, meta in _missing_runs(connection):
        run = _run_with(meta)
        run.claim = _claim_of(connection, key)  # of a process that queues the run now
        enqueue_waiting(connection, key, run)


def _missing_runs(connection: sa.Connection) -> Sequence[Any]:
    """Return keys and metadata of runs that wait, and that are not in the queue."""
    has_row = sa.select(1).where(queued_runs.c.run_key == runs.c.run_key).exists()
    is_waiting = sa.and_(runs.c.status == "QUEUED", ~_is_claimed(runs.c.run_key))
    query = sa.select(runs.c.run_key, runs.c.meta).where(is_waiting, IS_RUN, ~has_row)
    return connection.execute(query).all()


def _is_claimed(key: Any) -> sa.ColumnElement[bool]:
    claim = run_tokens.c.token.startswith(CLAIM_PREFIX)
    return sa.select(1).where(run_tokens.c.run_key == key, claim).exists()


def _lock(connection: sa.Connection, key: int) -> bool:
    """Lock the rows of a waiting run, and return False if another transaction has one of them."""
    run = sa.select(runs.c.run_key).where(runs.c.run_key == key, runs.c.status == "QUEUED")
    row = sa.select(queued_runs.c.run_key).where(queued_runs.c.run_key == key)
    # The last one comes after the others: until the run is locked, a worker may claim it.
    queries = (
        run.with_for_update(skip_locked=True), row.with_for_update(skip_locked=True),
        row.where(~_is_claimed(key)),
    )  # fmt: skip
    return all(connection.execute(query).first() is not None for query in queries)


def _write_claim(connection: sa.Connection, key: int, claim: WorkerClaim) -> None:
    """Write a claim and its token, and take the run out of the queue."""
    connection.execute(queued_runs.delete().where(queued_runs.c.run_key == key))
    mine = run_tokens.c.run_key == key
    if connection.execute(run_tokens.update().where(mine).values(token=claim.token)).rowcount == 0:
        connection.execute(run_tokens.insert().values(run_key=key, token=claim.token))
    is_new, known = _read_facts(connection, key)
    known["claim"] = encode_claim(following_claim(claim, decode_claim(known.get("claim"))))
    new = to_json(known)
    write_facts(connection, key, new, is_new=is_new)
    if is_large(new):
        store_outside(connection, key, large_texts({facts.name: new}))
    note_change(connection, key)


def _claim_of(connection: sa.Connection, key: int) -> WorkerClaim | None:
    return decode_claim(_read_facts(connection, key)[1].get("claim"))


def _read_facts(connection: sa.Connection, key: int) -> tuple[bool, dict[str, Any]]:
    """Return whether a run has no facts yet, and its facts."""
    stored = connection.execute(sa.select(facts.c.value).where(facts.c.run_key == key)).first()
    text = None if stored is None else stored[0]
    if stored is not None and text is None:
        text = read_large_texts(connection, [key], [facts.name]).get((key, facts.name))
    known = from_json(text) if text else {}
    return stored is None, dict(known if isinstance(known, dict) and known else NO_FACTS)


def _run_with(meta: Any) -> StoredRun:
    """Return a run with the metadata in a row; damaged ones, and large ones, have no priority."""
    run = StoredRun(id="", status="QUEUED")
    try:
        found = from_json(meta) if isinstance(meta, (str, bytes)) else meta
    except ValueError:
        found = None
    run.meta = found if isinstance(found, dict) else {}
    return run
