"""Tests of Welch's t test and of the number of values that it needs, against scipy."""

import math
import random
from fractions import Fraction

import pytest

from sacred_core.compare.groups.welch import MOST_VALUES, required_values, welch_test
from sacred_core.student_t import noncentral_t_power, student_t_quantile

np = pytest.importorskip("numpy")
stats = pytest.importorskip("scipy.stats")
special = pytest.importorskip("scipy.special")


def samples() -> list[tuple[list[float], list[float]]]:
    """Return pairs of groups: sizes from 2, equal and unequal variances, small and huge t."""
    draw = random.Random(0)
    found = []
    for count_a in (2, 3, 5, 17, 100):
        for count_b in (2, 4, 31):
            for shift in (0.0, 1e-6, 0.5, 3.0, 1e4):
                for ratio in (1.0, 100.0, 1e-5):
                    a = [draw.gauss(shift, 1) for _ in range(count_a)]
                    b = [draw.gauss(0, ratio) for _ in range(count_b)]
                    found.append((a, b))
    constant = ([1.0, 1.0, 1.0], [2.0, 2.5, 2.25])  # one group does not vary
    tiny = ([1e-70, 2e-70], [5e-70, 5.5e-70, 6e-70])
    return [*found, constant, constant[::-1], tiny, ([1e70, 2e70], [5e70, 6e70])]


@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.9999])
def test_the_test_is_that_of_scipy(confidence: float) -> None:
    """t, p, degrees of freedom and interval agree to 12 digits."""
    for a, b in samples():
        found = welch_test(a, b, confidence)
        expected = stats.ttest_ind(np.array(a), np.array(b), equal_var=False)
        interval = expected.confidence_interval(confidence)
        assert found is not None
        # The digits of a difference between nearly equal means are those of the means.
        size = 1e-12 * max(map(abs, (*a, *b)))
        assert found.degrees == pytest.approx(expected.df, rel=1e-12)
        assert found.low == pytest.approx(interval.low, rel=1e-12, abs=size)
        assert found.high == pytest.approx(interval.high, rel=1e-12, abs=size)
        if abs(expected.statistic) > 0.01:
            assert found.t == pytest.approx(expected.statistic, rel=1e-12)
            assert found.p == pytest.approx(expected.pvalue, rel=1e-12, abs=1e-300)


def test_p_values_from_1_to_a_tiny_one() -> None:
    """The statistic of scipy has the same p value, however large it is."""
    smallest = 1.0
    for exponent in range(-3, 9):
        for count in (2, 3, 10, 60):
            a = [10.0**exponent + each / count for each in range(count)]
            b = [each / count for each in range(count)]
            found = welch_test(a, b, 0.95)
            assert found is not None
            expected = 2 * stats.t.sf(abs(found.t), found.degrees)
            assert found.p == pytest.approx(expected, rel=1e-12, abs=0)
            smallest = min(smallest, found.p) or smallest
    assert 0 < smallest < 1e-250


def test_the_scale_of_the_values_does_not_matter() -> None:
    """Values whose squares are beyond all floats have the same test."""
    a, b = [1.0, 2.5, 3.0], [4.0, 4.25]
    expected = welch_test(a, b, 0.95)
    assert expected is not None
    for scale in (2.0**-480, 2.0**480):
        found = welch_test([each * scale for each in a], [each * scale for each in b], 0.95)
        assert found is not None
        assert (found.t, found.p, found.degrees) == pytest.approx(
            (expected.t, expected.p, expected.degrees), rel=1e-14
        )
        assert found.low / scale == pytest.approx(expected.low, rel=1e-14)


def test_differences_in_the_last_digits_are_exact() -> None:
    """Of values that agree in 12 digits, t has as many digits as the values."""
    a = [1e9 + each / 1024 for each in (1, 4, 6)]
    b = [1e9 + each / 1024 for each in (0, 1, 5)]
    found = welch_test(a, b, 0.95)
    means, squares = [], []
    for values in ([1, 4, 6], [0, 1, 5]):
        means.append(Fraction(sum(values), 3))
        squares.append(sum((each - means[-1]) ** 2 for each in values) / 2 / 3)
    assert found is not None
    assert found.t == pytest.approx(float(means[0] - means[1]) / math.sqrt(sum(squares)), rel=1e-9)


