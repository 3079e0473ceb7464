"""What a run prints, in pieces: each replaces the output from its start on."""

import itertools

import sqlalchemy as sa

from sacred_sql.schema import output

#: Characters, of which each may need 6 bytes; see `sacred_sql.contents`.
_LONGEST = 150_000


def write(connection: sa.Connection, run_key: int, text: str, offset: int, is_at_end: bool) -> None:
    """Replace the output from the character ``offset`` on by ``text``.

    Args:
        connection: In a transaction.
        run_key: Of the run.
        text: What it printed.
        offset: Where that begins.
        is_at_end: Nothing is there or behind.
    """
    if not is_at_end:
        behind = sa.and_(output.c.run_key == run_key, output.c.start >= offset)
        connection.execute(output.delete().where(behind))
    starts = range(0, len(text), _LONGEST) if text or is_at_end else [0]
    rows = [
        {"run_key": run_key, "start": offset + start, "text": text[start : start + _LONGEST]}
        for start in starts
    ]
    if rows:
        connection.execute(output.insert(), rows)


def read(connection: sa.Connection, run_key: int) -> str:
    """Return the whole output."""
    query = sa.select(output.c.start, output.c.text).where(output.c.run_key == run_key)
    rows = connection.execute(query.order_by(output.c.start)).all()
    pieces = [row.text[: after.start - row.start] for row, after in itertools.pairwise(rows)]
    return "".join([*pieces, *(row.text for row in rows[-1:])])
