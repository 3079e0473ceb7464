"""Points of a metric as numbers in the order of the x axis."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from operator import gt, itemgetter
from typing import Any, TypeAlias

import attrs

from sacred_core.stores.summaries import is_number

#: What the x axis of curves can show.
AXES = ("step", "time", "relative")
Numbers: TypeAlias = Sequence[float]
_PLAIN = frozenset((int, float))
#: Times of more points than this become numbers only when they are used.
_FEW_TIMES = 20_000
_ZONE = itemgetter(slice(len("2026-01-01T00:00:00.000000"), None))


@attrs.frozen(eq=False)
class NumericPoints:
    """Points of a metric.

    Attributes:
        xs: Finite numbers in ascending order. Points with equal ones are in the order of logging.
        ys: The values; NaN and the infinities are among them.
        omitted: Number of points that are not among these: their value is not a number, or they
            have no place on the axis.
    """

    xs: Numbers
    ys: Numbers
    omitted: int = 0

    def between(self, low: float, high: float) -> slice:
        """Return the positions of the points with ``low <= x <= high``."""
        return slice(bisect_left(self.xs, low), bisect_right(self.xs, high))

    def without_log_gaps(self) -> "NumericPoints":
        """Return the points that a logarithmic axis has: those with a positive x."""
        first = bisect_right(self.xs, 0)
        if first == 0:
            return self
        return NumericPoints(self.xs[first:], self.ys[first:], self.omitted + first)


class _Times(Sequence[float]):
    """Seconds after ``origin``, each computed when it is read."""

    def __init__(self, times: Sequence[Any], origin: float) -> None:
        self._times = times
        self._origin = origin

    def __len__(self) -> int:
        return len(self._times)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return _Times(self._times[index], self._origin)
        return seconds(self._times[index]) - self._origin


def numeric_points(
    columns: Mapping[str, Any], axis: str, origin: float | None = 0.0
) -> NumericPoints:
    """Return the points of a metric in the order of an axis.

    Args:
        columns: What `sacred_core.stores.curves.points` returns for a metric.
        axis: One of `AXES`.
        origin: Time in seconds since 1970 that is subtracted from times; None: the first one.
    """
    values = columns["values"]
    xs: Sequence[Any] = columns["steps"]
    is_plain = axis != "step" or _are_finite(xs)
    if axis != "step":
        times = columns["timestamps"]
        origin = _first_seconds(times) if origin is None else origin
        is_plain = len(times) > _FEW_TIMES and _are_ordered_times(times)
        xs = _Times(times, origin) if is_plain else [seconds(each) - origin for each in times]
        is_plain = is_plain or _are_finite(xs)
    if not (is_plain and _PLAIN.issuperset(map(type, values))):
        found = [
            (float(x), _to_float(value))
            for x, value in zip(xs, values, strict=True)
            if is_number(value) and is_number(x) and math.isfinite(_to_float(x))
        ]
        xs, values = [x for x, _ in found], [value for _, value in found]
    omitted = len(columns["values"]) - len(values)
    if isinstance(xs, _Times) or not any(map(gt, xs, islice(xs, 1, None))):
        return NumericPoints(xs, values, omitted)
    order = sorted(range(len(xs)), key=xs.__getitem__)
    return NumericPoints([xs[i] for i in order], [values[i] for i in order], omitted)


def is_finite(value: float) -> bool:
    """Return whether a value of a metric is drawn; also of an integer beyond all floats."""
    return math.isfinite(_to_float(value))


def have_gaps(values: Iterable[float]) -> bool:
    """Return whether NaN, an infinity, or an integer beyond all floats may be among values."""
    try:
        return not math.isfinite(sum(values))
    except OverflowError:
        return True


def seconds(time: datetime | None) -> float:
    """Return the seconds since 1970 of a time; NaN of None. A time without a zone is in UTC."""
    if not isinstance(time, datetime):
        return math.nan
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _first_seconds(times: Iterable[Any]) -> float:
    return next((each for each in map(seconds, times) if each == each), 0.0)


def _to_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _are_finite(values: Sequence[Any]) -> bool:
    return _PLAIN.issuperset(map(type, values)) and not have_gaps(values)


def _are_ordered_times(times: Sequence[Any]) -> bool:
    """Return whether times are ordered and none is missing, without an object for each."""
    stored: Sequence[Any] = getattr(times, "stored", times)
    kinds = set(map(type, stored))
    if len(kinds) != 1 or not kinds <= {str, int, float, datetime}:
        return False
    # Of one length and zone, times are in the order of their texts.
    is_text = kinds == {str}
    if is_text and (len(set(map(len, stored))) > 1 or len(set(map(_ZONE, stored))) > 1):
        return False
    try:
        return not any(map(gt, stored, islice(stored, 1, None)))
    except TypeError:  # times with and without a zone
        return False
