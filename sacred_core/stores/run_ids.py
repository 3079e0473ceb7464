"""Ids of runs, as stores list them."""

from typing import Any

_INT64 = range(-(2**63), 2**63)


def normalize_id(run_id: Any) -> int | str:
    """Return an id as stores list it: an integer where it is written as one, else a string.

    Observers of folders and buckets give strings as ids, as in Sacred, those of databases
    integers; `StoredRun.id` of one run is the same whichever came first.
    """
    if isinstance(run_id, int) and run_id in _INT64:
        return int(run_id)
    text = str(run_id)
    is_number = text.isascii() and text.isdecimal() and len(text) < 20 and str(int(text)) == text
    return int(text) if is_number and int(text) in _INT64 else text
