"""Tests of Student's t distribution, against scipy and against values in closed form."""

import math

import pytest

from sacred_core.student_t import (
    gamma_ratio,
    noncentral_t_power,
    student_t_probability,
    student_t_quantile,
)

stats = pytest.importorskip("scipy.stats")
special = pytest.importorskip("scipy.special")

DEGREES = (1, 1.0000001, 1.5, 2, 2.7, 3, 5, 9.3, 17, 30, 64, 99, 150, 199, 201, 500, 12345.6, 1e6)


@pytest.mark.parametrize("degrees", DEGREES)
def test_probabilities_are_those_of_scipy(degrees: float) -> None:
    """They agree to 12 digits from the middle to tails of 1e-300, on both sides."""
    values = (1e-12, 0.001, 0.1, 0.5, 0.99, 1, 1.01, 1.7, 2, 3, 5, 8, 12, 20, 37, 100, 1e8, 1e40)
    for t in values:
        expected = 2 * stats.t.sf(t, degrees)
        if expected > 1e-300:
            assert student_t_probability(t, degrees) == pytest.approx(expected, rel=1e-12, abs=0)
            assert student_t_probability(-t, degrees) == student_t_probability(t, degrees)


def test_probabilities_in_closed_form() -> None:
    """Those of one and of two degrees of freedom are simple, also where scipy returns 0."""
    for t in (0.0, 0.3, 1.0, 7.0, 1e10, 1e150, 1e300):
        one = 1 - 2 / math.pi * math.atan(t) if t < 1e3 else 2 / math.pi / t
        assert student_t_probability(t, 1) == pytest.approx(one, rel=1e-12, abs=0)
    for t in (0.0, 0.3, 1.0, 7.0, 1e3):
        two = 1 - t / math.sqrt(2 + t * t)
        assert student_t_probability(t, 2) == pytest.approx(two, rel=1e-9, abs=1e-15)
    assert student_t_probability(math.inf, 3) == 0


@pytest.mark.parametrize("confidence", [0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.9999999, 1 - 1e-12])
def test_quantiles_are_those_of_scipy(confidence: float) -> None:
    """They agree to 12 digits, for few and for many degrees of freedom."""
    for degrees in (*DEGREES, *range(1, 40), 100, 101, 1000):
        expected = stats.t.isf((1 - confidence) / 2, degrees)
        assert student_t_quantile(confidence, degrees) == pytest.approx(expected, rel=1e-12)


def test_power_is_that_of_scipy() -> None:
    """Where scipy has a value of the noncentral distribution, the powers agree."""
    compared = 0
    for degrees in DEGREES:
        for shift in (0, 0.1, 1, 2.8, 4, 8, 20):
            for critical in (0.5, 1.96, 2.77, 4.3, 12.7, 50):
                upper = stats.nct.sf(critical, degrees, shift)
                lower = stats.nct.cdf(-critical, degrees, shift)
                if math.isfinite(upper + lower):
                    compared += 1
                    found = noncentral_t_power(shift, degrees, critical)
                    assert found == pytest.approx(upper + lower, rel=1e-10, abs=1e-13)
                    assert noncentral_t_power(-shift, degrees, critical) == found
    assert compared > 300


def test_power_without_a_shift_is_the_probability() -> None:
    """The power of a test of two equal means is the probability of an error."""
    for degrees in DEGREES:
        for critical in (0.7, 1.3, 3.0):
            expected = student_t_probability(critical, degrees)
            assert noncentral_t_power(0, degrees, critical) == pytest.approx(expected, rel=1e-12)


def test_power_of_a_large_shift() -> None:
    """Shifts beyond those for which steps are fine enough are still decided."""
    assert noncentral_t_power(1e5, 3, 3.18) == pytest.approx(1, abs=1e-12)
    assert noncentral_t_power(1e5, 3, 1e9) == pytest.approx(0, abs=1e-9)


def test_ratios_of_gamma_functions() -> None:
    """They agree with scipy below and above the number from which a series is used."""
    for a in (0.5, 1, 1.7, 42, 99.9, 100, 123.4, 1e4, 1e8):
        expected = special.poch(a, 0.5)
        assert gamma_ratio(a) == pytest.approx(expected, rel=1e-13 if a < 1e4 else 1e-8)
    assert gamma_ratio(0.5) == pytest.approx(1 / math.sqrt(math.pi), rel=1e-15)
