"""The page of one run in the terminal."""

import itertools
from collections.abc import Iterable
from typing import Any

import attrs

from sacred_core.dotted_path import leaves
from sacred_core.exceptions import DamagedRecordError
from sacred_core.listing.run_facts import (
    children_lines,
    code_lines,
    command_line,
    file_text,
    host_facts,
    metric_facts,
    note_text,
    package_names,
    parent_lines,
    patches,
    queue_lines,
    sparkline,
    times,
    title,
)
from sacred_core.listing.segment_facts import segment_lines
from sacred_core.listing.writer_facts import own_metrics, writer_lines
from sacred_core.printable import printable, printable_lines, printable_output
from sacred_core.readable_numbers import DIGITS, format_value, value_text
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.curves import curve, summaries
from sacred_core.stores.run_tree import find_relatives
from sacred_core.stores.summaries import merge_summaries
from sacred_core.stores.writers import stored_parts
from sacred_core.terminal import pad, text_width, wrap

_INDENT = "  "
_CURVE_WIDTH = 24
#: Columns of the lines of a list where the output is not a terminal.
_LINE = 100
#: Columns of an entry, from which on its origin is not aligned with those of others.
_LONG_ENTRY = 40


@attrs.frozen(kw_only=True)
class PageStyle:
    """How the page of a run is shown.

    Attributes:
        has_origins: The configuration shows where each value comes from.
        has_patch: The uncommitted changes are shown.
        is_plain: Curves, which consist of block characters, are left out.
        is_exact: The numbers of metrics and of the result have all digits.
        raw: Metrics have also points that a later segment repeats.
        width: Columns of the terminal; None if the output is not one.
    """

    has_origins: bool = False
    has_patch: bool = False
    is_plain: bool = True
    is_exact: bool = False
    raw: bool = False
    width: int | None = None

    @property
    def digits(self) -> int | None:
        """Significant digits of floats; None for all."""
        return None if self.is_exact else DIGITS

    @property
    def room(self) -> int | None:
        """Columns of the terminal for the lines of a section, which are indented."""
        return None if self.width is None else max(self.width - len(_INDENT), 1)

    @property
    def list_width(self) -> int:
        """Columns of the lines of a list."""
        return _LINE if self.room is None else min(self.room, _LINE)


def page(store: RunStore, run: StoredRun, style: PageStyle | None = None) -> list[str]:
    """Return the lines that describe a run; what cannot be read of it is named."""
    style = style or PageStyle()
    problems = [run.damage] if run.damage else []
    writers = _read(problems, lambda: stored_parts(store, run.id)) or {}
    metrics = _read(problems, lambda: _metrics(store, run, style, writers)) or []
    output = _read(problems, lambda: store.output(run.id)) or ""
    relatives = _read(problems, lambda: find_relatives(store, run))
    problems = list(dict.fromkeys(problems))
    lines = [printable(title(run))]
    lines += _section("Damage", printable_lines("\n".join(problems)), is_safe=True)
    lines += _section("Command line", filter(None, [command_line(run)]))
    lines += _section("Times", times(run))
    lines += _section("Queue", queue_lines(run))
    lines += _section("Segments", segment_lines(run))
    lines += _section("Writers", writer_lines(writers))
    if relatives is not None:
        lines += _section("Parent", parent_lines(relatives))
        lines += _section("Children", children_lines(relatives))
    lines += _section("Tags", [", ".join(run.tags)] if run.tags else [])
    lines += _section("Notes", [note_text(note) for note in run.notes])
    lines += _section("Code", code_lines(run))
    lines += _section("Packages", wrap(package_names(run), style.list_width))
    lines += _section("Host", [f"{path} = {value}" for path, value in host_facts(run)])
    lines += _section("Configuration", _configuration(run, style))
    lines += _section("Info", [_entry(path, value) for path, value in leaves(run.info)])
    lines += _section("Metrics", metrics)
    lines += _section("Artifacts", itertools.starmap(file_text, run.artifact_info.items()))
    lines += _section("Resources", itertools.starmap(file_text, run.resource_info.items()))
    if run.result is not None:
        lines += _section("Result", [value_text(run.result, style.digits)])
    lines += _section("Traceback", printable_lines("".join(run.fail_trace)), is_safe=True)
    if style.has_patch:
        for commit, text in patches(store, run):
            lines += _section(f"Changes since {commit}", printable_lines(text), is_safe=True)
    return lines + _section("Output", printable_output(output), is_safe=True)


def _read(problems: list[str], read: Any) -> Any:
    try:
        return read()
    except DamagedRecordError as error:
        problems.append(str(error))
        return None


def _section(title: str, lines: Iterable[str], is_safe: bool = False) -> list[str]:
    shown = [*lines] if is_safe else [printable(line) for line in lines]
    return ["", f"{title}:", *(f"{_INDENT}{line}" for line in shown)] if shown else []


def _entry(path: Any, value: Any) -> str:
    return f"{path} = {format_value(value)}"


def _configuration(run: StoredRun, style: PageStyle) -> list[str]:
    entries = [(str(path), printable(_entry(path, value))) for path, value in leaves(run.config)]
    if not style.has_origins:
        return [text for _, text in entries]
    widths = [text_width(text) for _, text in entries]
    column = max((width for width in widths if width <= _LONG_ENTRY), default=0)
    return [f"{pad(text, column)}  # {run.origins.get(path, 'unknown')}" for path, text in entries]


def _metrics(
    store: RunStore, run: StoredRun, style: PageStyle, writers: Iterable[str]
) -> list[str]:
    lines = []
    blocks = summaries(store, run.id, raw=style.raw)
    own = own_metrics(blocks, writers)
    found = {name: merge_summaries(each) for name, each in own.items() if each}  # it has points
    column = max((text_width(printable(name)) for name in found), default=0) + 1
    for name, whole in found.items():
        facts = metric_facts(whole, style.digits)
        line = f"{pad(printable(name) + ':', column)} {', '.join(facts)}"
        drawing = ""
        if not style.is_plain and whole.count > 1:
            drawing = sparkline(curve(store, run.id, name, width=_CURVE_WIDTH, raw=style.raw))
        both = f"{drawing} {line}" if drawing else line
        if style.room is None or text_width(both) <= style.room:
            lines.append(both)
        else:
            inner = [printable(f"{name}: {facts[0]}"), *facts[1:]]
            first, *rest = wrap(inner, style.room - len(_INDENT))
            lines += [first, *(_INDENT + each for each in (*rest, drawing) if each)]
    return lines
