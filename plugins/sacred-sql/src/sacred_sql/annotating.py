"""Tags and notes: rows that are added to a run."""

from collections.abc import Callable

import sqlalchemy as sa

from sacred_core.stores.annotations import Annotation
from sacred_sql.contents import new_key
from sacred_sql.schema import annotations


def insert_annotation(
    connection: sa.Connection,
    note: Callable[[sa.Connection], bool],
    run_key: int,
    annotation: Annotation,
) -> bool:
    """Insert the row of an annotation, and return False if the run is not there any more.

    Args:
        connection: In a transaction.
        note: Notes the change, and returns whether the run may be changed.
        run_key: Of the run.
        annotation: The annotation.
    """
    if not note(connection):
        return False
    row = {
        "run_key": run_key,
        "said_at": annotation.time,
        "said_by": annotation.user,
        "note": annotation.note,
        "tags_added": list(annotation.added),
        "tags_removed": list(annotation.removed),
    }
    new_key(connection, annotations, row)
    return True
