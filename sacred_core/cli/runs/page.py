"""The page of one run in the terminal."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.dotted_path import MISSING, leaves
from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.plurals import counted
from sacred_core.printable import printable, printable_lines, printable_output
from sacred_core.readable_numbers import DIGITS, format_value, number_text, size_text, value_text
from sacred_core.readable_times import duration_text, time_text
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.curves import curve, summaries
from sacred_core.stores.model import FileInfo
from sacred_core.stores.summaries import MetricSummary, merge_summaries
from sacred_core.terminal import pad, text_width, wrap

_INDENT = "  "
_BLOCKS = "▁▂▃▄▅▆▇█"
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
        width: Columns of the terminal; None if the output is not one.
    """

    has_origins: bool = False
    has_patch: bool = False
    is_plain: bool = True
    is_exact: bool = False
    width: int | None = None

    @property
    def digits(self) -> int | None:
        """Significant digits of floats; None for all."""
        return None if self.is_exact else DIGITS

    @property
    def room(self) -> int | None:
        """Columns of the terminal for the lines of a section, which are indented."""
        return None if self.width is None else max(self.width - len(_INDENT), 1)


def page(store: RunStore, run: StoredRun, style: PageStyle | None = None) -> list[str]:
    """Return the lines that describe a run; what cannot be read of it is named."""
    style = style or PageStyle()
    problems = [run.damage] if run.damage else []
    metrics = _read(problems, lambda: _metrics(store, run, style)) or []
    output = _read(problems, lambda: store.output(run.id)) or ""
    problems = list(dict.fromkeys(problems))
    lines = [printable(title(run))]
    lines += _section("Damage", printable_lines("\n".join(problems)), is_safe=True)
    lines += _section("Command line", _command_line(run))
    lines += _section("Times", _times(run))
    lines += _section("Tags", [", ".join(run.tags)] if run.tags else [])
    lines += _section("Notes", [_note(note) for note in run.notes])
    lines += _section("Code", _code(run))
    lines += _section("Packages", _packages(run, style))
    lines += _section("Host", _host(run))
    lines += _section("Configuration", _configuration(run, style))
    lines += _section("Info", [_entry(path, value) for path, value in leaves(run.info)])
    lines += _section("Metrics", metrics)
    lines += _section("Artifacts", [_file(name, own) for name, own in run.artifact_info.items()])
    lines += _section("Resources", [_file(name, own) for name, own in run.resource_info.items()])
    if run.result is not None:
        lines += _section("Result", [value_text(run.result, style.digits)])
    lines += _section("Traceback", printable_lines("".join(run.fail_trace)), is_safe=True)
    if style.has_patch:
        lines += _patches(store, run)
    return lines + _section("Output", printable_output(output), is_safe=True)


def title(run: StoredRun) -> str:
    """Return id, name, command and status, as far as they are known."""
    what = " ".join(filter(None, (run.name, run.command)))
    return f"Run {run.id}: {', '.join(filter(None, (what, run.status)))}"


def sparkline(parts: Sequence[MetricSummary]) -> str:
    """Return a curve as block characters, one for the middle of each part."""
    middles = [
        None if part.min is MISSING or part.min != part.min else (part.min + part.max) / 2
        for part in parts
    ]
    finite = [each for each in middles if each is not None and abs(each) != float("inf")]
    low, high = min(finite, default=0), max(finite, default=0)
    scale = (len(_BLOCKS) - 1) / (high - low) if high > low else 0
    return "".join(
        " " if each is None else _BLOCKS[round((min(max(each, low), high) - low) * scale)]
        for each in middles
    )


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


def _command_line(run: StoredRun) -> list[str]:
    """Return the command line, or what a call in Python would be on one."""
    options = run.meta.get("options")
    if not isinstance(options, dict):
        return []
    words = [str(run.experiment.get("mainfile") or run.name), str(run.command)]
    updates = options.get("UPDATE")
    if not isinstance(updates, list) or not updates:
        given = run.meta.get("config_updates")
        pairs = leaves(given) if isinstance(given, dict) else ()
        named = run.meta.get("named_configs")
        updates = [*(named if isinstance(named, list) else ())]
        updates += [f"{path}={format_value(value)}" for path, value in pairs]
    words += ["with", *map(str, updates)] if updates else []
    for name, value in options.items():
        if str(name).startswith("-") and value not in (None, False):
            words += [str(name)] if value is True else [f"{name}={value}"]
    return [" ".join(words)]


