"""The page of one run in the terminal."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from sacred_core.cli.runs.columns import number_text
from sacred_core.cli.runs.text import duration_text, format_value, time_text
from sacred_core.dotted_path import MISSING, leaves
from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.printable import printable, printable_lines, printable_output
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.curves import curve, summaries
from sacred_core.stores.model import FileInfo
from sacred_core.stores.summaries import MetricSummary, merge_summaries

_BLOCKS = "▁▂▃▄▅▆▇█"
_CURVE_WIDTH = 24
_LINE = 100
_UNITS = ("B", "kB", "MB", "GB", "TB")


def page(
    store: RunStore,
    run: StoredRun,
    *,
    has_origins: bool = False,
    has_patch: bool = False,
    is_plain: bool = True,
) -> list[str]:
    """Return the lines that describe a run; what cannot be read of it is named.

    Args:
        store: Of the run.
        run: The run.
        has_origins: The configuration shows where each value comes from.
        has_patch: The uncommitted changes are shown.
        is_plain: Curves, which consist of block characters, are left out.
    """
    problems = [run.damage] if run.damage else []
    metrics = _read(problems, lambda: _metrics(store, run, is_plain)) or []
    output = _read(problems, lambda: store.output(run.id)) or ""
    problems = list(dict.fromkeys(problems))
    lines = [printable(f"Run {run.id}: {run.name} {run.command}, {run.status}")]
    lines += _section("Damage", printable_lines("\n".join(problems)), is_safe=True)
    lines += _section("Command line", _command_line(run))
    lines += _section("Times", _times(run))
    lines += _section("Tags", [", ".join(run.tags)] if run.tags else [])
    lines += _section("Notes", [_note(note) for note in run.notes])
    lines += _section("Code", _code(run))
    lines += _section("Packages", _wrapped(run.experiment.get("dependencies")))
    lines += _section("Host", _host(run))
    lines += _section("Configuration", _configuration(run, has_origins))
    lines += _section("Info", [_entry(path, value) for path, value in leaves(run.info)])
    lines += _section("Metrics", metrics)
    lines += _section("Artifacts", [_file(name, own) for name, own in run.artifact_info.items()])
    lines += _section("Resources", [_file(name, own) for name, own in run.resource_info.items()])
    if run.result is not None:
        lines += _section("Result", [format_value(run.result)])
    lines += _section("Traceback", printable_lines("".join(run.fail_trace)), is_safe=True)
    if has_patch:
        lines += _patches(store, run)
    return lines + _section("Output", printable_output(output), is_safe=True)


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


def size_text(size: int) -> str:
    """Return a number of bytes with three digits: ``1.23 MB``, where 1 kB is 1,000 bytes."""
    amount = float(size)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            return f"{size} B" if unit == "B" else f"{amount:.3g} {unit}"
        amount /= 1000
    raise AssertionError


def _read(problems: list[str], read: Any) -> Any:
    try:
        return read()
    except DamagedRecordError as error:
        problems.append(str(error))
        return None


def _section(title: str, lines: Iterable[str], is_safe: bool = False) -> list[str]:
    shown = [*lines] if is_safe else [printable(line) for line in lines]
    return ["", f"{title}:", *(f"  {line}" for line in shown)] if shown else []


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
    named = (("queued", run.queue_time), ("started", run.start_time), ("stopped", run.stop_time))
    lines = [f"{what} {time_text(time)}" for what, time in named if time is not None]
    return lines + ([f"took {duration_text(run.duration)}"] if run.duration is not None else [])


def _note(note: dict[str, Any]) -> str:
    return f"{time_text(note['time'])} {note['user']}: {note['text']}"


def _code(run: StoredRun) -> list[str]:
    lines = [f"{name} {digest or ''}".rstrip() for name, digest in run.sources.items()]
    for each in run.repositories:
        dirty = ", with uncommitted changes" if each["dirty"] else ""
        lines.append(f"git {each['url'] or ''} at {each['commit']}{dirty}".replace("  ", " "))
    return lines


def _wrapped(items: Any) -> list[str]:
    texts = map(str, items) if isinstance(items, list) else ()
    return textwrap.wrap(", ".join(texts), _LINE, break_on_hyphens=False)


def _host(run: StoredRun) -> list[str]:
    system = run.host.get("os")
    host = {**run.host, "os": " ".join(map(str, system))} if isinstance(system, list) else run.host
    return [
        f"{path} = {value if str(path) == 'os' else format_value(value)}"
        for path, value in leaves(host)
        if value != {}
    ]


def _configuration(run: StoredRun, has_origins: bool) -> list[str]:
    entries = [(str(path), _entry(path, value)) for path, value in leaves(run.config)]
    if not has_origins:
        return [text for _, text in entries]
    width = max((len(text) for _, text in entries), default=0)
    return [f"{text:<{width}}  # {run.origins.get(path, 'unknown')}" for path, text in entries]


def _metrics(store: RunStore, run: StoredRun, is_plain: bool) -> list[str]:
    lines = []
    blocks = summaries(store, run.id)
    found = {name: merge_summaries(own) for name, own in blocks.items() if own}  # it has points
    width = max(map(len, found), default=0)
    for name, whole in found.items():
        text = f"{name + ':':<{width + 1}} {_counted(whole.count, 'point')}"
        if whole.count:
            text += (
                f", min {number_text(whole.min)} at step {number_text(whole.argmin)}, "
                f"max {number_text(whole.max)} at step {number_text(whole.argmax)}, "
                f"last {number_text(whole.last)} at step {format_value(whole.last_step)}"
            )
        if whole.others:
            text += f", {_counted(whole.others, 'value')} without a number"
        if not is_plain and whole.count > 1:
            text = f"{sparkline(curve(store, run.id, name, width=_CURVE_WIDTH))} {text}"
        lines.append(text)
    return lines


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


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
