"""Summaries of the points of a metric: of all of them, or of blocks of `BLOCK_POINTS`.

A writer stores the summary of each block beside the points. Summaries of neighbouring points merge
into the summary of all of them, so that most questions need no point.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from sacred_core.dotted_path import MISSING
from sacred_core.serialization import number
from sacred_core.shared_methods import ValueMethods

#: The columns of the points of a metric, see `RunStore.metrics`.
COLUMNS = ("steps", "values", "timestamps")
#: Number of points in a block. The first index of a block is a multiple of it.
BLOCK_POINTS = 1000
_PLAIN_NUMBERS = frozenset((float, int))


def _nan_as_text(value: Any) -> Any:
    return value if value == value else "NaN"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MetricSummary(ValueMethods):
    """The summary of consecutive points of a metric.

    Values that are not numbers, which True and False are not, have steps but no other part in it.
    What no point has is `MISSING`. Of equal values the first counts. NaN is equal to NaN where two
    summaries are compared.

    Attributes:
        start: Index of the first point, counted from 0 over the whole run.
        points: Number of points.
        count: Number of points whose value is a number.
        first, last: The first and last number.
        min, max: The least and the greatest number. NaN only where there is nothing else.
        argmin, argmax: Their steps.
        last_step: The step of ``last``.
        lowest_step, highest_step: Of all points whose step is a number.
        odd_steps: Number of points whose step is not a number, or NaN.
    """

    start: int = 0
    points: int
    count: int
    first: Any = attrs.field(default=MISSING, eq=_nan_as_text)
    last: Any = attrs.field(default=MISSING, eq=_nan_as_text)
    last_step: Any = MISSING
    min: Any = attrs.field(default=MISSING, eq=_nan_as_text)
    argmin: Any = MISSING
    max: Any = attrs.field(default=MISSING, eq=_nan_as_text)
    argmax: Any = MISSING
    lowest_step: Any = MISSING
    highest_step: Any = MISSING
    odd_steps: int = 0

    @property
    def stop(self) -> int:
        """The index after the last point."""
        return self.start + self.points

    @property
    def others(self) -> int:
        """The number of values that are not numbers."""
        return self.points - self.count


_STORED = tuple(field.name for field in attrs.fields(MetricSummary))
_USUAL = _STORED[:-1]


def is_number(value: Any) -> bool:
    """Return whether ``value`` is a number; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def summarize(steps: Sequence[Any], values: Sequence[Any], start: int = 0) -> MetricSummary:
    """Return the summary of points.

    Args:
        steps, values: Lists of equal length.
        start: Index of the first of them.
    """
    own_steps, numbers, number_steps = steps, values, steps
    kinds, step_kinds = set(map(type, values)), set(map(type, steps))
    if not kinds <= _PLAIN_NUMBERS:
        chosen = [index for index, value in enumerate(values) if is_number(value)]
        own_steps, numbers = [steps[i] for i in chosen], [values[i] for i in chosen]
    if not step_kinds <= _PLAIN_NUMBERS:
        number_steps = [step for step in steps if is_number(step)]
    fields: dict[str, Any] = {}
    if numbers:
        proper = _without_nan(numbers, kinds)
        least, greatest = min(proper), max(proper)
        # NaN, which is proper only by itself, is found as the object that it is.
        at_least, at_greatest = numbers.index(least), numbers.index(greatest)
        fields = {
            "first": numbers[0], "last": numbers[-1], "last_step": _step(own_steps[-1]),
            "min": numbers[at_least], "argmin": _step(own_steps[at_least]),
            "max": numbers[at_greatest], "argmax": _step(own_steps[at_greatest]),
        }  # fmt: skip
    if number_steps:
        proper = _without_nan(number_steps, step_kinds)
        fields |= {"lowest_step": min(proper), "highest_step": max(proper)}
        if proper[0] == proper[0]:
            fields["odd_steps"] = len(steps) - len(proper)
    fields.setdefault("odd_steps", len(steps))
    return MetricSummary(start=start, points=len(values), count=len(numbers), **fields)


def summarize_blocks(
    steps: Sequence[Any], values: Sequence[Any], start: int = 0
) -> Iterator[MetricSummary]:
    """Yield the summary of each block; the first and the last may be parts of one.

    Args:
        steps, values: Lists of equal length.
        start: Index of the first point.
    """
    begin = 0
    while begin < len(values):
        end = begin + BLOCK_POINTS - (start + begin) % BLOCK_POINTS
        yield summarize(steps[begin:end], values[begin:end], start + begin)
        begin = end


