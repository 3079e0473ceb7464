"""What is wrong with one record hides no other run, and nothing of this one that can be read."""

import copy
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from sacred_core.exceptions import DamagedRecordError, NotARunError, StoreError
from sacred_core.stores import (
    DAMAGED,
    Annotation,
    Found,
    GuardedStore,
    RunQuery,
    StoredRun,
    check_metrics,
    guard,
    once,
    run_or_foreign,
)
from sacred_core.stores.guarded import describe

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Store(GuardedStore):
    """Runs from functions that read their fields."""

    outages = (ConnectionError,)

    def __init__(self, **runs: dict[str, Callable[[], Any]]) -> None:
        self.runs = runs

    def _find_all(self, query: RunQuery, newest_first: bool) -> Iterator[Found]:
        for name in sorted(self.runs, reverse=newest_first):
            yield name, run_or_foreign(lambda name=name: self._run(name, self.runs[name]))  # type: ignore[misc]


def fields(**values: Any) -> dict[str, Callable[[], Any]]:
    return {name: lambda value=value: value for name, value in values.items()}  # type: ignore[misc]


def fail(error: Exception) -> Callable[[], Any]:
    def read() -> Any:
        raise error

    return read


def test_a_run_refers_to_its_store() -> None:
    """Comparison, copies, pickles and what is shown do not."""
    store = Store(a=fields(status="COMPLETED"))
    (run,) = store.list()
    assert run.store is store
    copies = [
        copy.copy(run),
        copy.deepcopy(run),
        pickle.loads(pickle.dumps(run)),
        attrs.evolve(run),
    ]
    for each in copies:
        assert each.store is None and each == run and repr(each) == repr(run)
    assert "store" not in attrs.asdict(run, recurse=False)
    with pytest.raises(AttributeError):
        run.store = None  # type: ignore[misc]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (RecursionError("x"), "config: it is nested too deeply"),
        (MemoryError(), "config: it does not fit into the memory"),
        (OverflowError("too large"), "config: OverflowError: too large"),
        (PermissionError(13, "Permission denied", "f"), "config: Permission denied: 'f'"),
        (OSError("odd"), "config: OSError: odd"),
        (KeyError("x"), "config: KeyError: 'x'"),
        (DamagedRecordError("it is broken"), "it is broken"),
    ],
)
def test_a_field_that_fails_is_damage(error: Exception, reason: str) -> None:
    """The others are read, and the status of the record is at hand."""
    (run,) = Store(a={**fields(status="COMPLETED", result=3), "config": fail(error)}).list()
    assert (run.status, run.recorded_status) == (DAMAGED, "COMPLETED")
    assert (run.damage, run.result, run.config) == (reason, 3, {})


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("status", None, "it has no status"),
        ("status", 5, "status is not a string (int)"),
        ("command", [], "command is not a string (list)"),
        ("config", [1], "config is not an object (list)"),
        ("info", "x", "info is not an object (str)"),
        ("meta", 1.5, "meta is not an object (float)"),
        ("host", True, "host is not an object (bool)"),
        ("experiment", [], "experiment is not an object (list)"),
        ("experiment", {"name": [1]}, "experiment.name is not a string (list)"),
        ("experiment", {"sources": 5}, "experiment.sources is not a list (int)"),
        ("experiment", {"repositories": {}}, "experiment.repositories is not a list (dict)"),
        ("experiment", {"dependencies": "x"}, "experiment.dependencies is not a list (str)"),
        ("artifacts", "abc", "artifacts is not a list (str)"),
        ("artifacts", ["a", None], "artifacts is not a string (NoneType)"),
        ("resources", [1], "resources is not a string (int)"),
        ("fail_trace", {}, "fail_trace is not a list (dict)"),
        ("tags", [{}], "tags is not a string (dict)"),
        ("start_time", "2026", "start_time is not a time (str)"),
        ("heartbeat", datetime(2026, 1, 1), "heartbeat is not a time (datetime)"),
        ("run_id", [1], "run_id is not an id (list)"),
        ("annotations", 5, "annotations: TypeError: 'int' object is not iterable"),
        ("annotations", [Annotation(time="x", user="u")], "time of a note is not a time (str)"),  # type: ignore[arg-type]
        ("annotations", [Annotation(time=NOW, user=5)], "user of a note is not a string (int)"),  # type: ignore[arg-type]
        ("annotations", [Annotation(time=NOW, user="u", note=5)], "note is not a string (int)"),  # type: ignore[arg-type]
        ("annotations", [Annotation(time=NOW, user="u", added=[5])], "tags is not a string (int)"),  # type: ignore[arg-type]
    ],
)
def test_a_field_of_another_type_is_damage(name: str, value: Any, reason: str) -> None:
    """An unreadable part has its default, so that a reader need not check its type."""
    (run,) = Store(a={**fields(status="RUNNING"), name: lambda: value}).list()
    assert (run.status, run.damage) == (DAMAGED, reason)
    sound = StoredRun(id="a", status="")
    assert name == "annotations" or name == "status" or getattr(run, name) == getattr(sound, name)


