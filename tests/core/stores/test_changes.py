"""Tests of tokens of changes, for stores that find changes themselves and for all others."""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from sacred_core.exceptions import ChangeTokenError
from sacred_core.stores import Found, GuardedStore, RunQuery, StoredRun, find_runs
from sacred_core.stores.changes import (
    ChangeStore,
    change_token,
    decode_token,
    digest_token,
    encode_token,
    list_runs,
    missing_ids,
    time_position,
)
from sacred_core.stores.query import Field

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class ForeignStore:
    """A store of a third party, which does not know tokens."""

    def __init__(self, count: int = 0, status: str = "COMPLETED") -> None:
        self.runs = {
            n: StoredRun(
                id=n, status=status, start_time=NOW + timedelta(days=n), config={"a": n % 5}
            )
            for n in range(1, count + 1)
        }

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        return iter(self.runs.values())

    def metrics(self, run_id: Any) -> dict[str, Any]:
        return {"loss": {"steps": [0], "values": [run_id / 2], "timestamps": [NOW]}}


class NumberingStore(GuardedStore):
    """Increases a number with each change, and finds changes by it."""

    change_kind = "numbers"
    display_name = "the numbers"

    def __init__(self) -> None:
        self.changes: dict[int, int] = {}
        self.read: list[int] = []

    def change(self, run_id: int) -> None:
        self.changes[run_id] = max(self.changes.values(), default=0) + 1

    def change_position(self) -> int:
        return max(self.changes.values(), default=0)

    def _find_all(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        since = self.position_since(query) or 0
        for run_id in sorted(self.changes, reverse=newest_first):
            if self.changes[run_id] > since:
                self.read.append(run_id)
                fields = {"status": lambda: "COMPLETED", "config": lambda n=run_id: {"a": n}}
                yield run_id, self._run(run_id, fields)  # type: ignore[arg-type]


def ids(runs: Any) -> list[Any]:
    return [run.id for run in runs]


def test_any_store_finds_what_changed() -> None:
    """Of a store that does not know tokens all runs are compared; conditions apply."""
    store: Any = ForeignStore(20)
    assert not isinstance(store, ChangeStore)
    token = change_token(store)
    assert find_runs(store, since=token) == []
    store.runs[7].result = 3
    store.runs[21] = StoredRun(id=21, status="QUEUED")
    del store.runs[3]
    found = ids(find_runs(store, since=token))
    assert {7, 21} <= set(found)
    assert 3 not in found
    assert len(found) <= 8, "runs that did not change are listed"
    assert ids(find_runs(store, "result = 3", since=token)) == [7]
    assert ids(find_runs(store, "metrics.loss.last = 3.5", since=token)) == [7]
    assert ids(find_runs(store, sort="-id", limit=1, since=token)) == [21]
    assert ids(find_runs(store, limit=1, since=token)) == [21]
    assert missing_ids(store, [1, "3", 21, "none"]) == ["3", "none"]


@pytest.mark.parametrize("field", ["tags", "notes", "config", "info", "artifacts", "fail_trace"])
def test_a_change_of_any_field_is_found(field: str) -> None:
    """Each attribute of a record is a part of its digest."""
    store: Any = ForeignStore(20)
    token = change_token(store)
    setattr(store.runs[7], field, ["new"])
    assert 7 in ids(list_runs(store, RunQuery(since=token)))


def test_running_and_damaged_runs_count_as_changed() -> None:
    """Their output and points may be other ones, which the record does not show."""
    store: Any = ForeignStore(4, "RUNNING")
    token = change_token(store)
    assert ids(find_runs(store, since=token)) == [1, 2, 3, 4]
    for run in store.runs.values():
        run.recorded_status = "COMPLETED"
    assert ids(find_runs(store, since=token)) == [1, 2, 3, 4], "they ended since"
    token = change_token(store)
    store.runs[2].damage = "cut off"
    assert 2 in ids(find_runs(store, since=token))
    nested: Any = 1
    for _ in range(100_000):
        nested = [nested]
    store.runs[3].config = {"deep": nested}
    token = change_token(store)
    assert ids(find_runs(store, since=token)) == [2, 3], "a digest of any depth is not possible"


def test_a_token_of_many_runs_is_short() -> None:
    """10,000 runs need less than 3,000 characters; a change lists few others."""
    store: Any = ForeignStore(10_000)
    token = change_token(store)
    assert len(token) < 3_000
    assert re.fullmatch(r"[A-Za-z0-9._-]+", token), "a shell would need quotes"
    store.runs[5_000].result = 1
    found = ids(find_runs(store, since=token))
    assert 5_000 in found
    assert len(found) < 100


def test_an_empty_store_has_a_token() -> None:
    """All runs that are added later are new."""
    store: Any = ForeignStore()
    token = change_token(store)
    store.runs = ForeignStore(3).runs
    assert ids(find_runs(store, since=token)) == [1, 2, 3]


def test_a_store_that_finds_changes_reads_no_other_run() -> None:
    """With `change_kind` the store selects the runs; the guard applies condition and limit."""
    store = NumberingStore()
    for run_id in (1, 2, 3, 4):
        store.change(run_id)
    token = change_token(store)
    for run_id in (2, 4, 5):
        store.change(run_id)
    assert ids(store.list(RunQuery(since=token))) == [2, 4, 5]
    assert store.read == [2, 4, 5]
    assert ids(store.list(RunQuery(since=token, limit=2))) == [4, 5]
    assert ids(find_runs(store, "config.a < 5", "-id", since=token)) == [4, 2]  # type: ignore[arg-type]
    assert store.position_since(RunQuery()) is None


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (lambda store: encode_token("digests", store, 4), "it is of another kind of store"),
        (lambda store: encode_token("numbers", object(), 4), "it is of another store"),
        (lambda store: "2" + change_token(store)[1:], "it is of another version of sacred-core"),
        (lambda store: change_token(store)[:-1], "it is not complete, or was changed"),
        (lambda store: "x" * 1_000, "it is not complete, or was changed"),
        (lambda store: "", "it is not complete, or was changed"),
        (lambda store: "1.é", "it is not complete, or was changed"),
    ],
)
def test_the_error_of_a_token_has_the_reason(token: Any, reason: str) -> None:
    """The message shows the start of the token, the reason, and what to do."""
    store = NumberingStore()
    with pytest.raises(ChangeTokenError, match=reason) as error:
        list(store.list(RunQuery(since=token(store))))
    assert "list all runs and use the token of this listing" in str(error.value)
    assert len(str(error.value)) < 250


