"""Comparisons that report what is wrong."""

import math
from datetime import UTC, timedelta
from typing import Any

from sacred_core.exceptions import StoreError
from sacred_core.stores import RunStore
from sacred_core.testing.event_driver import START, EventDriver

#: Times may lose what is below a millisecond, which is what BSON holds.
_PRECISION = timedelta(milliseconds=1)


def assert_refused(read: Any, kind: type[StoreError] = StoreError) -> None:
    """Require a `StoreError`, or a subclass of it."""
    try:
        read()
    except kind:
        return
    except StoreError as error:
        found = type(error).__name__
        raise AssertionError(f"{kind.__name__} was expected, not {found}: {error}") from error
    raise AssertionError(f"what is not there was read, or raised no {kind.__name__}")


def assert_time(found: Any, expected: Any) -> None:
    """Require an aware time in UTC; one that the driver makes up may differ by its beats."""
    assert found is not None, "a time is missing"
    assert found.tzinfo is not None and found.utcoffset() == timedelta(0), (
        f"{found!r} is not in UTC"
    )
    difference = abs(found.astimezone(UTC) - expected)
    assert difference < timedelta(seconds=1) if expected is START else difference < _PRECISION, (
        f"{found} instead of {expected}"
    )


def assert_same(found: Any, expected: Any, where: str) -> None:
    """Compare with types: 1, 1.0 and True are not the same."""
    if isinstance(expected, dict):
        assert isinstance(found, dict), f"{where} is {found!r}"
        assert set(found) == set(expected), f"{where} has the keys {sorted(found)}"
        for key, value in expected.items():
            assert_same(found[key], value, f"{where}.{key}")
    elif isinstance(expected, list):
        assert isinstance(found, list) and len(found) == len(expected), f"{where} is {found!r}"
        for number, value in enumerate(expected):
            assert_same(found[number], value, f"{where}[{number}]")
    else:
        is_nan = isinstance(expected, float) and math.isnan(expected)
        same = math.isnan(found) if is_nan else found == expected
        assert same and type(found) is type(expected), f"{where} is {found!r}, not {expected!r}"


def assert_metrics(store: RunStore, run_id: Any, driver: EventDriver) -> None:
    """Require every point of every metric."""
    found = store.metrics(run_id)
    assert sorted(found) == sorted(driver.metrics), f"metrics are {sorted(found)}"
    for name, expected in driver.metrics.items():
        metric = found[name]
        assert list(metric["steps"]) == expected["steps"], f"steps of {name!r}"
        assert list(metric["values"]) == expected["values"], f"values of {name!r}"
        assert len(metric["timestamps"]) == len(expected["timestamps"])
        for time, wanted in zip(metric["timestamps"], expected["timestamps"], strict=True):
            assert_time(time, wanted)
