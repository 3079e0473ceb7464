"""Tests of the buffer of metrics."""

import math
import re
import threading
from array import array
from decimal import Decimal
from enum import Enum, StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sacred_core.exceptions import MetricValueError
from sacred_core.run.metrics import BLOCK, MANY, MetricsBuffer


class Scalar:
    """What numpy scalars and one-element tensors look like."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        if isinstance(self.value, list):
            raise ValueError("can only convert an array of size 1")
        return self.value


@pytest.fixture
def buffer() -> MetricsBuffer:
    return MetricsBuffer()


def test_points_are_handed_on_once_with_their_position(buffer: MetricsBuffer) -> None:
    """The second drain yields only new points, with their position."""
    buffer.log("loss", 3.0)
    buffer.log("loss", 2.0)
    buffer.log("acc", 1)
    [(first, starts)] = buffer.drain()
    assert first["loss"]["values"] == [3.0, 2.0]
    assert starts == {"loss": 0, "acc": 0}
    buffer.log("loss", 1.0)
    [(second, starts)] = buffer.drain()
    assert second["loss"]["values"] == [1.0]
    assert starts == {"loss": 2}
    assert list(buffer.drain()) == []


def test_points_that_wait_can_be_read_without_taking_them(buffer: MetricsBuffer) -> None:
    """They have their steps, also if these were not given; points that were taken are gone."""
    buffer.log("loss", 3.0)
    buffer.log("loss", 2.0, 5)
    buffer.log("loss", 1.0)
    buffer.log("acc", 1)
    assert list(buffer.waiting("loss")) == [(0, 3.0), (5, 2.0), (6, 1.0)]
    assert list(buffer.waiting("nothing")) == []
    [(points, _)] = buffer.drain()
    assert points["loss"]["steps"] == [0, 5, 6] and points["acc"]["values"] == [1]
    assert list(buffer.waiting("loss")) == []
    buffer.log("loss", 0.5)
    assert list(buffer.waiting("loss")) == [(7, 0.5)]


def test_steps_count_on_from_the_last_one(buffer: MetricsBuffer) -> None:
    """A step that was given moves the counter."""
    for step in (None, None, 10, None):
        buffer.log("loss", 0, step)
    [(metrics, _)] = buffer.drain()
    assert metrics["loss"]["steps"] == [0, 1, 10, 11]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3),
        (0.5, 0.5),
        (True, 1),
        (Scalar(2), 2),
        (Scalar(0.25), 0.25),
        (Fraction(1, 4), 0.25),
        (Decimal("0.5"), 0.5),
    ],
)
def test_numbers_become_int_or_float(buffer: MetricsBuffer, value: Any, expected: Any) -> None:
    """Everything that is one number is stored as a plain one."""
    buffer.log("m", value)
    stored = next(buffer.drain())[0]["m"]["values"][0]
    assert stored == expected
    assert type(stored) is type(expected)


def test_nan_is_a_value(buffer: MetricsBuffer) -> None:
    """A loss that diverged is logged like any other."""
    buffer.log("m", math.nan)
    assert math.isnan(next(buffer.drain())[0]["m"]["values"][0])


class Unusable:
    """Raises whatever it is asked."""

    def item(self) -> Any:
        raise RuntimeError("the device is gone")

    def __repr__(self) -> str:
        raise ValueError("no text")


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("0.5", "0.5"),
        (None, None),
        ([1, (2,)], [1, [2]]),
        (1j, "1j"),
        (np.complex128(1j), "1j"),
        (np.array([1, 2]), [1, 2]),
        (pd.DataFrame({"x": [1]}), {"x": {"0": 1}}),
        (b"x", "b'x'"),
        (Decimal("sNaN"), "sNaN"),
        (Fraction(10**400), f"{10**400}"),
        (Unusable(), "<Unusable that cannot be stored: ValueError: no text>"),
        ("postgresql://user:secret@host/db", "postgresql://user:***@host/db"),
    ],
)
def test_a_value_that_is_not_a_number_is_stored(
    buffer: MetricsBuffer, caplog: pytest.LogCaptureFixture, value: Any, stored: Any
) -> None:
    """A value that is not a number is stored, as plain data without secrets, with one warning for
    each metric.
    """
    for name in ("m", "m", "n"):
        buffer.log(name, value)
    buffer.log("m", 1.5)
    [(metrics, _)] = buffer.drain()
    assert metrics["m"]["values"] == [stored, stored, 1.5]
    assert metrics["m"]["steps"] == [0, 1, 2]
    assert [record.args[0] for record in caplog.records] == ["m", "n"]  # type: ignore[index]


def test_a_secret_metric_is_masked(buffer: MetricsBuffer) -> None:
    """A string that is logged under the name of a secret is not stored."""
    buffer.log("api_password", "hush")
    assert next(buffer.drain())[0]["api_password"]["values"] == ["***"]


def test_an_integer_too_large_for_decimal_text_is_hexadecimal(buffer: MetricsBuffer) -> None:
    """The other points of its block are stored as they are."""
    for value in (1, 10**5_000):
        buffer.log("m", value)
    assert next(buffer.drain())[0]["m"]["values"] == [1, hex(10**5_000)]


class Colour(Enum):
    RED = 1


class Mode(StrEnum):
    TRAIN = "train"


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        (3, "3"),
        (0.5, "0.5"),
        (True, "True"),
        (math.nan, "nan"),
        (np.int64(3), "3"),
        (np.float32(0.5), "0.5"),
        (np.bool_(True), "True"),
        (Decimal("0.5"), "0.5"),
        (Fraction(1, 2), "1/2"),
        (Colour.RED, "Colour.RED"),
        (Mode.TRAIN, "train"),
        (np.str_("loss"), "loss"),
        ("caf\udce9", "caf\udce9"),
    ],
)
def test_names_of_metrics_become_strings(buffer: MetricsBuffer, name: Any, stored: str) -> None:
    """Numbers and enums as `str` writes them, strings as they are."""
    buffer.log(name, 1)
    buffer.log(stored, 2)
    [(metrics, starts)] = buffer.drain()
    assert metrics == {stored: metrics[stored]} and starts == {stored: 0}
    assert type(next(iter(metrics))) is str
    assert (metrics[stored]["steps"], metrics[stored]["values"]) == ([0, 1], [1, 2])


@pytest.mark.parametrize("name", [None, ("a", 1), b"loss", ["loss"], np.array([1]), Unusable()])
def test_other_names_of_metrics_are_refused(buffer: MetricsBuffer, name: Any) -> None:
    """Other names of metrics are refused, at the call, with the type that was given."""
    with pytest.raises(MetricValueError, match=type(name).__name__):
        buffer.log(name, 1)
    assert list(buffer.drain()) == []


@pytest.mark.parametrize("step", ["1", [1], 1j, Scalar([1, 2])])
def test_a_step_that_is_not_a_number_is_refused(buffer: MetricsBuffer, step: Any) -> None:
    """A step that is not a number is refused, at the call, with the name of the metric."""
    with pytest.raises(MetricValueError, match="metric 'm'"):
        buffer.log("m", 1, step)
    assert list(buffer.drain()) == []


def test_many_points_come_in_blocks(buffer: MetricsBuffer) -> None:
    """Many points come in blocks, of all kinds of numbers, each as it was logged, with the position
    of each block.
    """
    logged: dict[str, list[Any]] = {
        "float": [number / 7 for number in range(25_000)],
        "int": [-number for number in range(25_000)],
        "huge": [1 << 80] * 25_000,
        "mixed": [number if number % 2 else number / 3 for number in range(25_000)],
    }
    for numbers in zip(*logged.values(), strict=True):
        for name, value in zip(logged, numbers, strict=True):
            buffer.log(name, value)
    found: dict[str, list[Any]] = {name: [] for name in logged}
    for metrics, starts in buffer.drain():
        assert sum(len(metric["steps"]) for metric in metrics.values()) <= 10_000
        for name, metric in metrics.items():
            assert starts[name] == len(found[name])
            assert metric["steps"] == list(range(starts[name], starts[name] + len(metric["steps"])))
            found[name] += metric["values"]
    assert found == logged
    assert {name: set(map(type, found[name])) for name in found} == {
        "float": {float}, "int": {int}, "huge": {int}, "mixed": {int, float},
    }  # fmt: skip


def points_of(buffer: MetricsBuffer) -> dict[str, list[tuple[Any, Any]]]:
    """Return steps and values by metric."""
    return {
        name: [*zip(metric["steps"], metric["values"], strict=True)]
        for metrics, _ in buffer.drain()
        for name, metric in metrics.items()
    }


@pytest.mark.parametrize(
    ("values", "step", "expected"),
    [
        ({"a": 1.5, "b": 2}, None, {"a": [(3, 1.5)], "b": [(3, 2)]}),
        ({"a": 1.5, "b": 2}, 10, {"a": [(10, 1.5)], "b": [(10, 2)]}),
        ({"b": 2}, None, {"b": [(0, 2)]}),
        ({"b": np.float32(0.5), 7: True}, np.int64(4), {"b": [(4, 0.5)], "7": [(4, True)]}),
        ({"a": [1, 2], "b": (3, 4)}, None, {"a": [(3, 1), (4, 2)], "b": [(3, 3), (4, 4)]}),
        ({"b": np.arange(3) / 2}, [5, 7, 6], {"b": [(5, 0.0), (7, 0.5), (6, 1.0)]}),
        ({"b": pd.Series([1, 2])}, np.array([0.5, 1.5]), {"b": [(0.5, 1), (1.5, 2)]}),
        ({"b": np.array([1.0])}, 8, {"b": [(8, 1.0)]}),
        ({"b": array("d", [1.0, 2.0])}, range(2), {"b": [(0, 1.0), (1, 2.0)]}),
        ({"b": "text", "c": None}, None, {"b": [(0, "text")], "c": [(0, None)]}),
        ({"b": []}, None, {}),
        ({}, None, {}),
    ],
)
def test_several_metrics_at_one_step(
    buffer: MetricsBuffer, values: Any, step: Any, expected: dict[str, Any]
) -> None:
    """Numbers are one point each, arrays one for each item; the steps are the same for all and by
    default follow the last one of any of them.
    """
    buffer.log("a", 0.0, 2)
    points_of(buffer)
    buffer.log_many(values, step)
    assert points_of(buffer) == expected


@pytest.mark.parametrize(
    ("values", "step", "message"),
    [
        ({"a": [1, 2], "b": [3]}, None, "'b' has 1 value, but another one has 2"),
        ({"a": [1, 2], "b": 3}, None, "'b' has 1 value"),
        ({"a": [1, 2]}, 5, "expected 2 steps, one for each value, not 1"),
        ({"a": 1}, [1, 2], "expected 1 step, one for each value, not 2"),
        ({"a": [1, 2]}, [1, "x"], "each step must be a number, not 'x'"),
        ({("a",): 1}, None, "the name of a metric must be"),
        ({"a": 1, ("b",): 1}, None, "the name of a metric must be"),
    ],
)
def test_points_of_different_lengths_are_refused(
    buffer: MetricsBuffer, values: Any, step: Any, message: str
) -> None:
    """The message has the lengths, and no point is added."""
    with pytest.raises(MetricValueError, match=re.escape(message)):
        buffer.log_many(values, step)
    assert points_of(buffer) == {}


def test_threads_lose_no_point(buffer: MetricsBuffer) -> None:
    """While another thread takes them: each once, in the order of its thread."""
    found: dict[str, list[float]] = {}

    def take() -> None:
        for metrics, _ in buffer.drain():
            for name, metric in metrics.items():
                found.setdefault(name, []).extend(metric["values"])

    def work(name: str) -> None:
        for number in range(30_000):
            buffer.log(name, number, number)

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        take()
    take()
    assert found == {str(n): list(range(30_000)) for n in range(8)}


def test_metrics_are_in_the_order_of_their_first_point(buffer: MetricsBuffer) -> None:
    """Also where another metric has so many points that they come in blocks before."""
    buffer.log("first", 0)
    for number in range(2 * BLOCK):
        buffer.log("second", number)
    names = [name for metrics, _ in buffer.drain() for name in metrics]
    assert list(dict.fromkeys(names)) == ["first", "second"]


def test_a_thousand_metrics_come_in_few_blocks(buffer: MetricsBuffer) -> None:
    """100 points of each of 1,000 metrics are 10 to 20 events, with all points in order."""
    for step in range(100):
        for name in range(1_000):
            buffer.log(str(name), name, step)
    blocks = [metrics for metrics, _ in buffer.drain()]
    assert 10 <= len(blocks) <= 20
    found: dict[str, list[int]] = {}
    for metrics in blocks:
        for name, metric in metrics.items():
            assert set(metric["values"]) == {int(name)}
            found.setdefault(name, []).extend(metric["steps"])
    assert found == {str(name): list(range(100)) for name in range(1_000)}


def test_steps_count_on_over_blocks(buffer: MetricsBuffer) -> None:
    """Points with and without a step, alone or in groups, in any block."""
    given = [None, 7, None, None] * BLOCK + [None, 2.5, None]
    for step in given:
        buffer.log("m", 0, step)
        if step == 2.5:
            buffer.log_many({"m": 1, "n": 1})
    found = points_of_blocks(buffer)
    last = -1.0
    expected = []
    for step in given:
        last = last + 1 if step is None else step
        expected.append(last)
        if step == 2.5:
            last = 3.5
            expected.append(last)
    assert found["m"] == expected
    assert found["n"] == [3.5]


def points_of_blocks(buffer: MetricsBuffer) -> dict[str, list[Any]]:
    """Return the steps by metric."""
    found: dict[str, list[Any]] = {}
    for metrics, _ in buffer.drain():
        for name, metric in metrics.items():
            found.setdefault(name, []).extend(metric["steps"])
    return found


def test_many_points_that_wait_are_reported(buffer: MetricsBuffer) -> None:
    """Once for each block, with their number, until they are taken."""
    reports: list[int] = []
    buffer.when_many = reports.append
    for number in range(MANY + BLOCK):
        buffer.log("m", number)
    assert reports == [MANY, MANY + BLOCK]
    assert sum(len(metrics["m"]["steps"]) for metrics, _ in buffer.drain()) == MANY + BLOCK
    for number in range(BLOCK):
        buffer.log("m", number)
    assert len(reports) == 2


def test_points_that_nobody_reads_are_not_retained(buffer: MetricsBuffer) -> None:
    """Values and names are checked all the same."""
    buffer.keeps_points = False
    reports: list[int] = []
    buffer.when_many = reports.append
    for number in range(MANY + BLOCK):
        buffer.log("m", number)
    with pytest.raises(MetricValueError):
        buffer.log("m", 1, "x")
    assert list(buffer.drain()) == [] and not reports


def test_an_unhashable_or_equal_name_is_converted(buffer: MetricsBuffer) -> None:
    """A string of a subclass is the same metric as the string."""
    buffer.log("loss", 1)
    buffer.log(np.str_("loss"), 2)
    assert points_of(buffer) == {"loss": [(0, 1), (1, 2)]}


def test_several_metrics_follow_points_that_wait(buffer: MetricsBuffer) -> None:
    """The step after the last one counts points that were not taken yet, with a step or without."""
    buffer.log("a", 0, 5)
    buffer.log_many({"a": 0, "b": 0})
    buffer.log("b", 0)
    buffer.log("b", 0)
    buffer.log_many({"a": 0, "b": 0})
    assert points_of_blocks(buffer) == {"a": [5, 6, 9], "b": [6, 7, 8, 9]}