def test_a_position_is_any_plain_data() -> None:
    """What was encoded is decoded."""
    for position in (5, "2026-01-01T00:00:00.000001+00:00", {"ä": [1, None]}):
        token = encode_token("k", ForeignStore(), position)
        assert decode_token("k", ForeignStore(), token) == position


def test_a_time_in_the_future_hides_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """The position is the last change less the tolerance, and never after the present."""
    now = 1_000_000_000_000_000
    monkeypatch.setattr("time.time_ns", lambda: now)
    past = now - 60_000_000_000
    assert time_position([past, past + 9, past - 1], timedelta(0)) == past + 9
    assert time_position([past], timedelta(milliseconds=1)) == past - 1_000_000
    assert time_position([past - 1, now + 1_000], timedelta(0)) == now


def test_runs_that_did_not_change_for_long_are_not_listed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five minutes after the last change, or three times the tolerance, it is before the token."""
    now = 1_000_000_000_000_000
    monkeypatch.setattr("time.time_ns", lambda: now)
    second = 1_000_000_000
    minute = timedelta(minutes=1)
    assert time_position([now - 301 * second], minute) == now - 301 * second + 1
    assert time_position([now - 299 * second], minute) == now - 359 * second
    assert time_position([now - 301 * second], 2 * minute) == now - 421 * second
    assert time_position([], minute) == 1


def test_a_query_with_a_token_can_be_copied() -> None:
    """Tokens do not change what else is asked for."""
    query = RunQuery(since="1.x", limit=3, fields=[Field("id")], status="FAILED")
    assert (query.since, query.limit, query.fields) == ("1.x", 3, (Field("id"),))


def test_tokens_of_earlier_releases_stay_valid() -> None:
    """The digest of a record is that of its fields by name, whatever a run looks like elsewhere."""
    run = StoredRun(id=3, status="COMPLETED", config={"a": [1, math.nan]}, start_time=NOW)
    token = digest_token(SimpleNamespace(display_name="s"), [run])
    assert token == (
        "1.qEwOW1siZGlnZXN0cyIsIjAzYzdjMGFjZTM5NSIsIkFBQUFBQUFBQUFBQUFBQUFBQUFB"
        "QUFBQUFBQUFBQUFBaEJFUm1EWm5BQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUEiXQ"
    )
