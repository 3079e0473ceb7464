"""The ids of runs in rows that have none."""

from typing import Any

from sacred_core.stores.run_ids import normalize_id


def row_id(key: int, run_id: Any) -> int | str:
    """Return the id of a run, also where its row has none that can be one."""
    if not isinstance(run_id, str) or not run_id or "\0" in run_id:  # NUL is stored as %00
        return f"row {key}"
    return normalize_id(run_id)


def row_number(run_id: Any) -> int | None:
    """Return the key in an id that `row_id` made, None for any other id."""
    word, _, number = str(normalize_id(run_id)).partition(" ")
    is_row = word == "row" and number.isascii() and number.isdecimal() and len(number) <= 18
    return int(number) if is_row else None
