"""What the page that compares runs shows: causes, differences, facts and results."""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.compare import (
    MISSING,
    ComparedRun,
    DiffTable,
    Explanation,
    RunDiff,
    diff,
    diff_table,
    why,
)
from sacred_core.compare.diffing import collect_all_facts, find_aspects, is_equal
from sacred_core.compare.records import Difference
from sacred_core.compare.table import TableRow
from sacred_core.dotted_path import leaves
from sacred_core.exceptions import DamagedRecordError
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.printable import KEPT, printable
from sacred_core.readable_numbers import number_text
from sacred_core.readable_times import duration_text
from sacred_core.stores.query import Field, is_number
from sacred_core.stores.summaries import MetricSummary

#: Lines of a text that are shown, and characters of a line and of a cell.
MOST_LINES, _LONGEST, _LONGEST_CELL = 400, 2_000, 300
#: Lines of a text if all is shown.
_MOST_OF_ALL = 20_000


@attrs.frozen
class DiffLine:
    """A line of a unified diff.

    Attributes:
        kind: ``"file"``, ``"hunk"``, ``"add"``, ``"del"`` or ``"same"``.
        text: The line.
    """

    kind: str
    text: str


@attrs.frozen(kw_only=True)
class EntryDifference:
    """A value that differs between two runs.

    Attributes:
        key: What differs.
        values: Both values as text, None where a run has none.
        notes: What is known about the values, such as their origins.
        remark: What is known about both, such as where the points of a metric part.
    """

    key: str
    values: tuple[str | None, str | None]
    notes: tuple[str, str] = ("", "")
    remark: str = ""


@attrs.frozen(kw_only=True)
class ShownSection:
    """What differs between two runs under one aspect.

    Attributes:
        name: The name of the aspect.
        title: Its heading.
        count: The number of differences.
        entries: Differences of values.
        lines: Differences of texts.
        hidden: The number of lines that are not shown.
    """

    name: str
    title: str
    count: int
    entries: Sequence[EntryDifference]
    lines: Sequence[DiffLine]
    hidden: int = 0


@attrs.frozen(kw_only=True)
class FactRow:
    """A row of a table of facts.

    Attributes:
        key: The fact.
        cells: Its text for each run; None where a run has none.
        titles: All of texts that are shortened, else empty strings.
        differs: The runs differ in it.
        change: From the first to the second of two numbers, else empty.
    """

    key: str
    cells: Sequence[str | None]
    titles: Sequence[str] = ()
    differs: bool = True
    change: str = ""


@attrs.frozen(kw_only=True)
class FactSection:
    """Facts under one aspect.

    Attributes:
        name: The name of the aspect.
        title: Its heading.
        rows: The facts.
    """

    name: str
    title: str
    rows: Sequence[FactRow]


@attrs.frozen(kw_only=True)
class Comparison:
    """A comparison of 2 to 20 runs.

    Attributes:
        explanation: The causes, of two runs.
        sections: What differs, of two runs.
        facts: A table of what differs, of more runs; or of everything.
        results: The result and the metrics of each run.
        problems: What could not be compared and why.
        is_equal: Nothing that was compared differs.
    """

    explanation: Explanation | None
    sections: Sequence[ShownSection]
    facts: Sequence[FactSection]
    results: Sequence[FactRow]
    problems: Sequence[str]
    is_equal: bool


def compare_runs(
    runs: Sequence[ComparedRun], only: Iterable[str] | None, has_all: bool
) -> Comparison:
    """Compare runs. It reads the store: call it in a thread.

    Args:
        runs: Two or more.
        only: Names of the aspects that are compared; None for all.
        has_all: Facts that do not differ are shown, too.

    Raises:
        OptionError: there is no such aspect.
        StoreError: a store cannot be read.
    """
    results = _result_rows(runs)
    most = _MOST_OF_ALL if has_all else MOST_LINES
    if len(runs) == 2:
        found: RunDiff | DiffTable = diff(runs[0], runs[1], only)
        explanation = why(*runs)
        assert isinstance(found, RunDiff)
        sections = [
            _section(each.name, each.title, each.differences, most) for each in found.sections()
        ]
        problems = [*found.problems, *explanation.problems]
        facts = _all_facts(runs, only) if has_all else []
    else:
        found = diff_table(runs, only)
        assert isinstance(found, DiffTable)
        explanation, sections, problems = None, [], [*found.problems]
        facts = _all_facts(runs, only) if has_all else _differing_facts(found)
    return Comparison(
        explanation=explanation,
        sections=sections,
        facts=facts,
        results=results,
        problems=[_clean(each) for each in dict.fromkeys(problems)],
        is_equal=not found,
    )


def _section(name: str, title: str, differences: Sequence[Difference], most: int) -> ShownSection:
    entries, lines = [], []
    for difference in differences:
        text = _clean("\n".join(difference.text), KEPT).split("\n")
        entry = _entry(difference, text)
        if entry is not None:
            entries.append(entry)
        else:
            lines += [_diff_line(line) for line in text]
    return ShownSection(
        name=name,
        title=title,
        count=len(differences),
        entries=entries,
        lines=lines[:most],
        hidden=max(0, len(lines) - most),
    )


