"""Student's t distribution and the noncentral one, in double precision.

No library that the core may use has them, and scipy is 100 times as large as the core. References
are to the Digital Library of Mathematical Functions (DLMF, https://dlmf.nist.gov).
"""

import math

#: From here on the ratio of two gamma functions is computed by its series.
_SERIES_FROM = 100.0
#: Its coefficients, see `gamma_ratio`.
_SERIES = (1.0, -1 / 8, 1 / 128, 5 / 1024, -21 / 32768, -399 / 262144)
#: The square of a larger number is not added to 1.
_LARGE = 1e9
_MOST_TERMS, _MOST_STEPS = 100_000, 100
_PRECISION, _NEARLY = 4e-16, 1e-9
#: Largest noncentrality for which the steps of an integral are fine enough for all digits.
_LARGEST_SHIFT = 1000.0


def student_t_probability(t: float, degrees: float) -> float:
    """Return the probability that the absolute value of Student's t is ``abs(t)`` or more.

    It is the regularised incomplete beta function I_x(degrees/2, 1/2) of
    x = degrees/(degrees + t²), DLMF 8.17(i): a continued fraction, or near 0, where that converges
    slowly, an integral.

    Args:
        t: Any number, also an infinity.
        degrees: Degrees of freedom: more than 0, not necessarily an integer.
    """
    half = degrees / 2
    ratio = abs(t) / math.sqrt(degrees)
    if ratio > _LARGE:
        x, y = 1 / ratio / ratio, 1.0
    else:
        x, y = 1 / (1 + ratio * ratio), ratio * ratio / (1 + ratio * ratio)
    if half * y < x / 2:
        return noncentral_t_power(0, degrees, abs(t))
    factor = _power_of_x(ratio, half) * math.sqrt(y) * gamma_ratio(half) / math.sqrt(math.pi)
    return factor * _beta_fraction(half, 0.5, x, y)


def student_t_quantile(confidence: float, degrees: float) -> float:
    """Return t so that a value of Student's distribution is in [-t, t] with a probability.

    Args:
        confidence: The probability: more than 0, less than 1.
        degrees: Degrees of freedom: more than 0, not necessarily an integer.

    Newton's method for the logarithm of the probability outside as a function of log(t). This
    function is concave and decreases, so that the method converges from each start.
    """
    outside = 1 - confidence
    t = 2.0
    for _ in range(_MOST_STEPS):
        found = student_t_probability(t, degrees)
        step = math.log(found / outside) * found / (2 * t * _density(t, degrees))
        t *= math.exp(min(step, 1.0))  # not so far that the probability is 0
        if abs(step) < _NEARLY:  # the number of correct digits doubles with each step
            break
    return t


def noncentral_t_power(shift: float, degrees: float, critical: float) -> float:
    """Return the probability that the absolute value of a noncentral t exceeds a value.

    A noncentral t is (Z + shift)/S, where Z is a standard normal variable and S² an independent
    chi-squared variable divided by its degrees of freedom (Johnson, Kotz and Balakrishnan,
    Continuous Univariate Distributions 2, 1995, chapter 31). The probability for given S is
    averaged over u = log(S), whose density is proportional to
    exp(-degrees/2 * (exp(2u) - 1 - 2u)), by the trapezoidal rule, which converges exponentially
    (Trefethen and Weideman, SIAM Review 56, 2014, section 5).

    Args:
        shift: The noncentrality.
        degrees: Degrees of freedom: more than 0, not necessarily an integer.
        critical: The value: 0 or more.
    """
    half, shift = degrees / 2, abs(shift)
    # Outside of the bounds the density is less than exp(-40) of the greatest.
    low = -math.sqrt(30 / half) if half > 120 else -(20 / half + 0.5)
    high = math.sqrt(20 / half)
    step = min(0.1, 0.25 / math.sqrt(half), 0.5 / (1 + min(shift, _LARGEST_SHIFT)))
    weights, terms = [], []
    for number in range(math.ceil((high - low) / step) + 1):
        u = low + number * step
        weight = math.exp(-half * (math.expm1(2 * u) - 2 * u))
        bound = critical * math.exp(u)
        weights.append(weight)
        terms.append(weight * (_normal_above(bound - shift) + _normal_above(bound + shift)))
    return math.fsum(terms) / math.fsum(weights)


def gamma_ratio(a: float) -> float:
    """Return Γ(a + 1/2)/Γ(a) for a > 0, without the overflow of both; DLMF 5.11.13."""
    if a < _SERIES_FROM:
        return math.gamma(a + 0.5) / math.gamma(a)
    return math.sqrt(a) * math.fsum(each / a**power for power, each in enumerate(_SERIES))


def _power_of_x(ratio: float, exponent: float) -> float:
    """Return (1 + ratio²)^-exponent, with all digits where ratio is small or large."""
    if ratio > _LARGE:
        return math.exp(-2 * exponent * math.log(ratio)) if ratio < math.inf else 0.0
    return math.exp(-exponent * math.log1p(ratio * ratio))


def _density(t: float, degrees: float) -> float:
    ratio = t / math.sqrt(degrees)
    scale = gamma_ratio(degrees / 2) / math.sqrt(degrees * math.pi)
    return scale * _power_of_x(ratio, (degrees + 1) / 2)


def _beta_fraction(a: float, b: float, x: float, y: float) -> float:
    """Return I_x(a, b) without the factor x^a y^b/B(a, b), for y = 1 - x.

    The continued fraction converges fast for x < a/(a + b), and has no cancellation where y is
    small: Didonato and Morris, Algorithm 708, ACM TOMS 18 (1992), section 4; by the modified Lentz
    method, DLMF 3.10(iii).
    """
    excess = (a + b) * y - b
    value = c = a / (a + 1) * (excess + 1)
    d = 0.0
    for n in range(1, _MOST_TERMS):
        place = a + 2 * n - 1
        numerator = (a + n - 1) * (a + b + n - 1) * n * (b - n) * (x / place) ** 2
        denominator = (
            n + n * (b - n) * x / place + (a + n) / (place + 2) * (excess + 1 + n * (1 + y))
        )
        d = 1 / (denominator + numerator * d)
        c = denominator + numerator / c
        value *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return 1 / value


def _normal_above(z: float) -> float:
    return math.erfc(z / math.sqrt(2)) / 2
