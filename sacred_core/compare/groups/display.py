"""A comparison of two groups as text and as HTML."""

from typing import Any, TypeAlias

from sacred_core.compare.groups.welch import MOST_VALUES
from sacred_core.plurals import counted
from sacred_core.readable_numbers import DIGITS, distinct_digits, number_text
from sacred_core.stores.run_display import box, shown
from sacred_core.terminal import align

#: A `sacred_core.compare.groups.significance.Significance`, whose module imports this one.
ShownSignificance: TypeAlias = Any

_ASSUMED = "This assumes that the observed difference and standard deviations are the true ones."
#: Relative size of what differs from 0 by rounding only.
_ROUNDING = 1e-13


def conclusion(found: ShownSignificance, digits: int | None = DIGITS) -> list[str]:
    """Return in sentences whether the groups differ, and how many more runs would decide it.

    Args:
        found: The comparison.
        digits: Significant digits of floats; None for all.
    """
    if found.test is None:
        return _nothing_to_test(found, digits)
    verdict = (
        f"significant at {_percent(found.confidence)} confidence "
        f"(p = {number_text(found.test.p, digits)})"
    )
    if found.is_significant:
        name = found.a.name if found.difference > 0 else found.b.name
        by = number_text(abs(found.difference), digits)
        return [f"The difference is {verdict}: the mean of {name} is higher by {by}."]
    return [f"The difference is not {verdict}.", *_what_is_needed(found)]


def significance_text(found: ShownSignificance, digits: int | None = DIGITS) -> str:
    """Return a comparison as lines of text; see `conclusion`."""
    groups, facts = align(_group_rows(found, digits)), align(_facts(found, digits))
    return "\n".join((_title(found), "", *groups, "", *facts, "", *conclusion(found, digits)))


def significance_html(found: ShownSignificance) -> str:
    """Return a comparison as HTML: the groups, the facts, the conclusion and remarks."""
    head, *groups = _group_rows(found, DIGITS)
    remarks = [["remark", each] for each in found.remarks]
    facts = [*_facts(found, DIGITS), *remarks]
    return box(_title(found), head, groups) + box(" ".join(conclusion(found)), [], facts)


def _title(found: ShownSignificance) -> str:
    return f"{shown(found.field) or 'Values'} of two groups"


def _group_rows(found: ShownSignificance, digits: int | None) -> list[list[str]]:
    """Return a table of the groups; the first row has the headings."""
    groups = (found.a, found.b)
    # Means that differ look different.
    own = None if digits is None else distinct_digits([each.mean for each in groups])
    rows = [["GROUP", "RUNS" if found.field else "VALUES", "MEAN", "SD"]]
    for each in groups:
        name = f"{each.name}  {shown(each.definition)}".rstrip()
        mean, std = number_text(each.mean, own), number_text(each.std, digits)
        rows.append([name, str(each.count), mean, std])
    return rows


def _facts(found: ShownSignificance, digits: int | None) -> list[list[str]]:
    """Return what was computed, each with its name."""

    largest = max(abs(found.a.mean), abs(found.b.mean))

    def text(value: float) -> str:
        is_rounding = digits is not None and abs(value) < _ROUNDING * largest
        return number_text(0.0 if is_rounding else value, digits)

    facts = [["difference A - B", text(found.difference)]]
    test, bootstrap = found.test, found.bootstrap
    if test is None:
        return facts
    percent = _percent(found.confidence)
    return [
        *facts,
        [f"{percent} interval", f"{text(test.low)} to {text(test.high)} (Welch's t)"],
        [
            "",
            f"{text(bootstrap.low)} to {text(bootstrap.high)} ({bootstrap.method} bootstrap, "
            f"{counted(bootstrap.resamples, 'resample')}, seed {bootstrap.seed})",
        ],
        [
            "t test",
            f"t = {number_text(test.t, digits)}, df = {number_text(test.degrees, digits)}, "
            f"p = {number_text(test.p, digits)}",
        ],
        ["effect size", f"Hedges' g = {number_text(test.hedges_g, digits)}"],
    ]


def _nothing_to_test(found: ShownSignificance, digits: int | None) -> list[str]:
    of_a, of_b = (number_text(each.mean, digits) for each in (found.a, found.b))
    if found.difference == 0:
        return [f"All values of both groups are {of_a}: there is nothing to test."]
    return [
        f"All values of A are {of_a}, all of B {of_b}: values that do not vary cannot be tested.",
        "Check that the runs of each group have different seeds.",
    ]


def _what_is_needed(found: ShownSignificance) -> list[str]:
    """Return how many more runs would show a difference that is not significant."""
    if found.difference == 0:
        return ["The means are equal: no number of runs would show a difference."]
    noun = "run" if found.field else "value"
    if found.runs_per_group is None:
        return [f"More than {MOST_VALUES} {noun}s per group would be needed.", _ASSUMED]
    groups = zip((found.a, found.b), found.more_runs, strict=True)
    more = ", ".join(f"{count} more of {group.name}" for group, count in groups)
    return [
        f"With {found.runs_per_group} {noun}s per group ({more}) it would be, with a probability "
        f"of {_percent(found.power)}.",
        _ASSUMED,
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.10g} %"
