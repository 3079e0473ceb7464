"""The recorded runs: two that an observer records, and the differences of their copies.

A rare run has another name, status and configuration than the others. Each number of runs has the
same number of rare ones, so that the result of a filter does not grow.
"""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

#: Number of rare runs.
RARE = 5
START = datetime(2026, 1, 1, tzinfo=UTC)
POINTS = 1_000


def is_rare(number: int, size: int) -> bool:
    """Return whether run ``number`` of ``size`` runs, counted from 1, is rare."""
    return number % (size // RARE) == 2


def start_time(number: int) -> datetime:
    """Return the time at which run ``number`` starts."""
    return START + timedelta(seconds=number)


def config(number: int, rare: bool) -> dict[str, Any]:
    """Return the configuration of a run."""
    return {"lr": 0.5 if rare else 1 + number / 7, "model": {"size": number % 5}, "seed": number}


def start_arguments(number: int, rare: bool) -> dict[str, Any]:
    """Return the arguments of `started_event`."""
    name = "rare" if rare else "common"
    return {
        "ex_info": {"name": name, "base_dir": ".", "sources": [], "dependencies": []},
        "command": "main",
        "host_info": {"hostname": "here"},
        "start_time": start_time(number),
        "config": config(number, rare),
        "meta_info": {"uid": uuid.uuid4().hex, "command": "main", "beat_interval": 10.0},
        "_id": None,
    }


def points(first: int, count: int = POINTS) -> dict[str, dict[str, Any]]:
    """Return the argument of `log_metrics` for points of one metric."""
    steps = range(first, first + count)
    return {
        "loss": {
            "name": "loss",
            "steps": [*steps],
            "values": [step / 7 for step in steps],
            "timestamps": [START + timedelta(seconds=step) for step in steps],
        }
    }


def record(observer: Any, number: int, rare: bool) -> None:
    """Record a run with a few points."""
    observer.started_event(**start_arguments(number, rare))
    observer.log_metrics(points(0, 3))
    observer.heartbeat_event(info={}, captured_out="", beat_time=start_time(number), result=None)
    if rare:
        observer.failed_event(fail_time=start_time(number), fail_trace=["ValueError: rare\n"])
    else:
        observer.completed_event(stop_time=start_time(number), result=number)
    join = getattr(observer, "join", None)
    if join is not None:
        join()
