"""Writes the events that an observer did not record to a folder; `loading` delivers them."""

import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sacred_core.atomic_files import replace_bytes
from sacred_core.delivery.event_files import encode_event, with_copied_files
from sacred_core.delivery.failures import Undelivered
from sacred_core.events import Heartbeat, RunIdEvent
from sacred_core.state_folder import state_folder

FORMAT = "sacred undelivered 1"
#: The file that describes the run and its observer, and the one with the events, one a line.
RECORD, EVENTS = "undelivered.json", "events.jsonl"
#: The folder with the files of each event, in a folder with the number of its line.
FILES = "files"


def write_handover(
    observer: Any, start: RunIdEvent, run_id: Any, undelivered: Sequence[Undelivered]
) -> Path | None:
    """Write events, with their files, to a new folder and return it; None for heartbeats only.

    The folder is in the ``failure_dir`` of the observer, by default in that of the user's state.
    Heartbeats alone are written only for an observer with a ``store_location``.

    Args:
        observer: That did not record them.
        start: The event with which the run started.
        run_id: The id of the run in what the observer writes.
        undelivered: The events, in order.

    Raises:
        OSError: the folder cannot be written.
    """
    location = getattr(observer, "store_location", None)
    if location is None and all(isinstance(each.event, Heartbeat) for each in undelivered):
        return None
    folder = _new_folder(observer, start, run_id)
    lines = [
        encode_event(with_copied_files(each.event, folder / FILES / str(number)))
        for number, each in enumerate(undelivered)
    ]
    replace_bytes(folder / EVENTS, "".join(f"{line}\n" for line in lines).encode())
    record = {
        "format": FORMAT,
        "observer": type(getattr(observer, "covered_observer", observer)).__name__,
        "location": location,
        "run_id": run_id,
        "start": encode_event(start),
        "reasons": sorted({each.reason for each in undelivered}),
    }
    replace_bytes(folder / RECORD, json.dumps(record, indent=1).encode())  # last: now it is whole
    return folder


def _new_folder(observer: Any, start: RunIdEvent, run_id: Any) -> Path:
    given = getattr(observer, "failure_dir", None)
    parent = state_folder("undelivered") if given is None else Path(given)
    parent.mkdir(parents=True, exist_ok=True)
    words = f"{start.ex_info.get('name', '')}-{run_id}-{type(observer).__name__}"
    return Path(tempfile.mkdtemp(prefix=re.sub(r"[^\w.-]+", "_", words)[:60] + "-", dir=parent))
