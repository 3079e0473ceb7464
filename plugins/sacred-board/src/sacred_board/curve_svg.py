"""Charts as SVG, for browsers without JavaScript and until scripts replace them."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs
from markupsafe import Markup, escape

from sacred_board.data.charts import Charts
from sacred_board.data.series_colors import COLORS
from sacred_core.readable_numbers import number_text

#: The sides of the plot; the browser stretches it.
_SIZE = 1000
_MARGIN = 0.04
_TICKS = 6
_MOST_DASHED = 300
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
#: Distances of ticks of time from a second to a day; others are round numbers of either.
_TIME_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(number * _MINUTE for number in (1, 2, 5, 10, 15, 30)),
    *(number * _HOUR for number in (1, 2, 3, 6, 12, 24)),
)


@attrs.frozen
class Axis:
    """A linear or logarithmic axis from ``low`` to ``high``."""

    low: float
    high: float
    is_log: bool = False

    def share(self, value: float) -> float:
        """Return the place of a value: 0 for ``low``, 1 for ``high``."""
        low, high = self.low, self.high
        if self.is_log:
            return math.log(max(value, low / 10) / low) / math.log(high / low)
        return (value - low) / (high - low)

    def ticks(self, is_time: bool = False) -> list[float]:
        """Return about six round values.

        Args:
            is_time: They are seconds.
        """
        if self.is_log and self.high / self.low >= 100:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            step = max(1, (last - first) // _TICKS + 1)
            return [10.0**power for power in range(first, last + 1, step)]
        distance = _round_step((self.high - self.low) / _TICKS, is_time)
        first = math.ceil(self.low / distance - 1e-9)
        return [n * distance for n in range(first, math.floor(self.high / distance + 1e-9) + 1)]


def draw_svg(charts: Charts, metric: str, is_log_y: bool, hidden: Iterable[str]) -> Markup:
    """Return the chart of a metric as an SVG element; an empty string if it has no point.

    Args:
        charts: With the curves of the metric.
        metric: Its name.
        is_log_y: The y axis is logarithmic; values that are not positive are not drawn then.
        hidden: The keys of the runs, or the numbers of the groups, that are not drawn.
    """
    hidden = frozenset(hidden)
    curves = [each for each in charts.charts.get(metric, []) if _key(each) not in hidden]
    axes = _axes(charts, curves, is_log_y)
    if axes is None:
        return Markup()
    x, y = axes
    slots = _slots(charts)
    lines = Markup().join(
        _draw_curve(each, x, y, slots[_key(each)], is_mean=charts.groups is not None)
        for each in curves
    )
    label = escape(f"{metric} by {charts.view.axis}")
    return Markup(
        '<svg class="curve-plot" role="img" aria-label="{}">{}'
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none">{}</svg></svg>'
    ).format(label, _grid(x, y, charts.view.axis), _SIZE, _SIZE, lines)


def raw_line(curve: Mapping[str, Any]) -> Iterator[tuple[float, float | None]]:
    """Yield the places of a line through the least and the greatest value of each row."""
    if curve.get("low") is None or "count" in curve:
        yield from zip(curve["x"], curve["y"], strict=True)
        return
    names = ("x", "y", "x_low", "low", "x_high", "high")
    for x, y, x_low, low, x_high, high in zip(*(curve[name] for name in names), strict=True):
        if y is None:
            yield x, None
        else:
            yield from sorted({(x_low, low), (x_high, high), (x, y)})


def _axes(charts: Charts, curves: Sequence[Any], is_log_y: bool) -> tuple[Axis, Axis] | None:
    xs: list[float] = []
    ys: list[float] = []
    window = charts.view.window
    for curve in curves:
        for x, y in raw_line(curve):
            if y is not None and (window is None or window[0] <= x <= window[1]):
                xs.append(x)
                ys.append(y)
        if charts.groups is not None:
            ys += [each for name in ("low", "high") for each in curve[name] if each is not None]
    ys = [each for each in ys if each > 0] if is_log_y else ys
    if not xs or not ys:
        return None
    low, high = (min(xs), max(xs)) if window is None else window
    by_x = Axis(*_widened(low, high, charts.view.is_log), charts.view.is_log)
    return by_x, _with_margin(Axis(*_widened(min(ys), max(ys), is_log_y), is_log_y))


def _widened(low: float, high: float, is_log: bool) -> tuple[float, float]:
    if low < high:
        return low, high
    if is_log:
        return low / 2, high * 2
    distance = abs(low) / 10 or 1.0
    return low - distance, high + distance


def _with_margin(axis: Axis) -> Axis:
    if axis.is_log:
        factor = (axis.high / axis.low) ** _MARGIN
        return Axis(axis.low / factor, axis.high * factor, True)
    distance = (axis.high - axis.low) * _MARGIN
    return Axis(axis.low - distance, axis.high + distance)


def _draw_curve(curve: Mapping[str, Any], x: Axis, y: Axis, slot: int, is_mean: bool) -> Markup:
    series = f"series-{slot % COLORS + 1}"
    is_sparse = is_mean or "smooth" in curve or len(curve["x"]) < _MOST_DASHED
    # A dash may hide an outlier: lines with many points are solid.
    dashes = f"{series} is-dashed-{slot // COLORS}" if is_sparse else series
    parts = []
    if is_mean:
        shape = Markup('<path class="curve-band {}" d="{}"/>')
        parts.append(shape.format(series, _band_path(curve, x, y)))
    smooth = curve.get("smooth")
    shape = Markup('<path class="curve-line {}" d="{}"/>')
    own = f"{series} is-raw" if smooth else dashes
    parts.append(shape.format(own, _line_path(raw_line(curve), x, y)))
    if smooth:
        line = zip(curve["x"], smooth, strict=True)
        parts.append(shape.format(dashes, _line_path(line, x, y)))
    return Markup().join(parts)


def _line_path(line: Iterable[tuple[float, float | None]], x: Axis, y: Axis) -> str:
    parts = []
    is_open = False
    for at, value in line:
        if value is None or (y.is_log and value <= 0):
            is_open = False
            continue
        parts.append(f"{'L' if is_open else 'M'}{_place(at, value, x, y)}")
        is_open = True
    # A line of no length makes a point without neighbours visible.
    return re.sub(r"M[^LM]+(?=M|$)", r"\g<0>h0", "".join(parts))


def _band_path(curve: Mapping[str, Any], x: Axis, y: Axis) -> str:
    known = [
        each
        for each in zip(curve["x"], curve["low"], curve["high"], strict=True)
        if each[1] is not None and each[2] is not None and not (y.is_log and each[2] <= 0)
    ]
    if not known:
        return ""
    upper = [_place(at, high, x, y) for at, _, high in known]
    lower = [_place(at, max(low, y.low) if y.is_log else low, x, y) for at, low, _ in known]
    return f"M{'L'.join([*upper, *reversed(lower)])}Z"


def _place(at: float, value: float, x: Axis, y: Axis) -> str:
    return f"{x.share(at) * _SIZE:.1f} {(1 - y.share(value)) * _SIZE:.1f}"


def _grid(x: Axis, y: Axis, axis: str) -> Markup:
    line = Markup('<line class="curve-grid" x1="{}" x2="{}" y1="{}" y2="{}"/>')
    parts = []
    for value in x.ticks(axis != "step"):
        place = f"{x.share(value) * 100:.2f}%"
        parts.append(line.format(place, place, "0", "100%"))
        text = Markup('<text x="{}" y="100%" dy="1.5em" text-anchor="middle">{}</text>')
        parts.append(text.format(place, _x_text(value, axis, x)))
    for value in y.ticks():
        place = f"{(1 - y.share(value)) * 100:.2f}%"
        parts.append(line.format("0", "100%", place, place))
        text = Markup('<text x="-8" y="{}" dy="0.35em" text-anchor="end">{}</text>')
        parts.append(text.format(place, number_text(value)))
    return Markup().join(parts)


def _x_text(value: float, axis: str, x: Axis) -> str:
    if axis == "step":
        return number_text(int(value) if value == int(value) else value)
    span = x.high - x.low
    if axis == "time":
        form = "%Y-%m-%d" if span > 3 * _DAY else "%H:%M" if span > 10 * _MINUTE else "%H:%M:%S"
        return datetime.fromtimestamp(value, UTC).strftime(form)
    if span < 2 * _MINUTE:
        return f"{number_text(value)} s"
    if span < 2 * _HOUR:
        return f"{number_text(value / _MINUTE)} min"
    return f"{number_text(value / _HOUR)} h"


def _round_step(step: float, is_time: bool) -> float:
    """Return the next round distance of ticks that is not less than ``step``."""
    least = step * (1 - 1e-9)
    if is_time and _TIME_STEPS[0] < step <= _TIME_STEPS[-1]:
        return next(each for each in _TIME_STEPS if each >= least)
    unit = _DAY if is_time and step > _DAY else 1
    power = 10.0 ** math.floor(math.log10(step / unit)) * unit
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)


def _slots(charts: Charts) -> dict[str, int]:
    if charts.groups is not None:
        return {str(number): each.slot for number, each in enumerate(charts.groups)}
    return {each.key: each.slot for each in charts.runs}


def _key(curve: Mapping[str, Any]) -> str:
    return str(curve["group"]) if "group" in curve else str(curve["run"])
