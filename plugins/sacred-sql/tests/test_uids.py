"""Tests of the ids of new runs."""

from pathlib import Path

import sqlalchemy as sa
from sacred_sql import SqlObserver, uids
from sacred_sql.schema import runs
from sacred_sql.store import SqlStore

from sacred_core.testing import EventDriver


def test_new_ids_are_those_that_the_caller_does_not_know(tmp_path: Path) -> None:
    """An id is returned until it is known; another caller gets all."""
    url = f"sqlite:///{tmp_path}/runs.db"
    ids = [EventDriver(SqlObserver(url)).start() for _ in range(3)]
    store = SqlStore(url)
    known: set[int | str] = {ids[0]}
    assert store.new_ids(known) == store.new_ids(known) == ids[1:]
    known.update(ids)
    assert store.new_ids(known) == []
    new = EventDriver(SqlObserver(url)).start(_id="named")
    assert store.new_ids(known) == [new]
    assert store.new_ids(set()) == [*ids, new]


def test_rows_with_lower_keys_are_not_read_again(tmp_path: Path) -> None:
    """The number of rows is limited, whatever the number of runs; unknown ids stay."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/runs.db")
    driver = EventDriver(SqlObserver.create_from(engine))
    first = driver.start()
    with engine.begin() as connection:
        columns = [each for each in runs.c if each.name not in ("run_key", "run_id")]
        row = connection.execute(sa.select(*columns)).one()._asdict() | {"run_number": None}
        copies = [{**row, "run_id": f"run{number}"} for number in range(500)]
        connection.execute(runs.insert(), copies)
        known: set[int | str] = {f"run{number}" for number in range(500)}
        new = uids.NewIds(known)
        assert new.read(connection) == [first]
        connection.execute(runs.update().values(run_id="changed " + runs.c.run_id))
        assert len(new.read(connection)) == 1 + 100
