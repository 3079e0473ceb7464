"""How many statements and transactions the events of a run need."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore

from sacred_core import Experiment
from sacred_core.exceptions import StoreError
from sacred_core.stores import RunQuery
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import START


class Count:
    """What an engine sends.

    Attributes:
        statements: Without those that begin a transaction.
        commits: The number of commits.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.statements: list[str] = []
        self.commits = 0
        sa.event.listen(engine, "before_cursor_execute", self._note)
        sa.event.listen(engine, "commit", self._note_commit)

    def clear(self) -> None:
        """Forget what was sent."""
        self.statements.clear()
        self.commits = 0

    def _note(self, connection: Any, cursor: Any, statement: str, *others: Any) -> None:
        if not statement.startswith("BEGIN"):
            self.statements.append(" ".join(statement.split()[:3]))

    def _note_commit(self, connection: Any) -> None:
        self.commits += 1


@pytest.fixture
def observer(url: str) -> Iterator[SqlObserver]:
    """An observer of a database with two runs."""
    for _ in range(2):
        driver = EventDriver(SqlObserver(url))
        driver.start()
        driver.complete()
    observer = SqlObserver(url)
    yield observer
    observer.join()


def writes(count: Count) -> list[str]:
    """Return the statements that write."""
    return [each for each in count.statements if each.startswith(("INSERT", "UPDATE", "DELETE"))]


def test_start_of_a_run_needs_two_transactions(observer: SqlObserver) -> None:
    """A start examines the tables once, and writes two rows if experiment and host are known."""
    count = Count(observer.engine)

    EventDriver(observer).start()

    assert count.commits == 2
    assert writes(count) == ["INSERT INTO runs", "INSERT INTO run_changes"]
    assert len(count.statements) <= 12


def test_beat_with_points_and_output_is_one_transaction(observer: SqlObserver) -> None:
    """A heartbeat with points and output notes the change once, and commits once."""
    driver = EventDriver(observer)
    driver.start()
    driver.log("loss", [1.0])
    driver.beat()
    count = Count(observer.engine)

    def record() -> None:
        driver.print("x\n")
        driver.log("loss", [2.0, 3.0])
        driver.beat()

    assert observer.record_together(record)

    assert (count.commits, count.statements) == (1, [
        "UPDATE run_changes SET", "INSERT INTO output", "INSERT INTO points",
        "INSERT INTO point_summaries", "UPDATE runs SET", "UPDATE facts SET",
    ])  # fmt: skip


def test_first_points_of_a_run_need_no_search(observer: SqlObserver) -> None:
    """The metrics and facts of a run that this observer started are known: nothing is read."""
    driver = EventDriver(observer)
    driver.start()
    count = Count(observer.engine)

    driver.log("loss", [1.0])
    driver.beat()

    assert not [each for each in count.statements if each.startswith(("SELECT", "DELETE"))]


def test_long_metrics_make_no_further_statements(observer: SqlObserver) -> None:
    """A heartbeat with 1,000 points sends as many statements after 20,000 points as after 2,000."""
    driver = EventDriver(observer)
    driver.start()
    count, lengths = Count(observer.engine), []
    for _ in range(21):
        count.clear()
        driver.log("loss", [float(n) for n in range(1_000)])
        driver.beat()
        lengths.append(len(count.statements))

    assert lengths[20] == lengths[2] <= 6


def test_transaction_that_fails_stores_nothing(observer: SqlObserver, url: str) -> None:
    """If an event is refused, no event of the transaction is stored; one by one, all others are."""
    driver = EventDriver(observer)
    run_id = driver.start()
    store = SqlStore(url)

    def record() -> None:
        driver.print("x")
        driver.log("loss", [1.0])
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        observer.record_together(record)
    assert (store.output(run_id), store.metrics(run_id)) == ("", {})

    observer.output_event("x", 0)
    observer.log_metrics({"loss": {"steps": [0], "values": [1.0], "timestamps": [START]}})
    driver.beat()
    assert store.output(run_id) == "x"
    assert store.metrics(run_id)["loss"]["values"] == [1.0]
    found = store.get(run_id).metrics
    assert found is not None and found["loss"].points == 1


def test_lost_answer_to_a_commit_stores_nothing_twice(
    observer: SqlObserver, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a commit succeeds and its answer is lost, the repeated events replace the stored ones."""
    driver = EventDriver(observer)
    run_id = driver.start()
    points = {"loss": {"steps": [0], "values": [1.0], "timestamps": [START]}}
    others = {"acc": {"steps": [0], "values": [2.0], "timestamps": [START]}}

    def record() -> None:
        observer.output_event("x", 0)
        observer.log_metrics(points)
        observer.log_metrics(others)
        driver.beat()

    commit = sa.Connection.commit

    def commit_and_fail(connection: sa.Connection) -> None:
        commit(connection)
        raise sa.exc.OperationalError("COMMIT", {}, Exception("the answer is lost"))

    with monkeypatch.context() as patch:
        patch.setattr(sa.Connection, "commit", commit_and_fail)
        with pytest.raises(StoreError, match="the answer is lost"):
            observer.record_together(record)
    record()

    store = SqlStore(url)
    assert store.output(run_id) == "x"
    assert {name: own["values"] for name, own in store.metrics(run_id).items()} == {
        "loss": [1.0], "acc": [2.0],
    }  # fmt: skip


def test_conflict_in_a_transaction_is_not_an_outage(observer: SqlObserver) -> None:
    """A conflict raises no `UnavailableError`: the events are repeated one by one, not later."""
    EventDriver(observer).start()

    def record() -> None:
        raise sa.exc.IntegrityError("INSERT", {}, Exception("duplicate"))

    with pytest.raises(StoreError) as caught:
        observer.record_together(record)

    assert type(caught.value) is StoreError


def test_whole_run_commits_three_times(observer: SqlObserver) -> None:
    """A short run: two transactions for its start, and one for its news and its end."""
    experiment = Experiment("short", save_git_info=False)
    experiment.observers.append(observer)

    @experiment.main
    def main(_run: Any) -> None:
        _run.log_scalar("loss", 1.0)
        print("hello")

    experiment.run()  # stores its source
    count = Count(observer.engine)
    experiment.run()

    assert count.commits == 3


def test_listing_reads_as_many_runs_as_it_lists(observer: SqlObserver, url: str) -> None:
    """The newest 3 runs are read with as many statements from 12 runs as from 6, in one page."""
    counts = []
    for _ in range(2):
        for _ in range(5):
            driver = EventDriver(observer)
            driver.start()
            driver.complete()
        engine = sa.create_engine(url)
        store = SqlStore(engine=engine)
        read: list[int] = []
        list(store.list(RunQuery(limit=3)))
        sa.event.listen(
            engine, "before_cursor_execute",
            lambda *sent, to=read: to.append(len(sent[3] or ())),
        )  # fmt: skip
        assert len(list(store.list(RunQuery(limit=3)))) == 3
        counts.append(read)
        engine.dispose()

    assert counts[0] == counts[1]
