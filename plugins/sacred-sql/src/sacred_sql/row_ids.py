"""The ids of runs as rows have them: of damaged rows, and of the parts of runs.

A part of a run is a row of its own, see `sacred_core.stores.writers`. Its ``run_id`` is
``/KEY/ID``, with the key of the run and the id of the part. No run has such an id: it must not
contain a slash.
"""

from typing import Any

import sqlalchemy as sa

from sacred_core.stores.run_ids import normalize_id
from sacred_sql.schema import runs

#: Begins the ``run_id`` of the row of a part.
_PART = "/"
#: The condition for rows of runs, not of their parts.
IS_RUN = ~runs.c.run_id.startswith(_PART)


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


def is_part_id(run_id: int | str) -> bool:
    """Return whether an id is the one in the row of a part."""
    return str(run_id).startswith(_PART)


def part_row_id(run_key: int, part_id: int | str) -> str:
    """Return the id in the row of a part.

    Args:
        run_key: The key of the run.
        part_id: The id of the part in the store of the parts of this run.
    """
    return f"{_PART}{run_key}{_PART}{part_id}"


def part_id_in(run_id: str) -> str:
    """Return the id of a part, from the id in its row."""
    return run_id.split(_PART, 2)[-1]


def is_part_of(run_key: int) -> sa.ColumnElement[bool]:
    """Return the condition for rows of the parts of a run."""
    return runs.c.run_id.startswith(part_row_id(run_key, ""))
