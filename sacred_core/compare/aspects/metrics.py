"""The points of metrics, without their times."""

from collections.abc import Mapping
from typing import Any

from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.points import Parting, comparable_number, find_parting, points_digest
from sacred_core.compare.records import MISSING, Difference
from sacred_core.plurals import counted
from sacred_core.readable_numbers import distinct_digits, value_text
from sacred_core.stores.summaries import MetricSummary

_STATISTICS = ("last", "last_step", "min", "argmin", "max", "argmax")


def collect_metrics(side: ComparedRun) -> dict[str, Any]:
    """Return number of points, statistics and a digest of steps and values, by metric."""
    summaries = side.summaries()
    return {
        name: {
            "points": len(points["steps"]),
            **_statistics(summaries.get(name)),
            "digest": points_digest(points),
        }
        for name, points in side.points().items()
        if len(points["steps"])
    }


def render_metrics(difference: Difference, first: ComparedRun, second: ComparedRun) -> Difference:
    """Return the first point that differs, and statistics of both metrics."""
    name, facts = difference.key, (difference.first, difference.second)
    known = [fact for fact in facts if fact is not MISSING]
    digits = distinct_digits(fact[key] for fact in known for key in _STATISTICS if key in fact)
    lines = [
        f"{sign} {name}: {_facts_text(fact, digits)}"
        for sign, fact in zip("-+", facts, strict=True)
        if fact is not MISSING
    ]
    if len(known) < len(facts):
        return difference.shown(lines)
    parting = find_parting(first.points()[name], second.points()[name])
    if parting is None:
        return difference.shown(lines)
    details = {
        "point": parting.index,
        "steps": [*map(_only, parting.steps)],
        "values": [*map(_only, parting.values)],
        "is_reordered": parting.is_reordered,
        "ended": _ended(parting),
    }
    return difference.shown([*lines, f"  {parting_text(parting)}"], {"parting": details})


def parting_text(parting: Parting) -> str:
    """Return where two metrics part, and both values, in a line."""
    steps, values = parting.steps, parting.values
    if parting.is_reordered:
        return f"the same points in another order from step {steps[0][0]} / {steps[1][0]} on"
    ended = _ended(parting)
    if ended is not None:
        longer = steps[0] or steps[1]
        other = {"first": "second", "second": "first"}[ended]
        return (
            f"equal for {counted(parting.index, 'point')}, then the {ended} run has no more and "
            f"the {other} run continues at step {longer[0]}"
        )
    (one,), (other,) = values
    digits = distinct_digits((one, other))
    shown = [value_text(value, digits) for value in (one, other)]
    if steps[0] != steps[1]:
        return (
            f"part at point {parting.index + 1}: {shown[0]} at step {steps[0][0]}, "
            f"{shown[1]} at step {steps[1][0]}"
        )
    return f"part at step {steps[0][0]}: {shown[0]}, {shown[1]}"


def _statistics(summary: MetricSummary | None) -> dict[str, Any]:
    if summary is None or not summary.count:
        return {}
    found = {name: comparable_number(getattr(summary, name)) for name in _STATISTICS}
    return {name: value for name, value in found.items() if value is not MISSING}


def _facts_text(fact: Mapping[str, Any], digits: int) -> str:
    parts = [counted(fact["points"], "point")]
    for name, step in (("min", "argmin"), ("max", "argmax"), ("last", "last_step")):
        if name in fact:
            place = f" at step {fact[step]}" if step in fact else ""
            parts.append(f"{name} {value_text(fact[name], digits)}{place}")
    return ", ".join(parts)


def _ended(parting: Parting) -> str | None:
    """Return which of the two metrics has no point here."""
    return next(
        (name for name, steps in zip(("first", "second"), parting.steps, strict=True) if not steps),
        None,
    )


def _only(values: tuple[Any, ...]) -> Any:
    return values[0] if values else None
