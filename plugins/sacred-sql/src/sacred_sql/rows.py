"""What an observer knows of the rows of its run."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

import attrs
import sqlalchemy as sa

from sacred_core.stores.model import StoredRun
from sacred_sql.appended import Metric
from sacred_sql.changes import has_token, note_change
from sacred_sql.contents import store_outside, write_facts
from sacred_sql.database import Database
from sacred_sql.experiments import Experiment, load_experiment
from sacred_sql.row_ids import part_row_id
from sacred_sql.schema import LONGEST_COMMENT, run_tokens, runs

#: What is written separately.
Part: TypeAlias = Literal["values", "output", "points"]


@attrs.define
class Rows:
    """The rows of the current run, as far as they are known to this observer.

    Attributes:
        experiment: What the row of the run refers to.
        token: See `sacred_core.stores.tokens`; empty if nobody has resumed the run.
        key: Of the row of the run.
        experiment_key: Of the row of the experiment.
        unsure: For how many of the next writes of a part more may be stored than this object has:
            the row is not new, or answers to attempts were lost.
        metrics: What is stored of each metric.
        output_end: Where the output ends.
        is_cut: An empty piece is at the end of the output.
        large: The names of values that are stored outside of the row.
        has_beaten: Columns were set after the start.
        has_facts: Facts may be stored.
        main_key: Of the row of the run that this is a part of, which changes with it; or None.
        knows_metrics: `metrics` has all metrics of the run, unless `unsure`.
        highest: The highest number of a run, read shortly before the number is needed.
    """

    experiment: Experiment
    token: str = ""
    key: int = 0
    experiment_key: int = 0
    unsure: Counter[Part] = attrs.field(factory=Counter)
    metrics: dict[str, Metric] = attrs.field(factory=dict)
    output_end: int = 0
    is_cut: bool = False
    large: set[str] = attrs.field(factory=set)
    has_beaten: bool = False
    has_facts: bool = False
    knows_metrics: bool = False
    highest: int | None = None
    main_key: int | None = None

    def copy(self) -> "Rows":
        """Return what changes independently."""
        return attrs.evolve(
            self, metrics=dict(self.metrics), large=set(self.large), unsure=Counter(self.unsure)
        )

    def update(self, connection: sa.Connection, columns: Mapping[str, Any]) -> bool:
        """Set columns of the run, and return whether its row exists: keys are not reused."""
        change = runs.update().where(runs.c.run_key == self.key, has_token(self.token))
        return connection.execute(change.values(columns)).rowcount == 1

    def write_values(
        self,
        connection: sa.Connection,
        columns: Mapping[str, Any],
        facts: str | None,
        outside: Mapping[str, str | None],
        is_new: bool,
    ) -> bool:
        """Write values of the run, and return whether its row exists.

        Args:
            connection: In a transaction.
            columns: Of the row.
            facts: Their JSON text; None if they did not change.
            outside: As for `store_outside`.
            is_new: No facts are stored yet.
        """
        if not (self.update(connection, columns) if columns else self.exist(connection)):
            return False
        if facts is not None:
            write_facts(connection, self.key, facts, is_new)
        if outside:
            store_outside(connection, self.key, outside)
        return True

    def row_id(self, run_id: int | str) -> int | str:
        """Return the id in the row of a run with an id, or of a part."""
        return run_id if self.main_key is None else part_row_id(self.main_key, run_id)

    def note_change(self, connection: sa.Connection) -> bool:
        """Record that a transaction changes the run; return False if it does not exist."""
        is_there = note_change(connection, self.key, self.token)
        return is_there and (self.main_key is None or note_change(connection, self.main_key))

    def replace_token(self, database: Database, old: str, new: str) -> bool:
        """Replace the token of the run; see `DocumentObserver.replace_token`."""
        if not database.write(partial(_replace_token, key=self.key, old=old, new=new)):
            return False
        database.write(partial(_await_writes, key=self.key))
        self.token = new
        return True

    def exist(self, connection: sa.Connection) -> bool:
        """Return whether the row of the run exists, and no other process has resumed the run."""
        query = sa.select(1).where(runs.c.run_key == self.key, has_token(self.token))
        return connection.execute(query).first() is not None


def read_rows(connection: sa.Connection, key: int) -> Rows:
    """Return what is known of a stored run with this key."""
    query = sa.select(runs.c.experiment_id).where(runs.c.run_key == key)
    experiment_key = int(connection.execute(query).scalar_one())
    experiment = load_experiment(connection, experiment_key)
    token = connection.execute(sa.select(run_tokens.c.token).where(run_tokens.c.run_key == key))
    return Rows(
        experiment,
        token.scalar() or "",
        key,
        experiment_key,
        unsure=Counter(get_args(Part)),
        has_facts=True,
    )


def _replace_token(connection: sa.Connection, key: int, old: str, new: str) -> bool:
    """Replace the token of a run, and return False if it is not ``old``; empty: it has none."""
    mine = run_tokens.c.run_key == key
    known = connection.execute(sa.select(run_tokens.c.token).where(mine)).scalar()
    if (known or "") != old:
        return False
    if known is None:
        # Of several processes one inserts the row; for others the transaction is repeated.
        exists = sa.select(1).where(runs.c.run_key == key)
        if connection.execute(exists).first() is None:
            return False
        connection.execute(run_tokens.insert().values(run_key=key, token=new))
    elif new != old:
        change = run_tokens.update().where(mine, run_tokens.c.token == old)
        return connection.execute(change.values(token=new)).rowcount == 1
    return True


def _await_writes(connection: sa.Connection, key: int) -> None:
    """Wait until transactions have ended that began to write to a run with the former token."""
    connection.execute(sa.select(runs.c.run_key).where(runs.c.run_key == key).with_for_update())
    note_change(connection, key)


def comment_of(run: StoredRun) -> str | None:
    """Return what the column for comments gets, which queries search; a long one is in ``meta``."""
    comment = run.meta.get("comment")
    return comment if isinstance(comment, str) and len(comment) <= LONGEST_COMMENT else None