def merge_summaries(parts: Iterable[MetricSummary]) -> MetricSummary:
    """Return the summary of the points of one or more parts, each following the one before."""
    merged: MetricSummary | None = None
    for part in parts:
        merged = part if merged is None else _merge_two(merged, part)
    if merged is None:
        raise ValueError("merge_summaries needs at least one summary")
    return merged


def merge_blocks(parts: Iterable[MetricSummary]) -> list[MetricSummary]:
    """Return one summary for each block from parts of blocks in the order of storing.

    A part that begins where an earlier one begins, or before it, replaces that one: it was stored
    again.
    """
    stored: list[MetricSummary] = []
    for part in parts:
        while stored and stored[-1].start >= part.start:
            stored.pop()
        stored.append(part)
    blocks: list[MetricSummary] = []
    for part in stored:
        is_same = bool(blocks) and blocks[-1].start // BLOCK_POINTS == part.start // BLOCK_POINTS
        if is_same:
            blocks[-1] = _merge_two(blocks[-1], part)
        else:
            blocks.append(part)
    return blocks


def encode_summary(summary: MetricSummary) -> list[Any]:
    """Return a summary as a list of numbers and None, in the order of its attributes.

    The number of odd steps is omitted if there are none.
    """
    values = [getattr(summary, name) for name in (_STORED if summary.odd_steps else _USUAL)]
    return [None if value is MISSING else value for value in values]


def decode_summary(stored: Sequence[Any]) -> MetricSummary:
    """Return the summary that `encode_summary` returned, also after a way through JSON.

    Raises:
        ValueError: it has another form.
    """
    values = stored
    if not _PLAIN_NUMBERS.issuperset(map(type, stored)):
        values = [MISSING if value is None else number(value) for value in stored]
        if not all(value is MISSING or is_number(value) for value in values):
            raise ValueError("a summary of a metric consists of numbers")
    names = _USUAL if len(values) == len(_USUAL) else _STORED
    summary = MetricSummary(**dict(zip(names, values, strict=True)))
    counts = (summary.start, summary.points, summary.count, summary.odd_steps)
    if not all(isinstance(each, int) for each in counts):
        raise ValueError("a summary of a metric has no number of points")
    return summary


def summary_of(metric: Any) -> MetricSummary | None:
    """Return the summary of what `RunStore.metrics` returns for one metric; None without values."""
    if not isinstance(metric, Mapping):
        return None
    steps, values = metric.get("steps"), metric.get("values")
    if not isinstance(values, Sequence) or isinstance(values, str) or not len(values):
        return None
    if not isinstance(steps, Sequence) or len(steps) != len(values):
        steps = [MISSING] * len(values)
    return summarize(steps, values)


def _step(step: Any) -> Any:
    """Return a step that is a number; one with thousands of digits is a string, and `MISSING`."""
    return step if is_number(step) else MISSING


def _without_nan(values: Sequence[Any], kinds: set[type]) -> Sequence[Any]:
    """Return the values that are compared: NaN only if there is nothing else.

    Args:
        values: Numbers, one or more.
        kinds: Their types, and maybe others.
    """
    if kinds == {int} or not _has_nan(values):
        return values
    return [value for value in values if value == value] or values[:1]


def _has_nan(values: Sequence[Any]) -> bool:
    try:
        total = sum(values)
    except (TypeError, OverflowError):  # an integer beyond a float
        return any(value != value for value in values)
    return total != total and any(value != value for value in values)


def _merge_two(one: MetricSummary, other: MetricSummary) -> MetricSummary:
    fields: dict[str, Any] = {
        "first": one.first if one.count else other.first,
        "last": other.last if other.count else one.last,
        "last_step": other.last_step if other.count else one.last_step,
        "lowest_step": _choose(one.lowest_step, other.lowest_step, is_least=True),
        "highest_step": _choose(one.highest_step, other.highest_step, is_least=False),
        "odd_steps": one.odd_steps + other.odd_steps,
    }
    for name, is_least in (("min", True), ("max", False)):
        mine, its = getattr(one, name), getattr(other, name)
        chosen = _choose(mine, its, is_least)
        source = one if chosen is mine and mine is not MISSING else other
        fields |= {name: chosen, f"arg{name}": getattr(source, f"arg{name}")}
    return MetricSummary(
        start=one.start, points=one.points + other.points, count=one.count + other.count, **fields
    )


def _choose(one: Any, other: Any, is_least: bool) -> Any:
    """Return the lesser or greater one: the first of equal ones, a number rather than NaN."""
    if one is MISSING or other is MISSING:
        return other if one is MISSING else one
    if one != one or other != other:
        return one if other != other else other
    is_better = other < one if is_least else other > one
    return other if is_better else one