def test_the_effect_size_is_corrected_for_few_values() -> None:
    """Hedges' g is Cohen's d with the exact factor of Hedges (1981)."""
    for a, b in samples():
        found = welch_test(a, b, 0.95)
        m = len(a) + len(b) - 2
        var_a, var_b = np.var(a, ddof=1), np.var(b, ddof=1)
        pooled = math.sqrt(((len(a) - 1) * var_a + (len(b) - 1) * var_b) / m)
        factor = math.exp(special.gammaln(m / 2) - special.gammaln((m - 1) / 2)) / math.sqrt(m / 2)
        assert found is not None
        expected = (np.mean(a) - np.mean(b)) / pooled * factor
        assert found.hedges_g == pytest.approx(expected, rel=1e-10, abs=1e-13)


@pytest.mark.parametrize("b", [[1.0, 1.0], [2.0, 2.0, 2.0]])
def test_values_that_do_not_vary_are_not_tested(b: list[float]) -> None:
    """If all values of each group are equal there is no result, whatever the means."""
    assert welch_test([1.0, 1.0, 1.0], b, 0.95) is None


def power_of(a: list[float], b: list[float], counts: tuple[int, int], confidence: float) -> float:
    """Return the power of a test with the deviations of two groups and other counts, by scipy."""
    errors = [np.var(each, ddof=1) / count for each, count in zip((a, b), counts, strict=True)]
    parts = [error**2 / (count - 1) for error, count in zip(errors, counts, strict=True)]
    degrees = sum(errors) ** 2 / sum(parts)
    shift = abs(np.mean(a) - np.mean(b)) / math.sqrt(sum(errors))
    critical = stats.t.isf((1 - confidence) / 2, degrees)
    lower = stats.nct.cdf(-critical, degrees, shift)
    return float(stats.nct.sf(critical, degrees, shift) + (0 if math.isnan(lower) else lower))


@pytest.mark.parametrize(("confidence", "power"), [(0.95, 0.8), (0.95, 0.99), (0.999, 0.5)])
def test_required_values_are_the_least_that_suffice(confidence: float, power: float) -> None:
    """With the number the power is reached, and with one less it is not, by scipy."""
    draw = random.Random(1)
    for count_a, count_b in ((3, 3), (5, 5), (10, 3), (2, 20)):
        for shift in (0.3, 1.0, 2.0):
            a = [draw.gauss(shift, 1) for _ in range(count_a)]
            b = [draw.gauss(0, 2) for _ in range(count_b)]
            found = required_values(a, b, confidence, power)
            assert found is not None and found > min(count_a, count_b)

            def reached(count: int) -> float:
                counts = (max(count_a, count), max(count_b, count))  # noqa: B023
                return power_of(a, b, counts, confidence)  # noqa: B023

            assert reached(found) >= power - 1e-9
            assert found == min(count_a, count_b) + 1 or reached(found - 1) < power + 1e-9


def test_required_values_of_a_known_table() -> None:
    """An effect of half a standard deviation needs 64 values per group, as in Cohen's tables."""
    spread = math.sqrt(2) / 2  # the deviation of two values at ±spread is 1
    a, b = [0.5 - spread, 0.5 + spread], [-spread, spread]
    assert required_values(a, b, 0.95, 0.8) == 64
    assert required_values(b, a, 0.95, 0.8) == 64
    far = [0.8 - spread, 0.8 + spread]
    assert required_values(far, b, 0.95, 0.8) == 26


def test_values_that_cannot_be_enough() -> None:
    """Equal means have no number, and neither has a difference that needs a million."""
    assert required_values([1.0, 2.0], [1.0, 2.0], 0.95, 0.8) is None
    assert required_values([0.0, 1.0], [1e-9, 1 + 1e-9], 0.95, 0.8) is None
    almost = [each + 0.0029 for each in (0.0, 1.0)]
    found = required_values([0.0, 1.0], almost, 0.95, 0.8)
    assert found is not None and MOST_VALUES / 2 < found < MOST_VALUES
    degrees = 2 * found - 2
    shift = 0.0029 / math.sqrt(2 * 0.5 / found)
    power = noncentral_t_power(shift, degrees, student_t_quantile(0.95, degrees))
    assert power == pytest.approx(0.8, abs=1e-5)
