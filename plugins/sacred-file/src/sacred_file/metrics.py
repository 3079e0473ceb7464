"""The points of a run: appended beat by beat, and put together at the end.

While the run lives each line of ``metrics.jsonl`` holds some points of one metric, from the
index ``start`` on: ``{"name", "start", "steps", "values", "timestamps"}``. A point that was
written twice takes the place of itself.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sacred_core.serialization import strict_json

_UTC_LENGTH = len("2026-01-01T00:00:00.000000")

COLUMNS = ("steps", "values", "timestamps")


def metric_lines(metrics: Mapping[str, Any], starts: Mapping[str, int]) -> bytes:
    """Return the lines of the new points of ``metrics``."""
    return "".join(
        strict_json(
            {
                "name": name,
                "start": starts.get(name, 0),
                "steps": list(metric["steps"]),
                "values": list(metric["values"]),
                "timestamps": [_time_text(time) for time in metric["timestamps"]],
            }
        )
        + "\n"
        for name, metric in metrics.items()
    ).encode()


def folded(parts: Path) -> dict[str, dict[str, list[Any]]]:
    """Return the points in the file ``parts`` as ``metrics.json`` holds them.

    A last line that a crash cut off is left out.
    """
    metrics: dict[str, dict[str, list[Any]]] = {}
    with parts.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                _fold(metrics, json.loads(line))
    return metrics


def _fold(metrics: dict[str, dict[str, list[Any]]], part: dict[str, Any]) -> None:
    metric = metrics.setdefault(part["name"], {column: [] for column in COLUMNS})
    start = part["start"]
    for column in COLUMNS:
        metric[column][start : start + len(part[column])] = part[column]


def _time_text(time: datetime) -> str:
    if time.tzinfo is not UTC:
        time = time.astimezone(UTC)
    return time.isoformat(timespec="microseconds")[:_UTC_LENGTH]  # without the "+00:00"
