"""The bootstrap interval of the difference between two means."""

import bisect
import math
import operator
import random
from collections.abc import Sequence
from functools import reduce
from statistics import NormalDist, fmean

from sacred_core.compare.groups.welch import mean_difference

#: Drawn values from which on numpy, if it is installed, is faster than its import takes.
_MANY = 1_000_000
#: Values that numpy draws at a time.
_CHUNK = 1_000_000
#: Relative distance of equal means.
_EQUAL = 1e-14


def mean_differences(
    a: Sequence[float], b: Sequence[float], resamples: int, seed: int
) -> list[float]:
    """Return the difference of the means of ``a`` and ``b``, resampled with replacement.

    The result depends on the arguments only: it is the same with and without numpy.

    Args:
        a, b: The values.
        resamples: How many times they are resampled.
        seed: Of Python's generator (MT19937), which draws all resamples of ``a``, then of ``b``.
    """
    generator = random.Random(seed)
    if resamples * (len(a) + len(b)) >= _MANY:
        try:
            return _numpy_differences(a, b, resamples, generator)
        except ImportError:
            pass
    means = [[_resampled_mean(values, generator) for _ in range(resamples)] for values in (a, b)]
    return [*map(operator.sub, *means)]


def bca_interval(
    differences: Sequence[float], a: Sequence[float], b: Sequence[float], confidence: float
) -> tuple[float, float]:
    """Return the bias-corrected and accelerated interval of the difference of two means.

    Efron and Tibshirani, An Introduction to the Bootstrap (1993), section 14.3; for the
    acceleration of two samples see Davison and Hinkley, Bootstrap Methods and their Application
    (1997), equation 5.29.

    Args:
        differences: From `mean_differences`.
        a, b: The values, not all equal in both.
        confidence: Between 0 and 1.
    """
    ordered = sorted(differences)
    observed = mean_difference(a, b)
    # The order of a sum changes its last digit: such means are equal to the observed one.
    near = _EQUAL * max(map(abs, (*a, *b)))
    below = bisect.bisect_left(ordered, observed - near)
    below += bisect.bisect_right(ordered, observed + near)
    share = below / 2 / len(ordered)
    normal = NormalDist()
    bias = normal.inv_cdf(share) if 0 < share < 1 else 0.0
    acceleration = _acceleration(a, b)
    bounds = []
    for tail in ((1 - confidence) / 2, (1 + confidence) / 2):
        moved = bias + normal.inv_cdf(tail)
        level = normal.cdf(bias + moved / (1 - acceleration * moved))
        bounds.append(_quantile(ordered, level))
    return bounds[0], bounds[1]


def _resampled_mean(values: Sequence[float], generator: random.Random) -> float:
    count, draw = len(values), generator.random
    # Not `sum`, which adds in another way since Python 3.12.
    return reduce(operator.add, [values[int(draw() * count)] for _ in range(count)]) / count


def _numpy_differences(
    a: Sequence[float], b: Sequence[float], resamples: int, generator: random.Random
) -> list[float]:
    import numpy as np

    _, state, _ = generator.getstate()
    same = np.random.RandomState()
    same.set_state(("MT19937", np.array(state[:-1], np.uint32), state[-1], 0, 0.0))
    means = []
    for values in (np.array(a), np.array(b)):
        count = len(values)
        own = np.empty(resamples)
        rows = max(1, _CHUNK // count)
        for start in range(0, resamples, rows):
            part = own[start : start + rows]
            drawn = values[(same.random_sample((len(part), count)) * count).astype(np.intp)]
            part[:] = drawn[:, 0]
            for column in drawn.T[1:]:  # in the order of `_resampled_mean`
                part += column
        means.append(own / count)
    return [float(each) for each in means[0] - means[1]]


def _acceleration(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the acceleration from the influence of each value on the difference."""
    groups = []
    for values, sign in ((a, 1), (b, -1)):
        mean = fmean(values)
        groups.append([sign * (value - mean) for value in values])
    scale = max(abs(each) for group in groups for each in group)
    cubes, squares = (
        math.fsum(
            math.fsum((each / scale) ** power for each in group) / len(group) ** power
            for group in groups
        )
        for power in (3, 2)
    )
    return cubes / (6 * squares * math.sqrt(squares))


def _quantile(ordered: Sequence[float], level: float) -> float:
    """Return a quantile, between two values by linear interpolation."""
    place = level * (len(ordered) - 1)
    index = min(int(place), len(ordered) - 2)
    return ordered[index] + (ordered[index + 1] - ordered[index]) * (place - index)
