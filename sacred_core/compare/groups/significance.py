"""Whether two groups of runs differ, and how many more runs would decide it."""

from collections.abc import Iterable
from statistics import mean, stdev
from typing import Any, cast

import attrs

from sacred_core.compare.groups.bootstrap import bca_interval, mean_differences
from sacred_core.compare.groups.group_values import (
    GroupValues,
    check_groups,
    given_values,
    group_remarks,
    read_group,
)
from sacred_core.compare.groups.welch import WelchTest, mean_difference, required_values, welch_test
from sacred_core.exceptions import QueryError, SignificanceError
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.readable_numbers import DIGITS, number_text
from sacred_core.serialization import plain
from sacred_core.stores.query import Field, parse_columns
from sacred_core.stores.run_list import RunSource

CONFIDENCE, RESAMPLES, SEED, POWER = 0.95, 10_000, 0, 0.8
#: Fewer resamples do not show the ends of a distribution, more do not fit into memory.
LEAST_RESAMPLES, MOST_RESAMPLES = 100, 1_000_000


@attrs.frozen(kw_only=True)
class GroupSummary:
    """One of two groups.

    Attributes:
        name: ``"A"`` or ``"B"``.
        definition: The query or the ids that selected the runs, or an empty string.
        ids: The runs; empty if the values were given.
        count: Number of values.
        mean, std: Of the values; the standard deviation is that of a sample.
    """

    name: str
    definition: str
    ids: list[int | str]
    count: int
    mean: float
    std: float


@attrs.frozen(kw_only=True)
class BootstrapInterval:
    """The bias-corrected and accelerated bootstrap interval (BCa) of a difference.

    Attributes:
        low, high: The interval.
        resamples: Number of resamples.
        seed: Of their generator.
        method: ``"BCa"``.
    """

    low: float
    high: float
    resamples: int
    seed: int
    method: str = "BCa"


@attrs.frozen(kw_only=True, repr=False)
class Significance:
    """Whether the values of two groups differ; its text is that of ``sacred runs significance``.

    Attributes:
        field: What was compared, such as ``"metrics.loss.last"``; empty for given values.
        a, b: The groups.
        difference: The mean of A minus that of B.
        test: Welch's t test; None if all values of each group are equal.
        bootstrap: The bootstrap interval of the difference; None as for ``test``.
        confidence: Of the intervals, and of the test.
        power: The probability with which further runs should show the difference.
        runs_per_group: The number of runs per group with which the test would show the difference
            with this probability, if the difference and the standard deviations of these runs are
            the true ones. None if it is shown already, if there is no difference or no test, and
            for more than a million.
        remarks: Sentences about runs that were skipped, and about entries that differ.
    """

    field: str
    a: GroupSummary
    b: GroupSummary
    difference: float
    test: WelchTest | None
    bootstrap: BootstrapInterval | None
    confidence: float
    power: float
    runs_per_group: int | None
    remarks: tuple[str, ...]

    @property
    def is_significant(self) -> bool | None:
        """Whether the groups differ at this confidence; None if there is no test."""
        return None if self.test is None else self.test.p < 1 - self.confidence

    @property
    def more_runs(self) -> tuple[int, int] | None:
        """How many more runs of A and of B would decide it; None if no number is known to."""
        if self.is_significant:
            return 0, 0
        count = self.runs_per_group
        return (
            None if count is None else (max(0, count - self.a.count), max(0, count - self.b.count))
        )

    def conclusion(self) -> str:
        """Return in sentences whether the groups differ, and how many more runs would decide it."""
        from sacred_core.compare.groups.display import conclusion

        return " ".join(conclusion(self))

    def text(self, digits: int | None = DIGITS) -> str:
        """Return all but the remarks as lines of text.

        Args:
            digits: Significant digits of floats; None for all.
        """
        from sacred_core.compare.groups.display import significance_text

        return significance_text(self, digits)

    def data(self) -> dict[str, Any]:
        """Return all as plain data, as ``docs/significance.schema.json`` describes it."""
        more = None if self.more_runs is None else dict(zip("ab", self.more_runs, strict=True))
        conclusions = {"is_significant": self.is_significant, "more_runs": more}
        return cast(
            dict[str, Any],
            plain(attrs.asdict(self) | conclusions | {"conclusion": self.conclusion()}),
        )

    def __repr__(self) -> str:
        field = f" {printable(self.field)}:" if self.field else ""
        p = "no test" if self.test is None else f"p = {number_text(self.test.p)}"
        return f"<Significance{field} {self.a.count} and {counted(self.b.count, 'value')}, {p}>"

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from sacred_core.compare.groups.display import significance_html

        return significance_html(self)


