"""Tests of groups of runs and their statistics, against numpy and scipy."""

import math
import random
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sacred_core.dotted_path import MISSING
from sacred_core.stores import StoredRun
from sacred_core.stores.groups import (
    RunGroup,
    compute_statistics,
    config_values,
    differing_fields,
    group_runs,
    merged_fields,
    numbers_of,
)
from sacred_core.stores.query import Field


def run_of(run_id: int, config: dict[str, Any], **fields: Any) -> StoredRun:
    return StoredRun(id=run_id, status="COMPLETED", config=config, **fields)


def ids(groups: list[RunGroup]) -> list[list[Any]]:
    return [[run.id for run in group.runs] for group in groups]


def test_statistics_of_generated_numbers() -> None:
    """Mean, deviation and interval are those of numpy and scipy."""
    draw = random.Random(0)
    for _ in range(200):
        scale, count = 10.0 ** draw.randint(-8, 8), draw.randint(2, 40)
        values = [draw.gauss(draw.choice([0, 1, 1e3]), 1) * scale for _ in range(count)]
        found = compute_statistics(values)
        low, high = stats.t.interval(0.95, count - 1, loc=np.mean(values), scale=stats.sem(values))
        largest = max(map(abs, values))
        assert found.count == count
        assert found.std == pytest.approx(np.std(values, ddof=1), rel=1e-12)
        for one, other in ((found.mean, np.mean(values)), (found.low, low), (found.high, high)):
            assert one == pytest.approx(other, abs=1e-12 * largest)


def test_statistics_of_one_number() -> None:
    """One number has a mean and nothing else; none is an error."""
    found = compute_statistics([3])
    assert (found.count, found.mean, found.std, found.low) == (1, 3.0, None, None)
    with pytest.raises(ValueError, match="at least one number"):
        compute_statistics([])


@pytest.mark.parametrize("values", [[1.0, math.nan], [math.inf, -math.inf]])
def test_statistics_of_what_is_not_finite(values: list[float]) -> None:
    """NaN is passed on, and both infinities have no mean."""
    assert math.isnan(compute_statistics(values).mean)


def test_groups_that_differ_in_the_seed_only() -> None:
    """50 configurations with 8 seeds each form 50 groups without a tag; a run that differs in one
    value forms its own.
    """
    runs = []
    for number in range(50):
        for seed in range(8):
            config = {"lr": number / 7, "model": {"size": number % 5, "seed": 1}, "seed": seed}
            runs.append(run_of(len(runs) + 1, config))
    odd = run_of(999, {"lr": 0.0, "model": {"size": 0, "seed": 1}, "seed": 3, "more": 1})
    draw = random.Random(1)
    draw.shuffle(runs)
    groups = group_runs([*runs, odd], all_but=["seed"])
    assert sorted(map(len, ids(groups))) == [1] + [8] * 50
    assert ids(groups)[-1] == [999]
    for group in groups[:-1]:
        assert len({run.config["lr"] for run in group.runs}) == 1
        assert sorted(run.config["seed"] for run in group.runs) == [*range(8)]


def test_what_is_left_out() -> None:
    """A path leaves out what is inside it; with ``config.`` before it means the same."""
    runs = [run_of(n, {"a": {"b": n, "c": n % 2}, "d": 1}) for n in range(4)]
    assert ids(group_runs(runs, all_but=["a.b"])) == [[0, 2], [1, 3]]
    assert ids(group_runs(runs, all_but=["config.a.b"])) == [[0, 2], [1, 3]]
    assert ids(group_runs(runs, all_but=["a"])) == [[0, 1, 2, 3]]
    assert ids(group_runs(runs)) == [[0], [1], [2], [3]]


def test_groups_by_fields() -> None:
    """Any field can be compared; a missing value is a value of its own."""
    runs = [
        run_of(1, {"a": 1}, result=5), run_of(2, {"a": 1.0}, result=6), run_of(3, {}),
        run_of(4, {"a": math.nan}), run_of(5, {"a": math.nan}), run_of(6, {"a": "1"}),
        run_of(7, {"a": True}),
    ]  # fmt: skip
    groups = group_runs(runs, [Field("config", ("a",))])
    assert ids(groups) == [[1, 2], [3], [4, 5], [6], [7]]
    assert groups[1].values == {Field("config", ("a",)): MISSING}
    by_metric = group_runs(
        runs[:2],
        [Field("metrics", ("x", "last"))],
        metrics=lambda run: {"x": {"values": [run.id]}}.get,
    )
    assert ids(by_metric) == [[1], [2]]


def test_names_and_commands_are_compared() -> None:
    """Runs of different experiments with equal configurations are different groups."""
    runs = [
        run_of(1, {}, experiment={"name": "a"}), run_of(2, {}, experiment={"name": "b"}),
        run_of(3, {}, experiment={"name": "a"}, command="other"),
    ]  # fmt: skip
    assert ids(group_runs(runs, all_but=["seed"])) == [[1], [2], [3]]


def test_fields_that_differ() -> None:
    """A field is one of them if two values differ, or if a run lacks it; the order is kept."""
    configs = [{"a": 1, "b": 2, "c": {"d": 1}}, {"c": {"d": 2}, "b": 2.0, "e": None}]
    runs = [run_of(n, config) for n, config in enumerate(configs)]
    found = differing_fields(map(config_values, runs))
    assert list(map(str, found)) == ["config.a", "config.e", "config.c.d"]
    assert differing_fields(map(config_values, runs[:1])) == []


@pytest.mark.parametrize(
    ("groups", "order"),
    [
        ((), ""), (("ac", "abc"), "abc"), (("b", "ab", "abc"), "abc"), (("zab", "xzayb"), "xzayb"),
        (("abc", "cba", "cxb"), "abcx"), (("ab", "ba"), "ab"), (("ab", "cd"), "cdab"),
    ],
)  # fmt: skip
def test_fields_have_the_order_of_their_definitions(groups: tuple[str, ...], order: str) -> None:
    """A field that only later runs have follows the one before it there."""
    found = merged_fields([Field("config", (name,)) for name in names] for names in groups)
    assert "".join(field.path[0] for field in found) == order


def test_numbers_of_a_run() -> None:
    """Numbers are those of the result, also inside it, and the last ones of metrics."""
    run = run_of(1, {}, result={"loss": 0.5, "name": "x", "deep": {"ok": True, "n": 2}})
    metrics = {"acc": {"values": [0.1, 0.9]}, "text": {"values": ["a"]}}
    found = {str(field): value for field, value in numbers_of(run, metrics.get, metrics)}
    assert found == {"result.loss": 0.5, "result.deep.n": 2, "metrics.acc.last": 0.9}
    assert [value for _, value in numbers_of(run_of(1, {}, result=3), metrics.get, [])] == [3]