def _times(run: StoredRun) -> list[str]:
    now = datetime.now(UTC)
    named = (("queued", run.queue_time), ("started", run.start_time), ("stopped", run.stop_time))
    lines = [f"{what} {time_text(time, now)}" for what, time in named if time is not None]
    return lines + ([f"took {duration_text(run.duration)}"] if run.duration is not None else [])


def _note(note: dict[str, Any]) -> str:
    return f"{time_text(note['time'], datetime.now(UTC))} {note['user']}: {note['text']}"


def _code(run: StoredRun) -> list[str]:
    lines = [f"{name} {digest or ''}".rstrip() for name, digest in run.sources.items()]
    for each in run.repositories:
        changes = ", with uncommitted changes" if each["dirty"] else ""
        if each["dirty"] is None:
            changes = ", changes unknown"
        lines.append(f"git {each['url'] or ''} at {each['commit']}{changes}".replace("  ", " "))
    return lines


def _packages(run: StoredRun, style: PageStyle) -> list[str]:
    packages = run.experiment.get("dependencies")
    texts = [printable(each) for each in packages] if isinstance(packages, list) else []
    return wrap(texts, _LINE if style.room is None else min(style.room, _LINE))


def _host(run: StoredRun) -> list[str]:
    system = run.host.get("os")
    host = {**run.host, "os": " ".join(map(str, system))} if isinstance(system, list) else run.host
    return [
        f"{path} = {value if str(path) == 'os' else format_value(value)}"
        for path, value in leaves(host)
        if value != {}
    ]


def _configuration(run: StoredRun, style: PageStyle) -> list[str]:
    entries = [(str(path), printable(_entry(path, value))) for path, value in leaves(run.config)]
    if not style.has_origins:
        return [text for _, text in entries]
    widths = [text_width(text) for _, text in entries]
    column = max((width for width in widths if width <= _LONG_ENTRY), default=0)
    return [f"{pad(text, column)}  # {run.origins.get(path, 'unknown')}" for path, text in entries]


def _metrics(store: RunStore, run: StoredRun, style: PageStyle) -> list[str]:
    lines = []
    blocks = summaries(store, run.id)
    found = {name: merge_summaries(own) for name, own in blocks.items() if own}  # it has points
    column = max((text_width(printable(name)) for name in found), default=0) + 1
    for name, whole in found.items():
        facts = _facts(whole, style)
        line = f"{pad(printable(name) + ':', column)} {', '.join(facts)}"
        drawing = ""
        if not style.is_plain and whole.count > 1:
            drawing = sparkline(curve(store, run.id, name, width=_CURVE_WIDTH))
        both = f"{drawing} {line}" if drawing else line
        if style.room is None or text_width(both) <= style.room:
            lines.append(both)
        else:
            inner = [printable(f"{name}: {facts[0]}"), *facts[1:]]
            first, *rest = wrap(inner, style.room - len(_INDENT))
            lines += [first, *(_INDENT + each for each in (*rest, drawing) if each)]
    return lines


def _facts(whole: MetricSummary, style: PageStyle) -> list[str]:
    """Return what is known about a metric: how many points, the extremes, and the last one."""

    def at(value: Any, step: Any) -> str:
        return f"{number_text(value, style.digits)} at step {number_text(step, style.digits)}"

    facts = [counted(whole.count, "point")]
    if whole.count:
        facts += [
            f"min {at(whole.min, whole.argmin)}",
            f"max {at(whole.max, whole.argmax)}",
            f"last {at(whole.last, whole.last_step)}",
        ]
    if whole.others:
        facts.append(f"{counted(whole.others, 'value')} without a number")
    return facts


def _file(name: str, info: FileInfo) -> str:
    details = [info.content_type, None if info.size is None else size_text(info.size)]
    known = ", ".join(each for each in details if each)
    return f"{name} ({known})" if known else name


def _patches(store: RunStore, run: StoredRun) -> list[str]:
    lines = []
    for each in run.repositories:
        if not each["dirty"]:
            continue
        try:
            with store.open_file(run.id, "patch", str(each["commit"])) as file:
                text = file.read().decode("utf-8", "replace")
        except StoreError as error:
            text = str(error)
        lines += _section(f"Changes since {each['commit']}", printable_lines(text), is_safe=True)
    return lines
