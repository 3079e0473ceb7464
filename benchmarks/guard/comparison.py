"""Compares counts with expectations, and writes the report."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmarks.guard.expectations import OTHERS, Expectations, Expected, summarize
from benchmarks.guard.measures import Counts

#: By how much a count may differ: relatively, and at least by this number. Five runs on a machine
#: with a load of 20 differ by 0.2 %, 0 %, 1.3 % and 0.2 %.
TOLERANCES = {
    "calls": (0.01, 200),
    "modules": (0.01, 2),
    "system calls": (0.03, 30),
    "instructions": (0.02, 2_000_000),
}
_SHOWN = 5
_SHOWN_FUNCTIONS = 3


@dataclass(frozen=True)
class Change:
    """A count that differs from the expectation by more than the tolerance.

    Attributes:
        program, measure: What was counted.
        expected, found: The counts.
    """

    program: str
    measure: str
    expected: float
    found: int

    @property
    def is_slower(self) -> bool:
        """Whether the program does more than expected."""
        return self.found > self.expected

    def __str__(self) -> str:
        change = self.found - self.expected
        part = f" ({change / self.expected:+.1%})" if self.expected else ""
        return f"{self.measure} {self.expected:,.0f} -> {self.found:,}{part}"


def compare(name: str, expected: Expected, found: Counts, scale: float = 1.0) -> list[Change]:
    """Return the counts of a program that differ by more than the tolerance.

    Args:
        name: Of the program.
        expected: What is stored.
        found: What was counted now. Measures that only one of both has are skipped.
        scale: Instructions of the reference program now, divided by those that are stored.
    """
    changes = []
    for measure, (relative, least) in TOLERANCES.items():
        if measure not in expected.totals or measure not in found.totals:
            continue
        wanted = expected.totals[measure] * (scale if measure == "instructions" else 1.0)
        if abs(found.totals[measure] - wanted) > max(relative * wanted, least):
            changes.append(Change(name, measure, wanted, found.totals[measure]))
    return changes


def changed_system_calls(expected: Expected, found: Counts) -> list[str]:
    """Return a line for each system call whose number changed most, the largest change first."""
    return [
        f"{difference:+,} {name}"
        for name, difference in _largest(expected.system_calls, found.system_calls)
    ]


def changed_modules(expected: Expected, found: Counts) -> list[str]:
    """Return a line for each module whose number of calls changed most, the largest first."""
    now = dict(summarize(found).calls)
    every = {name: sum(each.values()) for name, each in found.calls.items()}
    # A module may have come into, or left, the sum of the small ones.
    for name in expected.calls.keys() - now.keys() - {OTHERS}:
        now[name] = every.get(name, 0)
    return [
        f"{difference:+,} calls in {name}{_functions(found.calls.get(name, {}))}"
        for name, difference in _largest(expected.calls, now)
    ]


def _largest(expected: Mapping[str, int], found: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the largest differences by name."""
    names = found.keys() | expected.keys()
    differences = {name: found.get(name, 0) - expected.get(name, 0) for name in names}
    ordered = sorted(differences.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [item for item in ordered[:_SHOWN] if item[1]]


def _functions(calls: Mapping[str, int]) -> str:
    most = sorted(calls.items(), key=lambda item: -item[1])[:_SHOWN_FUNCTIONS]
    return f" (most in {', '.join(f'{name} {count:,}' for name, count in most)})" if most else ""


def report(
    expectations: Expectations, found: Mapping[str, Counts], reference: int | None
) -> tuple[list[str], int]:
    """Return the lines that describe the differences, and the exit code.

    Args:
        expectations: What is stored.
        found: What was counted now, by program.
        reference: Instructions of the reference program now.

    Returns:
        The code is 1 if a program became slower, else 0.
    """
    scale = reference / expectations.reference if reference and expectations.reference else 1.0
    lines: list[str] = []
    changes: list[Change] = []
    for name, counts in found.items():
        expected = expectations.programs.get(name)
        if expected is None:
            lines.append(f"{name}: no expectation; store it with --update")
            continue
        own = compare(name, expected, counts, scale)
        changes += own
        lines += _lines(name, own, expected, counts)
    return [*lines, _summary(changes, len(found))], int(any(each.is_slower for each in changes))


def _lines(
    name: str, changes: Iterable[Change], expected: Expected, found: Counts
) -> Iterable[str]:
    changes = list(changes)
    for word, some in (
        ("slower", [each for each in changes if each.is_slower]),
        ("faster", [each for each in changes if not each.is_slower]),
    ):
        if some:
            yield f"{name}: {word}: {'; '.join(map(str, some))}"
    measures = {each.measure for each in changes}
    if measures & {"calls", "modules", "instructions"} and expected.calls and found.calls:
        yield from (f"    {line}" for line in changed_modules(expected, found))
    if "system calls" in measures:
        yield from (f"    {line}" for line in changed_system_calls(expected, found))


def _summary(changes: Iterable[Change], count: int) -> str:
    changes = list(changes)
    slower = {each.program for each in changes if each.is_slower}
    faster = {each.program for each in changes if not each.is_slower} - slower
    text = f"{count} programs: {len(slower)} slower, {len(faster)} faster"
    if slower:
        return text + "; if the cost is intended, store it with --update"
    return text + ("; store the new counts with --update" if faster else "")