def _entry(difference: Difference, lines: Sequence[str]) -> EntryDifference | None:
    """Return a difference whose lines have one value of each run, None for another one."""
    key = _clean(difference.key)
    found: dict[str, str] = {}
    remarks: list[str] = []
    for line in lines:
        sign, text = line[:2], line[2:]
        value = next((text[len(start) :] for start in _starts(key) if text.startswith(start)), None)
        if sign == "  " and found:
            remarks.append(text)
        elif value is None or sign not in ("- ", "+ ") or sign in found:
            return None
        else:
            found[sign] = value
    (first, one), (second, other) = (_value_and_note(found.get(sign)) for sign in ("- ", "+ "))
    return EntryDifference(
        key=key, values=(first, second), notes=(one, other), remark=" ".join(remarks)
    )


def _starts(key: str) -> tuple[str, ...]:
    return f"{key} = ", f"{key}: "


def _value_and_note(text: str | None) -> tuple[str | None, str]:
    """Return a value and what follows it in parentheses, such as its origin."""
    if text is None:
        return None, ""
    value, separator, note = text.rpartition("  (")
    if separator and note.endswith(")"):
        return _shortened(value), note[:-1]
    return _shortened(text), ""


def _diff_line(line: str) -> DiffLine:
    text = _shortened(line)
    if line.startswith(("--- ", "+++ ")):
        return DiffLine("file", text)
    kind = {"@": "hunk", "+": "add", "-": "del"}.get(line[:1], "same")
    return DiffLine(kind, text)


def _differing_facts(table: DiffTable) -> list[FactSection]:
    sections = []
    for name, title in table.titles.items():
        rows = [_fact_row(row) for row in table.section(name)]
        sections += [FactSection(name=name, title=title, rows=rows)] if rows else []
    return sections


def _all_facts(runs: Sequence[ComparedRun], only: Iterable[str] | None) -> list[FactSection]:
    """Return everything that is compared, also what does not differ."""
    sections = []
    for aspect in find_aspects(only):
        facts = collect_all_facts(aspect, runs, [])  # its problems were reported by `diff`
        if facts is None:
            continue
        keys = dict.fromkeys(key for own in facts for key in own)
        rows = [
            _fact_row(TableRow(aspect.name, key, tuple(own.get(key, MISSING) for own in facts)))
            for key in keys
        ]
        if rows:
            title = aspect.title or aspect.name
            sections.append(FactSection(name=aspect.name, title=title, rows=rows))
    return sections


def _fact_row(row: TableRow) -> FactRow:
    texts = [_clean(cell) for cell in row.cells()]
    first, *others = row.values
    return FactRow(
        key=_clean(row.key),
        cells=[
            None if value is MISSING else _shortened(text, _LONGEST_CELL)
            for value, text in zip(row.values, texts, strict=True)
        ],
        titles=[text[:_LONGEST] if len(text) > _LONGEST_CELL else "" for text in texts],
        differs=not all(is_equal(first, other) for other in others),
    )


def _result_rows(runs: Sequence[ComparedRun]) -> list[FactRow]:
    """Return the duration, the result and the last values of metrics of each run."""
    now = datetime.now(UTC)
    durations = [
        each.run.duration
        or (now - each.run.start_time if each.run.is_running(now) and each.run.start_time else None)
        for each in runs
    ]
    rows = [_value_row("duration", [duration_text(each) or None for each in durations])]
    results = [_result_entries(each.run.result) for each in runs]
    for key in dict.fromkeys(key for own in results for key in own):
        rows.append(_value_row(key, [own.get(key) for own in results]))
    summaries = [_summaries(each) for each in runs]
    for name in dict.fromkeys(name for own in summaries for name in own):
        rows.append(_metric_row(name, [own.get(name) for own in summaries]))
    return rows


def _result_entries(result: Any) -> dict[str, Any]:
    if not isinstance(result, dict) or not result:
        return {} if result is None else {"result": result}
    return {str(Field("result", path)): value for path, value in leaves(result)}


def _summaries(run: ComparedRun) -> dict[str, MetricSummary]:
    try:
        return dict(run.summaries())
    except DamagedRecordError as error:
        run.report(f"metrics not compared: {error}")
        return {}


def _metric_row(name: str, summaries: Sequence[MetricSummary | None]) -> FactRow:
    last = [None if each is None or each.last is MISSING else each.last for each in summaries]
    row = _value_row(name, last)
    titles = [
        ""
        if each is None or each.last is MISSING
        else f"last {number_text(each.last, None)}, min {number_text(each.min, None)}, "
        f"max {number_text(each.max, None)}, {counted(each.count, 'point')}"
        for each in summaries
    ]
    return attrs.evolve(row, titles=titles)


def _value_row(key: str, values: Sequence[Any]) -> FactRow:
    texts = [None if value is None else _clean(number_text(value)) for value in values]
    return FactRow(
        key=_clean(key),
        cells=[None if text is None else _shortened(text, _LONGEST_CELL) for text in texts],
        titles=["" if value is None else _clean(number_text(value, None)) for value in values],
        differs=any(value != values[0] for value in values),
        change=_change(values),
    )


def _change(values: Sequence[Any]) -> str:
    """Return the difference of two numbers with its sign; empty for others."""
    numbers = [value for value in values if is_number(value)]
    if len(values) != 2 or len(numbers) != 2:
        return ""
    try:
        change = numbers[1] - numbers[0]
        shown = "0" if change == 0 else f"{change:+.4g}"
    except OverflowError:  # an integer beyond all floats
        return ""
    return shown if math.isfinite(change) else ""


def _clean(text: str, keep: str = "") -> str:
    """Return a text without secrets and control characters."""
    return printable(mask_text(text), keep)


def _shortened(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[:longest]}…"
