"""Tests of the bootstrap interval of the difference of two means, against scipy."""

import random
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from sacred_core.compare.groups.bootstrap import bca_interval, mean_differences

np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")

DRAW = random.Random(2)
#: Pairs of groups; sums of these values are exact, so that equal means are equal for scipy, too.
GROUPS = [
    (
        [DRAW.randint(-999, 999) / 1024 for _ in range(count_a)],
        [DRAW.randint(0, 9) ** 3 / 512 for _ in range(count_b)],
    )
    for count_a, count_b in ((2, 2), (3, 5), (5, 3), (10, 20), (40, 2))
]


def difference(a: Any, b: Any, axis: int = -1) -> Any:
    return np.mean(a, axis=axis) - np.mean(b, axis=axis)


@pytest.mark.parametrize(("a", "b"), GROUPS)
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_the_interval_is_that_of_scipy(a: list[float], b: list[float], confidence: float) -> None:
    """For the same resamples, the BCa interval of scipy agrees to 12 digits."""
    differences = mean_differences(a, b, 2000, 3)
    resampled = SimpleNamespace(bootstrap_distribution=np.array(differences))
    expected = stats.bootstrap(
        (a, b), difference, n_resamples=0, bootstrap_result=resampled, method="BCa",
        confidence_level=confidence,
    ).confidence_interval  # fmt: skip
    found = bca_interval(differences, a, b, confidence)
    assert found == pytest.approx((expected.low, expected.high), rel=1e-12, abs=1e-13)


def test_the_distribution_is_that_of_resampled_means() -> None:
    """Mean and deviation are those of theory, and each draw is one of the values."""
    a, b = GROUPS[3]
    found = mean_differences(a, b, 20_000, 0)
    error = np.sqrt(np.var(a) / len(a) + np.var(b) / len(b))
    assert np.mean(found) == pytest.approx(np.mean(a) - np.mean(b), abs=5 * error / 141)
    assert np.std(found) == pytest.approx(error, rel=0.03)
    assert {*mean_differences([1.0, 3.0], [0.0, 0.0], 100, 0)} == {1.0, 2.0, 3.0}


def test_the_seed_decides() -> None:
    """Equal seeds have equal resamples, other seeds other ones."""
    a, b = GROUPS[1]
    assert mean_differences(a, b, 200, 5) == mean_differences(a, b, 200, 5)
    assert mean_differences(a, b, 200, 5) != mean_differences(a, b, 200, 6)


def test_numpy_changes_nothing_but_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many draws are those of numpy's generator, bit by bit the same as without numpy."""
    draw = random.Random(4)
    a, b = ([draw.gauss(0, 1) for _ in range(count)] for count in (70, 31))
    fast = mean_differences(a, b, 10_000, 7)
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert mean_differences(a, b, 10_000, 7) == fast
    assert all(type(each) is float for each in fast[:3])


def test_an_interval_of_one_sided_values() -> None:
    """A bias beyond all resamples, and a group that does not vary, still have an interval."""
    for b in ([1.0, 1.0], [-9.0, -9.0]):  # the observed difference is below and above
        low, high = bca_interval([5.0, 6.0, 7.0], [1.0, 2.0], b, 0.95)
        assert 5 <= low <= high <= 7
    low, high = bca_interval(
        mean_differences([1e-140, 2e-140], [0, 0], 100, 0), [1e-140, 2e-140], [0, 0], 0.9
    )
    assert 1e-140 <= low < high <= 2e-140


def test_equal_means_of_other_order_are_equal() -> None:
    """Resamples that differ from the values only in their order count as half below."""
    a, b = [0.1, 0.2, 0.3], [0.0, 0.0]
    moved = [0.2 + each for each in (-1e-16, 0.0, 1e-16)]
    exact = [0.2] * 3
    ends = [0.1, 0.3]
    assert bca_interval([*moved, *ends], a, b, 0.8) == pytest.approx(
        bca_interval([*exact, *ends], a, b, 0.8), rel=1e-14
    )
