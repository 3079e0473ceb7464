"""Facts about one run as strings: what a page about it shows, in a terminal or elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sacred_core.dotted_path import MISSING, leaves
from sacred_core.exceptions import StoreError
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.readable_numbers import DIGITS, format_value, number_text, size_text
from sacred_core.readable_times import duration_text, time_text
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.recorded_files import FileInfo
from sacred_core.stores.run_tree import Relatives
from sacred_core.stores.summaries import MetricSummary
from sacred_core.stores.worker_claims import is_held, is_waiting

_BLOCKS = "▁▂▃▄▅▆▇█"


def title(run: StoredRun) -> str:
    """Return id, name, command and status, as far as they are known."""
    what = " ".join(filter(None, (run.name, run.command)))
    return f"Run {run.id}: {', '.join(filter(None, (what, run.status)))}"


def command_line(run: StoredRun) -> str:
    """Return the command line, or what a call in Python would be on one; empty if unknown."""
    options = run.meta.get("options")
    if not isinstance(options, dict):
        return ""
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
    return " ".join(words)


def times(run: StoredRun) -> list[str]:
    """Return when a run was queued, started and stopped, and how long it took, a line each."""
    now = datetime.now(UTC)
    named = (("queued", run.queue_time), ("started", run.start_time), ("stopped", run.stop_time))
    lines = [f"{what} {time_text(time, now)}" for what, time in named if time is not None]
    return lines + ([f"took {duration_text(run.duration)}"] if run.duration is not None else [])


def queue_lines(run: StoredRun) -> list[str]:
    """Return which worker has a run or had it last, and what happened to it in the queue."""
    claim = run.claim
    if claim is None:
        return []
    verb = "has" if is_held(run) else "had"
    lines = [f"the worker {claim.worker} {verb} it"] if claim.worker else []
    lines += ["waiting for a worker"] if is_waiting(run) else []
    counts = [f"claimed {counted(claim.number, 'time')}"]
    counts += [f"lost {counted(claim.lost, 'time')}"] if claim.lost else []
    lines.append(", ".join(counts))
    return [*lines, f"put back: {claim.reason}"] if claim.reason else lines


def parent_lines(relatives: Relatives) -> list[str]:
    """Return a line about the run in which a run was started, none if there is none."""
    if relatives.parent_uid is None:
        return []
    found = relatives.parent
    return [f"not in this store: {relatives.parent_uid}" if found is None else title(found)]


def children_lines(relatives: Relatives) -> list[str]:
    """Return a line for each run that was started inside a run."""
    lines = [title(each) for each in relatives.children]
    return lines if relatives.is_complete else [*lines, "perhaps more: sacred runs list --tree"]


def note_text(note: Mapping[str, Any]) -> str:
    """Return a note with its time, its age and its user."""
    return f"{time_text(note['time'], datetime.now(UTC))} {note['user']}: {note['text']}"


def code_lines(run: StoredRun) -> list[str]:
    """Return a line for each source, with its digest, and for each repository."""
    lines = [f"{name} {digest or ''}".rstrip() for name, digest in run.sources.items()]
    for each in run.repositories:
        changes = ", with uncommitted changes" if each["dirty"] else ""
        if each["dirty"] is None:
            changes = ", changes unknown"
        lines.append(f"git {each['url'] or ''} at {each['commit']}{changes}".replace("  ", " "))
    return lines


def package_names(run: StoredRun) -> list[str]:
    """Return the packages with their versions, like ``numpy==2.0``."""
    packages = run.experiment.get("dependencies")
    return [printable(each) for each in packages] if isinstance(packages, list) else []


def host_facts(run: StoredRun) -> list[tuple[str, str]]:
    """Return what is known about the host: dotted paths, and values as Python writes them."""
    system = run.host.get("os")
    host = {**run.host, "os": " ".join(map(str, system))} if isinstance(system, list) else run.host
    return [
        (str(path), str(value) if str(path) == "os" else format_value(value))
        for path, value in leaves(host)
        if value != {}
    ]


def metric_facts(whole: MetricSummary, digits: int | None = DIGITS) -> list[str]:
    """Return what is known about a metric: how many points, the extremes, and the last one.

    Args:
        whole: The summary of all its points.
        digits: Significant digits of floats; None for all.
    """

    def at(value: Any, step: Any) -> str:
        return f"{number_text(value, digits)} at step {number_text(step, digits)}"

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


def file_text(name: str, info: FileInfo) -> str:
    """Return the name of a file with its media type and its size, as far as they are known."""
    details = [info.content_type, None if info.size is None else size_text(info.size)]
    known = ", ".join(each for each in details if each)
    return f"{name} ({known})" if known else name


def patches(store: RunStore, run: StoredRun) -> Iterator[tuple[str, str]]:
    """Yield the commit and the uncommitted changes of each repository that has some.

    Changes that cannot be read are replaced by the reason.
    """
    for each in run.repositories:
        if not each["dirty"]:
            continue
        commit = str(each["commit"])
        try:
            with store.open_file(run.id, "patch", commit) as file:
                text = file.read().decode("utf-8", "replace")
        except StoreError as error:
            text = str(error)
        yield commit, text