def test_each_reason_is_named_once() -> None:
    """All fields of a record that cannot be parsed have the same one."""
    broken = fail(DamagedRecordError("the file is cut off"))
    (run,) = Store(a={"status": broken, "result": broken, "config": lambda: []}).list()
    assert run.damage == "the file is cut off; config is not an object (list)"
    assert run.recorded_status == ""


def test_what_is_sound_is_returned_as_it_is() -> None:
    """What is sound is returned as it is, also with parts that are missing, as in old records."""
    annotation = Annotation(time=NOW, user="ann", note="n", added=["good"])
    (run,) = Store(a=fields(status="FAILED", config=None, annotations=[annotation])).list()
    assert (run.status, run.damage, run.config) == ("FAILED", None, {})
    assert run.tags == ["good"] and run.notes[0]["text"] == "n"


@pytest.mark.parametrize("error", [ConnectionError("gone"), StoreError("the server is away")])
def test_an_outage_is_an_error_of_the_list(error: Exception) -> None:
    """An outage is an error of the list, not a thousand damaged runs."""
    with pytest.raises(type(error)):
        list(Store(a={"status": fail(error)}).list())


def test_foreign_records_are_skipped(caplog: pytest.LogCaptureFixture) -> None:
    """Foreign records are skipped, with a line in the log."""
    store = Store(a={"status": fail(NotARunError("not mine"))}, b=fields(status="FAILED"))
    assert [run.id for run in store.list()] == ["b"] and "not mine" in caplog.text


def test_limits_count_damaged_runs() -> None:
    """The newest, in the order of age; a status is the current one."""
    broken = fail(ValueError("x"))
    store = Store(a=fields(status="FAILED"), b={"status": broken}, c=fields(status="FAILED"))
    assert [run.id for run in store.list(RunQuery(limit=2))] == ["b", "c"]
    assert [run.id for run in store.list(RunQuery(status="FAILED", limit=2))] == ["a", "c"]
    assert [run.id for run in store.list(RunQuery(status=DAMAGED))] == ["b"]
    assert list(store.list(RunQuery(limit=0))) == []


@pytest.mark.parametrize(
    ("stored", "heartbeat", "is_running"),
    [
        ("RUNNING", timedelta(0), True),
        ("RUNNING", timedelta(hours=1), False),
        ("RUNNING", None, False),
        ("COMPLETED", timedelta(0), False),
    ],
)
def test_a_damaged_run_may_be_running(
    stored: str, heartbeat: timedelta | None, is_running: bool
) -> None:
    """A damaged run may be running, as far as its record can be read: then it must not be
    deleted.
    """
    beat = None if heartbeat is None else NOW - heartbeat
    parts = fields(status=stored, heartbeat=beat, config=[])
    (run,) = Store(a=parts).list()
    assert run.status == DAMAGED and run.is_running(NOW) is is_running


def test_a_sound_run_has_its_recorded_status() -> None:
    """A dead one is not."""
    run = StoredRun(id=1, status="RUNNING", heartbeat=NOW)
    assert run.is_running(NOW) and not run.is_running(NOW + timedelta(hours=1))
    assert not StoredRun(id=1, status="COMPLETED").is_running(NOW)


def test_guard_names_what_cannot_be_read() -> None:
    """Errors of the store pass."""
    reason = "the output cannot be read: KeyError: 'x'"
    with pytest.raises(DamagedRecordError, match=reason), guard("the output"):
        raise KeyError("x")
    with pytest.raises(StoreError, match=r"^away$"), guard("the output"):
        raise StoreError("away")
    with pytest.raises(ConnectionError), guard("the output", (ConnectionError,)):
        raise ConnectionError


def test_once_reads_once() -> None:
    """It returns or raises the same each time."""
    calls: list[int] = []
    read = once(lambda: calls.append(1))
    assert (read(), read(), len(calls)) == (None, None, 1)
    failing = once(fail(ValueError("x")))
    for _ in range(2):
        with pytest.raises(ValueError, match="x"):
            failing()


def test_a_reason_is_one_short_line_without_secrets() -> None:
    """A reason is one short line without secrets, whatever the driver raised."""
    text = describe(ValueError("a\nb postgresql://u:secret@h/d " + "x" * 1_000))
    assert text.startswith("ValueError: a b postgresql://u:***@h/d x") and len(text) == 301


@pytest.mark.parametrize(
    "metrics",
    [
        [],
        {"loss": []},
        {"loss": {"steps": [1], "values": [1]}},
        {"loss": {"steps": 5, "values": [1], "timestamps": [None]}},
        {"loss": {"steps": [1, 2], "values": [1], "timestamps": [None]}},
    ],
)
def test_metrics_of_another_form_are_damaged(metrics: Any) -> None:
    """They are three lists of equal length each."""
    with pytest.raises(DamagedRecordError):
        check_metrics(metrics)
