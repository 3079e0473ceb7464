"""Exponential smoothing of metrics, the same at each width and zoom."""

import math
from collections.abc import Iterable, Sequence
from itertools import compress

import attrs

from sacred_board.data.numeric_points import have_gaps, is_finite

#: Points over which a weight is defined; see `Smoothing`.
_REFERENCE = 1000
#: The earlier points that have together less than this share of the weight are not needed.
_NEGLIGIBLE = 1e-6
_MOST = 0.9999


@attrs.frozen
class Smoothing:
    """An exponential moving average with debiasing, as TensorBoard has it.

    The smoothed value at a point is the weighted mean of it and all points before it in the order
    of the x axis; the weight of a point is ``decay`` to the power of the number of points between
    them. Debiasing is the division by the sum of the weights: the first smoothed value is the first
    value. NaN and the infinities are skipped.

    TensorBoard computes it with ``decay = weight``, after choosing at most 1,000 points at random.
    Here all points count. For up to 1,000 points ``decay`` is ``weight``. For more it is the root
    ``weight ** (1000 / points)``, so that a curve is as smooth with a million points as one of the
    same shape with a thousand. It depends neither on the width nor on the zoom.

    Attributes:
        weight: From 0, no smoothing, to less than 1.
        points: Number of points of the whole metric.
    """

    weight: float
    points: int

    @property
    def decay(self) -> float:
        """The factor between the weights of neighbouring points."""
        return float(min(self.weight, _MOST) ** (1 / max(1.0, self.points / _REFERENCE)))

    @property
    def history(self) -> int:
        """The number of points before a point that have all but a millionth of the weight."""
        return math.ceil(math.log(_NEGLIGIBLE) / math.log(self.decay)) if self.weight else 0

    def apply(self, values: Sequence[float]) -> list[float]:
        """Return the smoothed value at each point; NaN before the first finite value."""
        if have_gaps(values):
            finite = [is_finite(value) for value in values]
            averages = iter(self._averages(compress(values, finite)))
            current = math.nan
            return [current := next(averages) if each else current for each in finite]
        return self._averages(values)

    def _averages(self, values: Iterable[float]) -> list[float]:
        decay = self.decay
        gain = 1 - decay
        total = norm = 0.0
        averages = []
        for value in values:
            total = decay * total + gain * value
            norm = decay * norm + gain
            averages.append(total / norm)
        return averages
