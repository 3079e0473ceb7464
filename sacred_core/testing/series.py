"""Generated series of points, and their summaries computed point by point."""

import math
import random
from collections.abc import Sequence
from typing import Any

from sacred_core.stores.summaries import MetricSummary, encode_summary

_COUNTS = (0, 1, 2, 3, 100, 999, 1000, 1001, 2500, 7310)
_ODD = (math.nan, math.inf, -math.inf, "text", True, None, 5, 10**30)


def generate_series(seed: int, counts: Sequence[int] = _COUNTS) -> tuple[list[Any], list[Any]]:
    """Return the steps and the values of a series, whose length and values are of several kinds.

    Args:
        seed: The same one yields the same series.
        counts: Numbers of points of which one is chosen.
    """
    draw = random.Random(seed)
    count = draw.choice(counts)
    share = draw.choice([0, 0, 0.01, 1])
    values = [draw.choice(_ODD) if draw.random() < share else draw.gauss(0, 1)
              for _ in range(count)]  # fmt: skip
    kinds: list[list[Any]] = [
        [*range(count)],
        [3] * count,
        [n % 50 for n in range(count)],
        [draw.random() for _ in range(count)],
        [math.nan if n % 3 == 0 else -n for n in range(count)],
    ]
    return draw.choice(kinds), values


def summarize_by_point(steps: list[Any], values: list[Any], start: int) -> MetricSummary:
    """Return a summary by its definition, point by point."""
    numbers = [
        (step, value)
        for step, value in zip(steps, values, strict=True)
        if type(value) in (int, float)
    ]
    proper = [point for point in numbers if not _is_nan(point[1])] or numbers[:1]
    proper_steps = [step for step in steps if not _is_nan(step)] or steps[:1]
    fields: dict[str, Any] = {}
    if numbers:
        least = greatest = proper[0]
        for point in proper:
            least = point if point[1] < least[1] else least
            greatest = point if point[1] > greatest[1] else greatest
        fields = {
            "first": numbers[0][1], "last": numbers[-1][1], "last_step": numbers[-1][0],
            "min": least[1], "argmin": least[0], "max": greatest[1], "argmax": greatest[0],
        }  # fmt: skip
    if steps:
        fields |= {"lowest_step": min(proper_steps), "highest_step": max(proper_steps)}
    fields["odd_steps"] = sum(map(_is_nan, steps))
    return MetricSummary(start=start, points=len(values), count=len(numbers), **fields)


def spell(summary: MetricSummary) -> list[str]:
    """Return what two summaries have to agree in: NaN equals itself, and 1 is not 1.0."""
    return [repr(value) for value in encode_summary(summary)]


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)
