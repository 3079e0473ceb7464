"""Tests of the values of groups of runs, and of what is said about the runs."""

import math
from typing import Any

import pytest

from sacred_core.compare.groups.group_values import (
    GroupValues,
    check_groups,
    given_values,
    group_remarks,
    read_group,
)
from sacred_core.exceptions import SignificanceError, StoreError
from sacred_core.stores import RunList, StoredRun, find_runs
from sacred_core.stores.query import Field

LOSS = Field("metrics", ("loss", "last"))
RESULT = Field("result")


def run_of(run_id: int, result: Any = None, status: str = "COMPLETED", **config: Any) -> StoredRun:
    meta = {"uid": f"{run_id:032x}"}
    return StoredRun(id=run_id, status=status, result=result, config=config, meta=meta)


def group_of(*runs: StoredRun, name: str = "A", **options: Any) -> GroupValues:
    return read_group(name, list(runs), RESULT, **options)


def test_values_of_metrics_are_those_of_summaries(record: Any) -> None:
    """The last, least and greatest value of each run is read, without any points."""
    for number in range(3):
        record(metrics={"loss": [3.0 + number, math.nan, 1.0, 2.0 + number]})
    runs = find_runs(record.store)
    record.store.metrics = None  # what reads points fails
    for statistic, expected in (("last", [2, 3, 4]), ("min", [1, 1, 1]), ("max", [3, 4, 5])):
        found = read_group("A", runs, Field("metrics", ("loss", statistic)))
        assert found.values == expected
        assert [run.id for run in found.runs] == [1, 2, 3]
        assert found.field == f"metrics.loss.{statistic}" and found.skipped == {}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no result"),
        (True, "result is True, not a number"),
        ("high", "result is high, not a number"),
        ("NaN", "result is nan"),
        (math.inf, "result is inf"),
        (-math.inf, "result is -inf"),
        (10**400, "result is too large"),
        (-1e200, "result is too large"),
        ([1.5], "result is [1.5], not a number"),
        ({"name": "x", "a": {"b": 1}}, "result is not a number; it has result.a.b"),
        ({"name": "x"}, "result is not a number"),
    ],
)
def test_runs_without_a_number_are_skipped(value: Any, reason: str) -> None:
    """The reason contains what is there, and of a dictionary the entry to use."""
    group = group_of(run_of(1, 1), run_of(2, value), run_of(3, 2.5))
    assert group.values == [1.0, 2.5]
    assert [run.id for run in group.runs] == [1, 3]
    assert group.skipped == {2: reason}


def test_runs_that_did_not_complete_are_skipped() -> None:
    """Their status is the reason; with `any_status` they are used."""
    runs = [run_of(1, 1), run_of(2, 2, "FAILED"), run_of(3, 3, "INTERRUPTED"), run_of(4, 4)]
    assert group_of(*runs).skipped == {2: "FAILED", 3: "INTERRUPTED"}
    assert group_of(*runs, any_status=True).values == [1, 2, 3, 4]
    assert group_of(run_of(1, status=""), run_of(2, 1)).skipped == {1: "no status"}


def test_a_metric_that_no_run_has_is_an_error(record: Any) -> None:
    """The error has a similar name."""
    for _ in range(2):
        record(metrics={"loss": [1.0]})
    with pytest.raises(SignificanceError, match=r"group B: no run has metrics.los.last: did you"):
        read_group("B", find_runs(record.store), Field("metrics", ("los", "last")))


def test_points_of_unknown_stores_are_an_error() -> None:
    """A list of runs without summaries of metrics does not have the values."""
    with pytest.raises(StoreError, match="have to be read from its store"):
        read_group("A", [run_of(1)], LOSS)


def test_given_numbers() -> None:
    """Numbers of numpy are numbers; runs need a field, and other values are errors."""
    np = pytest.importorskip("numpy")
    assert given_values("A", np.array([1, 2], np.float32)).values == [1.0, 2.0]
    assert given_values("A", iter([1, 2.5])).values == [1.0, 2.5]
    for value, message in (
        (math.nan, "group A: a value is nan"), ("x", "group A: a value is x, not a number"),
        (run_of(1), "name the number of each run"), (1e151, "group A: a value is too large"),
    ):  # fmt: skip
        with pytest.raises(SignificanceError, match=message):
            given_values("A", [1.0, value])  # type: ignore[list-item]


def test_a_run_in_both_groups_is_an_error() -> None:
    """The error names the runs; a run is the same under any id."""
    a = group_of(run_of(1, 1), run_of(2, 2), run_of(3, 3))
    copy = run_of(2, 2)
    copy.id = 7
    b = group_of(copy, run_of(3, 3), run_of(4, 4), name="B")
    with pytest.raises(SignificanceError, match=r"2 runs in both groups \(2, 3\)"):
        check_groups(a, b)
    check_groups(a, group_of(run_of(4, 1), run_of(5, 2), name="B"))


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([], "group B has 0 values, the test needs 2 or more"),
        ([run_of(5, 1)], r"group B has 1 value \(run 5\), the test needs 2 or more"),
        (
            [run_of(5, 1), *(run_of(each, 1, "FAILED") for each in range(6, 13)), run_of(13)],
            r"or more; skipped runs 6, 7, 8, 9, 10 and 2 more \(FAILED\), run 13 \(no result\)",
        ),
    ],
)
def test_fewer_than_two_values_are_an_error(runs: list[StoredRun], message: str) -> None:
    """The error has the runs that were skipped, with the reasons."""
    with pytest.raises(SignificanceError, match=message):
        check_groups(group_of(run_of(1, 1), run_of(2, 2)), group_of(*runs, name="B"))


def test_entries_that_vary_are_remarks() -> None:
    """Seeds, and the fields that define the groups, are expected to differ; others are named."""
    lr = [Field("config", ("lr",))]
    a = [run_of(each, 1, lr=0.1, seed=each, data={"seed": each}, batch=32) for each in (1, 2)]
    b = [run_of(each, 1, lr=0.2, seed=each, data={"seed": each}, batch=32) for each in (3, 4)]
    groups = group_of(*a, defining=lr), group_of(*b, name="B", defining=lr)
    assert group_remarks(*groups) == []
    a.append(run_of(5, 1, lr=0.1, seed=5, data={"seed": 5}, batch=64, password="hunter2"))
    remarks = group_remarks(group_of(*a, defining=lr), groups[1])
    assert len(remarks) == 1 and "hunter2" not in remarks[0]
    assert remarks[0].startswith("the runs of group A differ in config.batch (32, 64), config.pass")
    other = [run_of(each, 1, lr=0.2, seed=each, data={"seed": each}, batch=8) for each in (6, 7)]
    found = group_remarks(groups[0], group_of(*other, name="B", defining=lr))
    assert found == ["the groups also differ in config.batch (32, 8)"]
    assert group_remarks(group_of(*a[:2]), group_of(*other, name="B")) == []


def test_skipped_runs_are_remarks() -> None:
    """Control characters of what was recorded do not reach the terminal."""
    a = group_of(run_of(1, 1), run_of(2, 2), run_of(3, "\x1b[2J"))
    b = RunList([run_of(4, 1), run_of(5, 1), run_of(6, 5, "FAILED")])
    remarks = group_remarks(a, read_group("B", b, RESULT))
    assert remarks[1] == "group B: skipped run 6 (FAILED)"
    assert "\x1b" not in remarks[0] and remarks[0].startswith("group A: skipped run 3 (result is")
