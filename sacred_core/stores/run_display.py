"""A run in a notebook: as one line and as HTML.

What is stored is shown as text: it is escaped, and cannot contain elements, links or formulas.
Strings and entries that look like secrets are masked, also those that were recorded without it.
"""

import html
import itertools
from collections.abc import Iterable
from typing import Any, TypeAlias

from sacred_core.dotted_path import MISSING, leaves
from sacred_core.masking import mask_text, mask_value
from sacred_core.plurals import counted
from sacred_core.printable import KEPT, printable
from sacred_core.readable_numbers import DIGITS, number_text
from sacred_core.readable_times import duration_text, time_text
from sacred_core.serialization import plain

#: Characters of a value, and rows about a run.
_LONGEST_CELL, _MOST_ENTRIES = 60, 50
#: Lines of a block, and characters of a line.
_MOST_LINES, _LONGEST_LINE = 100, 300
#: The same, of which secrets are masked: one that begins in the shown part may end after it.
_MOST_MASKED, _LONGEST_MASKED = 1000, 10_000
#: Transparent backgrounds of lines with these first characters.
_COLOURS = {"-": "rgba(255, 80, 80, 0.2)", "+": "rgba(60, 180, 75, 0.2)"}
_NEW_LINE = "\n"
#: Classes that MathJax leaves out, as in the tables of pandas: a "$" is not a formula.
_CLASSES = "sacred tex2jax_ignore mathjax_ignore"


#: A `sacred_core.stores.StoredRun`, whose module imports this one.
ShownRun: TypeAlias = Any


def run_line(run: ShownRun, kind: str = "StoredRun") -> str:
    """Return a run in one line: ``<StoredRun 3: mnist main, COMPLETED, took 0:12:04>``.

    Args:
        run: The run.
        kind: The first word.
    """
    facts = [shown(_name(run)), shown(run.status) or "not started", *_times(run)]
    number = "" if run.id is None else f" {shown(run.id)}"
    return f"<{kind}{number}: {', '.join(fact for fact in facts if fact)}>"


def run_html(run: ShownRun) -> str:
    """Return a run as HTML: times, configuration, result, metrics, files, and why it failed."""
    entries = masked(run.config)
    rows = [
        *(("", fact) for fact in _times(run)),
        *(("damaged", shown(run.damage)) for _ in [0] if run.damage),
        *((f"config.{name}", value) for name, value in _entries(entries)),
        *(("result", cell_text(masked(run.result))) for _ in [0] if run.result is not None),
        *((f"metrics.{shown(name)}", _metric(each)) for name, each in (run.metrics or {}).items()),
        *(("artifact", cell_text(name)) for name in run.artifacts),
        *(("tags", cell_text(", ".join(map(str, run.tags)))) for _ in [0] if run.tags),
        *(("note", cell_text(note.get("text"))) for note in run.notes),
        *(("error", cell_text(line)) for line in run.fail_trace[-1:]),
    ]
    number = "" if run.id is None else f" {shown(run.id)}"
    heading = f"Run{number}: {shown(_name(run))}, {shown(run.status) or 'not started'}"
    more = [("", f"and {len(rows) - _MOST_ENTRIES} more")] if len(rows) > _MOST_ENTRIES else []
    return box(heading, [], [*rows[:_MOST_ENTRIES], *more])


def box(heading: str, headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a heading and a table as HTML; all strings are escaped."""
    head = "".join(f"<th>{html.escape(text)}</th>" for text in headings)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(text)}</td>' for text in row)}</tr>" for row in rows
    )
    table = f"<table>{f'<tr>{head}</tr>' if head else ''}{body}</table>" if head or body else ""
    return f'<div class="{_CLASSES}"><p>{html.escape(heading)}</p>{table}</div>'


def blocks_html(heading: str, blocks: Iterable[tuple[str, Iterable[str]]], rest: str) -> str:
    """Return a heading and blocks of lines as HTML; all strings are escaped.

    Lines that begin with ``-`` or ``+`` are coloured, in light and in dark themes.

    Args:
        heading: Of all blocks.
        blocks: The title of each block, maybe empty, and its lines.
        rest: What to call for the lines that are not shown, such as ``"print(….text())"``.
    """
    parts = [f"<p>{html.escape(shown(heading))}</p>"]
    for title, lines in blocks:
        if title:
            parts.append(f"<p><b>{html.escape(shown(title))}</b></p>")
        own = iter(lines)
        found = _shown_lines(itertools.islice(own, _MOST_MASKED))
        hidden = max(0, len(found) - _MOST_LINES) + sum(1 for _ in own)
        parts += [f"<pre>{_NEW_LINE.join(map(_line_html, found[:_MOST_LINES]))}</pre>"]
        if hidden:
            more = f"and {counted(hidden, 'more line')}; to see them: {rest}"
            parts.append(f"<p>{html.escape(more)}</p>")
    return f'<div class="{_CLASSES}">{"".join(parts)}</div>'


def _shown_lines(lines: Iterable[str]) -> list[str]:
    """Return lines without control characters, and without secrets, also of several lines."""
    text = "\n".join(line[:_LONGEST_MASKED] for line in lines)
    return printable(mask_text(text), KEPT).split("\n")


def _line_html(line: str) -> str:
    text = line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
    colour = _COLOURS.get(line.lstrip()[:1])
    escaped = html.escape(text)
    return escaped if colour is None else f'<span style="background: {colour}">{escaped}</span>'


def _name(run: ShownRun) -> str:
    return " ".join(part for part in (run.name, run.command) if part)


def _times(run: ShownRun) -> list[str]:
    start = run.start_time or run.queue_time
    word = "started" if run.start_time else "queued"
    took = duration_text(run.duration)
    return [
        *([f"{word} {time_text(start)}"] if start else []),
        *([f"took {took}"] if took else []),
    ]


def _entries(config: Any) -> list[tuple[str, str]]:
    return [(shown(path), cell_text(value)) for path, value in leaves(config)]


def _metric(summary: Any) -> str:
    numbers = ((name, cell_text(getattr(summary, name))) for name in ("last", "min", "max"))
    known = (f"{name} {text}" for name, text in numbers if text)
    return ", ".join((*known, counted(summary.count, "point")))


def masked(value: Any) -> Any:
    """Return plain data without secrets."""
    return mask_value(plain(value))[0]


def shown(value: object) -> str:
    """Return a value as text without secrets and control characters; empty for None."""
    return "" if value is None else printable(mask_text(str(value)))


def cell_text(value: Any, digits: int = DIGITS) -> str:
    """Return a value in one short line.

    Args:
        value: Plain data, or `MISSING`.
        digits: Significant digits of floats.
    """
    if value is None or value is MISSING:
        return ""
    text = shown(number_text(value, digits))
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"
