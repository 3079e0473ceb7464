"""A run in words."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sacred_tinydb.tags import tagged_date

_LINE = "-" * 49
_INDENT = "    "


def report(document: Mapping[str, Any]) -> str:
    """Return what ``document`` tells: what ran, with what, and what came of it."""
    experiment = document.get("experiment") or {}
    start, stop = (tagged_date(document.get(name)) for name in ("start_time", "stop_time"))
    head = [
        "",
        _LINE,
        f"Experiment: {experiment.get('name')}",
        _LINE,
        f"ID: {document.get('_id')}",
        f"Date: {_day(start)}    Duration: {_duration(start, stop)}",
        "",
    ]
    config = document.get("config") or {}
    sections = {
        "Parameters": [f"{name}: {config[name]}" for name in sorted(config, key=str)],
        "Result": [str(document.get("result"))],
        "Dependencies": list(map(str, experiment.get("dependencies") or ())),
        "Resources": _names(document.get("resources")),
        "Source Files": _names(experiment.get("sources")),
        "Outputs": _names(document.get("artifacts")),
    }
    lines = list(head)
    for title, content in sections.items():
        lines += [f"{title}:", *(_INDENT + each for each in content or ["None"]), ""]
    return "\n".join(lines)


def _names(entries: Iterable[Any] | None) -> list[str]:
    return list(dict.fromkeys(str(entry[0]) for entry in entries or ()))


def _day(time: datetime | None) -> str:
    return "unknown" if time is None else time.strftime("%a %d %b %Y")


def _duration(start: datetime | None, stop: datetime | None) -> str:
    if start is None or stop is None:
        return "unknown"
    minutes, rest = divmod(stop - start, timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest.total_seconds():04.1f}"
