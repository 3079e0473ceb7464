"""Tags and notes: rows that are added to a run."""

import sqlalchemy as sa

from sacred_core.stores.annotations import Annotation
from sacred_sql.changes import note_change
from sacred_sql.contents import new_key
from sacred_sql.schema import annotations


def insert_annotation(
    connection: sa.Connection, run_key: int, annotation: Annotation, token: str | None = None
) -> bool:
    """Insert the row of an annotation, and return False if the run is not there any more.

    Args:
        connection: In a transaction.
        run_key: Of the run.
        annotation: The annotation.
        token: As of `note_change`.
    """
    if not note_change(connection, run_key, token):
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
