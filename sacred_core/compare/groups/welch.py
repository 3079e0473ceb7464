"""Welch's t test of the difference between two means, and how many values it would need.

Welch, Biometrika 34 (1947): the test does not assume that the variances are equal.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from statistics import mean, stdev

import attrs

from sacred_core.student_t import (
    gamma_ratio,
    noncentral_t_power,
    student_t_probability,
    student_t_quantile,
)

#: Values of a group beyond which no more are suggested.
MOST_VALUES = 1_000_000


@attrs.frozen(kw_only=True)
class WelchTest:
    """The result of the test of two groups of values.

    Attributes:
        t: The difference divided by its standard error.
        degrees: Degrees of freedom of Welch and Satterthwaite.
        p: Probability of such a difference, or a larger one in either direction, between groups
            with equal means.
        low, high: The confidence interval of the difference, the mean of the first group minus
            that of the second.
        hedges_g: The difference divided by the pooled standard deviation, corrected for few
            values: Hedges, Journal of Educational Statistics 6 (1981).
    """

    t: float
    degrees: float
    p: float
    low: float
    high: float
    hedges_g: float


def welch_test(a: Sequence[float], b: Sequence[float], confidence: float) -> WelchTest | None:
    """Test whether the means of two groups differ.

    Args:
        a, b: Two or more finite values each.
        confidence: Of the interval, between 0 and 1.

    Returns:
        The result; None if all values of each group are equal, so that there is nothing to test.
    """
    difference = mean_difference(a, b)
    std_a, std_b = stdev(a), stdev(b)
    error, degrees = _error(std_a, std_b, len(a), len(b))
    if error == 0:
        return None
    t = difference / error
    half = student_t_quantile(confidence, degrees) * error
    return WelchTest(
        t=t,
        degrees=degrees,
        p=student_t_probability(t, degrees),
        low=difference - half,
        high=difference + half,
        hedges_g=_hedges_g(difference, std_a, std_b, len(a), len(b)),
    )


def mean_difference(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the mean of ``a`` minus that of ``b``, rounded once."""
    return float(mean(map(Fraction, a)) - mean(map(Fraction, b)))


def required_values(
    a: Sequence[float], b: Sequence[float], confidence: float, power: float
) -> int | None:
    """Return with how many values per group the test would show the difference.

    It is assumed that the difference and the standard deviations of the values are the true ones.

    Args:
        a, b: Values whose test has a result. A group retains those that it has.
        confidence: Of the test.
        power: The probability that the test shows the difference.

    Returns:
        The least number for which a group has to be enlarged; None if the difference is 0, or the
        number is more than `MOST_VALUES`.
    """
    shift = abs(mean_difference(a, b))
    std_a, std_b = stdev(a), stdev(b)

    def is_enough(count: int) -> bool:
        count_a, count_b = max(len(a), count), max(len(b), count)
        error, degrees = _error(std_a, std_b, count_a, count_b)
        critical = student_t_quantile(confidence, degrees)
        return noncentral_t_power(shift / error, degrees, critical) >= power

    low = min(len(a), len(b))
    high = low + 1
    while not is_enough(high):
        if high >= MOST_VALUES or shift == 0:
            return None
        low, high = high, min(2 * high, MOST_VALUES)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def _error(std_a: float, std_b: float, count_a: int, count_b: int) -> tuple[float, float]:
    """Return the standard error of the difference, and the degrees of freedom."""
    error_a, error_b = std_a / math.sqrt(count_a), std_b / math.sqrt(count_b)
    error = math.hypot(error_a, error_b)
    if error == 0:
        return 0.0, math.nan
    share_a, share_b = (error_a / error) ** 2, (error_b / error) ** 2
    return error, 1 / (share_a**2 / (count_a - 1) + share_b**2 / (count_b - 1))


def _hedges_g(difference: float, std_a: float, std_b: float, count_a: int, count_b: int) -> float:
    degrees = count_a + count_b - 2
    parts = ((std_a, count_a), (std_b, count_b))
    pooled = math.hypot(*(std * math.sqrt((count - 1) / degrees) for std, count in parts))
    return difference / pooled * gamma_ratio((degrees - 1) / 2) / math.sqrt(degrees / 2)