def significance(
    a: RunSource | Iterable[float],
    b: RunSource | Iterable[float],
    field: str | None = None,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    power: float = POWER,
    any_status: bool = False,
) -> Significance:
    """Test whether two groups of runs, or of numbers, have different means.

    Example::

        fast = find_runs("my_runs", "config.lr = 0.1")
        slow = find_runs("my_runs", "config.lr = 0.01")
        significance(fast, slow, "metrics.loss.last")

    Args:
        a, b: Runs, such as the results of `find_runs`, or numbers.
        field: The number of each run, as queries name it; None if ``a`` and ``b`` are numbers.
        confidence: Of the intervals, and of the test.
        resamples: Number of resamples of the bootstrap.
        seed: Of the bootstrap.
        power: The probability with which further runs should show the difference.
        any_status: Use runs that did not complete, too.

    Raises:
        SignificanceError: a group has fewer than two values, a run is in both, no run has the
            field, a number is not finite, or an argument is out of range.
        QueryError: there is no such field.
        StoreError: the runs cannot be read.
    """
    groups = []
    chosen = None if field is None else parse_field(field)
    for name, values in (("A", a), ("B", b)):
        if chosen is None:
            groups.append(given_values(name, cast(Iterable[float], values)))
        else:
            groups.append(read_group(name, cast(RunSource, values), chosen, any_status))
    return compare_groups(
        *groups, confidence=confidence, resamples=resamples, seed=seed, power=power
    )


def compare_groups(
    a: GroupValues,
    b: GroupValues,
    *,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
    seed: int = SEED,
    power: float = POWER,
) -> Significance:
    """Test whether two groups of values have different means; see `significance`."""
    for name, value in (("confidence", confidence), ("power", power)):
        if not 0 < value < 1:
            raise SignificanceError(f"{name} must be between 0 and 1, got {value}")
    if not LEAST_RESAMPLES <= resamples <= MOST_RESAMPLES:
        raise SignificanceError(
            f"resamples must be between {LEAST_RESAMPLES} and {MOST_RESAMPLES}, got {resamples}"
        )
    check_groups(a, b)
    test = welch_test(a.values, b.values, confidence)
    bootstrap = needed = None
    if test is not None:
        differences = mean_differences(a.values, b.values, resamples, seed)
        low, high = bca_interval(differences, a.values, b.values, confidence)
        bootstrap = BootstrapInterval(low=low, high=high, resamples=resamples, seed=seed)
        if test.p >= 1 - confidence:
            needed = required_values(a.values, b.values, confidence, power)
    return Significance(
        field=a.field,
        a=_summary(a),
        b=_summary(b),
        difference=mean_difference(a.values, b.values),
        test=test,
        bootstrap=bootstrap,
        confidence=confidence,
        power=power,
        runs_per_group=needed,
        remarks=tuple(group_remarks(a, b)),
    )


def parse_field(text: str) -> Field:
    """Return the field that a string names.

    Raises:
        QueryError: there is no such field, or there are several.
    """
    columns = parse_columns(text)
    if len(columns) != 1:
        raise QueryError(f"expected one field, such as metrics.loss.last, got {text!r}")
    return columns[0].field


def _summary(group: GroupValues) -> GroupSummary:
    return GroupSummary(
        name=group.name,
        definition=group.definition,
        ids=[run.id for run in group.runs],
        count=len(group.values),
        mean=mean(group.values),
        std=stdev(group.values),
    )
