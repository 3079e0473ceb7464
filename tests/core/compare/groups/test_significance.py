"""Tests of whether groups of runs differ, in Python: records, texts and HTML."""

import math
from typing import Any

import pytest

from sacred_core.compare import significance
from sacred_core.exceptions import QueryError, SignificanceError
from sacred_core.stores import find_runs
from tests.core.html_elements import Elements

A, B = [0.91, 0.88, 0.9, 0.93], [0.9, 0.87, 0.89, 0.9]
FAR = [0.5, 0.51, 0.49]


def test_groups_of_runs(record: Any) -> None:
    """The results of two queries are compared by a field."""
    for lr in (0.1, 0.2):
        for seed in range(4):
            record(config={"lr": lr, "seed": seed}, result={"acc": lr + seed / 1000})
    a, b = (find_runs(record.store, f"config.lr = {lr}") for lr in (0.1, 0.2))
    found = significance(a, b, "result.acc")
    assert found.field == "result.acc"
    assert (found.a.ids, found.b.ids) == ([1, 2, 3, 4], [5, 6, 7, 8])
    assert found.difference == pytest.approx(-0.1)
    assert found.is_significant and found.more_runs == (0, 0) and found.runs_per_group is None
    assert found.remarks == ()


def test_a_difference_that_is_significant() -> None:
    """The conclusion has the p value, and which mean is higher by how much."""
    found = significance(A, FAR)
    assert found.test is not None and found.test.p < 1e-4
    assert found.conclusion() == (
        f"The difference is significant at 95 % confidence (p = {found.test.p:.4g}): the mean of A "
        "is higher by 0.405."
    )
    assert "the mean of B is higher by 0.405." in significance(FAR, A).conclusion()


def test_a_difference_that_is_not_significant() -> None:
    """The conclusion has how many more runs would decide it, and what is assumed."""
    found = significance(A, B[:3], power=0.9)
    assert found.is_significant is False
    count = found.runs_per_group
    assert count is not None and count > 4
    assert found.more_runs == (count - 4, count - 3)
    assert found.conclusion().endswith(
        f"With {count} values per group ({count - 4} more of A, {count - 3} more of B) it would "
        "be, with a probability of 90 %. This assumes that the observed difference and standard "
        "deviations are the true ones."
    )
    easier = significance(A, B[:3], power=0.5).runs_per_group
    assert easier is not None and easier < count


def test_the_confidence_decides() -> None:
    """The same values are significant at a low confidence only; intervals become wider."""
    low, high = significance(A, B, confidence=0.5), significance(A, B, confidence=0.99)
    assert low.is_significant is True and high.is_significant is False
    for one, other in ((low.test, high.test), (low.bootstrap, high.bootstrap)):
        assert one is not None and other is not None
        assert other.low < one.low < one.high < other.high
    assert "significant at 99 % confidence" in high.conclusion()
    assert low.test is not None and low.test.low > 0  # the interval is in accordance with the test


def test_equal_means() -> None:
    """There is no number of runs that would show a difference of 0."""
    found = significance([1.0, 2.0], [2.0, 1.0])
    assert found.runs_per_group is None and found.more_runs is None
    assert found.conclusion().endswith("no number of runs would show a difference.")


def test_a_tiny_difference() -> None:
    """More than a million values are not counted."""
    found = significance([1.0, 2.0], [2.0, 1.0 + 1e-9])
    assert "More than 1000000 values per group would be needed" in found.conclusion()


@pytest.mark.parametrize(
    ("b", "conclusion"),
    [
        ([2.0, 2.0], "All values of both groups are 2: there is nothing to test."),
        (
            [1.5] * 3,
            "All values of A are 2, all of B 1.5: values that do not vary cannot be tested",
        ),
    ],
)
def test_values_that_do_not_vary(b: list[float], conclusion: str) -> None:
    """There is a sentence in place of a test, in all forms."""
    found = significance([2.0, 2.0, 2.0], b)
    assert (found.test, found.bootstrap, found.is_significant, found.more_runs) == (None,) * 4
    assert found.conclusion().startswith(conclusion)
    assert conclusion in found.text() and conclusion in found._repr_html_()
    assert found.data()["test"] is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence": 95}, "confidence must be between 0 and 1, got 95"),
        ({"power": 0}, "power must be between 0 and 1, got 0"),
        ({"confidence": math.nan}, "confidence must be"),
        ({"resamples": 10}, "resamples must be between 100 and 1000000, got 10"),
    ],
)
def test_arguments_out_of_range(options: dict[str, Any], message: str) -> None:
    """The error has the value and the range."""
    with pytest.raises(SignificanceError, match=message):
        significance(A, B, **options)


def test_fields_that_are_wrong() -> None:
    """Exactly one field of queries is expected."""
    with pytest.raises(QueryError, match="expected one field"):
        significance([], [], "config.lr, config.seed")
    with pytest.raises(QueryError, match="unknown field 'los'"):
        significance([], [], "los")


def test_the_text() -> None:
    """It has the groups, the difference, both intervals, the test and the conclusion."""
    found = significance(A, B)
    lines = found.text().splitlines()
    assert lines[0] == "Values of two groups"
    assert [line.split() for line in lines[2:5]] == [
        ["GROUP", "VALUES", "MEAN", "SD"],
        ["A", "4", "0.905", "0.02082"],
        ["B", "4", "0.89", "0.01414"],
    ]
    names = ["difference A - B", "95 % interval", "  ", "t test", "effect size"]
    assert all(map(str.startswith, lines[6:11], names))
    assert lines[8].endswith("(BCa bootstrap, 10000 resamples, seed 0)")
    assert " ".join(lines[12:]) == found.conclusion()
    assert max(map(len, lines)) < 100
    exact = found.text(None)
    assert found.test is not None and repr(found.test.p) in exact and repr(found.a.std) in exact
    assert str(found) == found.text()
    assert repr(found) == f"<Significance 4 and 4 values, p = {found.test.p:.4g}>"


def test_what_differs_from_zero_by_rounding() -> None:
    """A bound of 2e-16 is shown as 0, and with all digits as it is."""
    found = significance([0.1 + 0.2, 0.31], [0.3, 0.3])
    assert found.bootstrap is not None and 0 < found.bootstrap.low < 1e-15
    assert "\n                  0 to 0.01 (BCa" in found.text()
    assert f"{found.bootstrap.low!r} to " in found.text(None)


def test_the_data() -> None:
    """All digits are there, and what follows from them."""
    found = significance(A, B, seed=3, resamples=200)
    data = found.data()
    assert found.test is not None and data["test"]["p"] == found.test.p
    assert data["bootstrap"]["seed"] == 3 and data["bootstrap"]["method"] == "BCa"
    assert data["is_significant"] is False
    assert found.more_runs is not None and [*data["more_runs"].values()] == [*found.more_runs]
    assert data["conclusion"] == found.conclusion()


def test_html_contains_text_only(record: Any) -> None:
    """What was recorded is text: a metric named like an element is shown, and is none."""
    name = "<script>alert(1)</script>"
    for lr in (0.1, 0.2):
        for seed in range(3):
            record(config={"lr": lr, "seed": seed, "x": name * seed}, metrics={name: [lr * seed]})
    a, b = (find_runs(record.store, f"config.lr = {lr}") for lr in (0.1, 0.2))
    found = significance(a, b, f'metrics."{name}".last')
    elements = Elements(found._repr_html_())
    assert elements.names <= {"div", "p", "table", "tr", "th", "td"}
    assert elements.attribute_names <= {"class"}
    assert name in elements.text and found.conclusion() in elements.text
    assert "the runs of group A differ in config.x" in elements.text
