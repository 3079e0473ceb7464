"""Draws the CPU time of each action against the number of runs, on logarithmic axes, as SVG."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.growth.actions import ACTIONS

_WIDTH, _HEIGHT = 220, 170  # of a panel
_LEFT, _TOP, _BOTTOM, _RIGHT = 48, 26, 24, 10
_COLUMNS = 4
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")  # differ for all eyes
_LINE = 'fill="none" stroke-width="1.8"'


def draw(stores: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> str:
    """Return a picture with a panel for each action and a line for each store.

    Args:
        stores: Medians by store, action, figure and number of runs.
        names: Of the stores that are drawn.
    """
    names = [name for name in names if name in stores]
    rows = -(-(len(ACTIONS) + 1) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, rows * _HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" role="img">',
        "<title>CPU time of the client against the number of stored runs</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        '<g font-family="sans-serif" font-size="11" fill="#333">',
    ]
    for number, action in enumerate(ACTIONS):
        curves = {name: _points(stores[name][action]["cpu"]) for name in names}
        parts.append(_at(number, _panel(action, curves)))
    parts += [_at(len(ACTIONS), _legend(names)), "</g></svg>"]
    return "\n".join(parts) + "\n"


def _points(medians: Mapping[str, float]) -> list[tuple[float, float]]:
    """Return the logarithms of the number of runs and of the milliseconds."""
    return sorted(
        (math.log10(int(size)), math.log10(max(1e3 * seconds, 1e-3)))
        for size, seconds in medians.items()
    )


def _at(number: int, content: str) -> str:
    row, column = divmod(number, _COLUMNS)
    return f'<g transform="translate({column * _WIDTH},{row * _HEIGHT})">{content}</g>'


def _panel(title: str, curves: Mapping[str, list[tuple[float, float]]]) -> str:
    every = [point for curve in curves.values() for point in curve]
    xs = sorted({x for x, _ in every})
    low, high = math.floor(min(y for _, y in every)), math.ceil(max(y for _, y in every))
    high = max(high, low + 1)
    plot_width, plot_height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    span = xs[-1] - xs[0] or 1.0

    def place(x: float, y: float) -> str:
        across = _LEFT + (x - xs[0]) / span * plot_width
        down = _TOP + (high - y) / (high - low) * plot_height
        return f"{across:.1f},{down:.1f}"

    parts = [f'<text x="{_LEFT}" y="16">{escape(title)}</text>']
    for level in range(low, high + 1):
        start, end = place(xs[0], level), place(xs[-1], level)
        parts.append(f'<path stroke="#ddd" d="M{start}L{end}"/>')
        y = float(start.split(",")[1]) + 4
        parts.append(
            f'<text x="{_LEFT - 4}" y="{y}" text-anchor="end">{_milliseconds(level)}</text>'
        )
    for x in xs:
        across = place(x, low).split(",")[0]
        label = f"{round(10**x):,}"
        parts.append(f'<text x="{across}" y="{_HEIGHT - 8}" text-anchor="middle">{label}</text>')
    for colour, curve in zip(_COLOURS, curves.values(), strict=False):
        line = " ".join(place(x, y) for x, y in curve)
        parts.append(f'<polyline {_LINE} stroke="{colour}" points="{line}"/>')
    return "".join(parts)


def _legend(names: Sequence[str]) -> str:
    parts = [f'<text x="{_LEFT}" y="16">CPU of the client, by stored runs</text>']
    for number, (colour, name) in enumerate(zip(_COLOURS, names, strict=False)):
        y = 40 + 20 * number
        parts.append(
            f'<path {_LINE} stroke="{colour}" d="M{_LEFT},{y}h24"/>'
            f'<text x="{_LEFT + 32}" y="{y + 4}">{escape(name)}</text>'
        )
    return "".join(parts)


def _milliseconds(exponent: int) -> str:
    value = 10.0**exponent
    return f"{value / 1e3:g} s" if exponent >= 3 else f"{value:g} ms"
