"""Gives every run a row of its own, also when many processes start at once."""

from typing import Any

import attrs
import sqlalchemy as sa

from sacred_core.exceptions import RunIdError
from sacred_core.loggers import own_logger
from sacred_core.observers.delivering import id_elsewhere
from sacred_core.stores.run_ids import LARGEST, normalize_id
from sacred_sql import sacred_runs, sacred_tables
from sacred_sql.contents import new_key
from sacred_sql.numbers import highest_deleted
from sacred_sql.schema import runs

_logger = own_logger(__name__)


@attrs.frozen
class Claim:
    """What a run asks for.

    Attributes:
        id: The id of the run elsewhere, or None; used if it is free.
        asked_id: What the user asked for, or None.
        is_start: The run starts, so that it may take over one that is queued.
        shown: The database, as errors call it.
    """

    id: Any
    asked_id: Any
    is_start: bool
    shown: str


@attrs.frozen
class Place:
    """The row of a run."""

    key: int
    run_id: int | str
    is_taken_over: bool = False


def insert(connection: sa.Connection, row: dict[str, Any], claim: Claim) -> Place:
    """Insert the row of a new run, or replace that of a queued one.

    A race is lost with an `sqlalchemy.exc.IntegrityError`: then it is to be tried again.

    Raises:
        RunIdError: the id that was asked for is taken.
    """
    if claim.asked_id is not None:
        asked = claim.asked_id
        found = find(connection, asked)
        if found is not None:
            return _taken_over(connection, row, Place(found.run_key, asked, True), claim)
        if not _is_free(connection, asked):
            raise _taken(asked, claim)
        return _inserted(connection, row, asked)
    if claim.id is None:
        return _inserted(connection, row, _next(connection))
    elsewhere, usable = normalize_id(claim.id), id_elsewhere(claim.id)
    if usable is not None and _is_free(connection, usable):
        return _inserted(connection, row, usable)
    place = _inserted(connection, {**row, "id_elsewhere": elsewhere}, _next(connection))
    _logger.warning(
        "The id %r is taken in %s: the run is kept there as %s",
        claim.id, claim.shown, place.run_id,
    )  # fmt: skip
    return place


def find(connection: sa.Connection, run_id: Any) -> Any:
    """Return ``run_key``, ``run_id`` and ``run_number`` of a run, or None."""
    columns = (runs.c.run_key, runs.c.run_id, runs.c.run_number)
    name = str(normalize_id(run_id))
    for row in connection.execute(sa.select(*columns).where(runs.c.run_id == name)):
        if row.run_id == name:  # some databases are not as exact
            return row
    return None


def key_of_row(connection: sa.Connection, run_id: Any) -> int | None:
    """Return the key of a damaged run that is listed as ``row KEY``, or None."""
    word, _, number = str(normalize_id(run_id)).partition(" ")
    if word != "row" or not number.isascii() or not number.isdecimal() or len(number) > 18:
        return None
    query = sa.select(runs.c.run_key).where(runs.c.run_key == int(number))
    return connection.execute(query).scalar()


def _next(connection: sa.Connection) -> int:
    """Return the number after the largest that counts, and that no other run has."""
    query = sa.select(sa.func.max(runs.c.run_number)).where(runs.c.run_number <= LARGEST)
    found = connection.execute(query).scalar()
    if found is None and sacred_tables.are_there(connection):  # the first run after Sacred's own
        found = sacred_runs.highest_number(connection)
    number = max(int(found or 0), highest_deleted(connection)) + 1
    while _is_entered(connection, number):
        number += 1
    return number


def _is_free(connection: sa.Connection, run_id: int | str) -> bool:
    return not _is_entered(connection, run_id) and not _is_of_sacred(connection, run_id)


def _is_entered(connection: sa.Connection, run_id: int | str) -> bool:
    """Return whether a row has this id as the database compares: "1 " may be "1" to it."""
    is_same = runs.c.run_id == str(run_id)
    if isinstance(run_id, int):
        is_same |= runs.c.run_number == run_id
    return connection.execute(sa.select(runs.c.run_key).where(is_same)).first() is not None


def _inserted(connection: sa.Connection, row: dict[str, Any], run_id: int | str) -> Place:
    number = run_id if isinstance(run_id, int) else None
    row = {**row, "run_id": str(run_id), "run_number": number}
    return Place(new_key(connection, runs, row), run_id)


def _taken_over(
    connection: sa.Connection, row: dict[str, Any], place: Place, claim: Claim
) -> Place:
    kept = {key: value for key, value in row.items() if key != "queue_time"}
    change = runs.update().where(runs.c.run_key == place.key, runs.c.status == "QUEUED")
    if not claim.is_start or connection.execute(change.values(kept)).rowcount != 1:
        raise _taken(place.run_id, claim)
    return place


def _taken(run_id: int | str, claim: Claim) -> RunIdError:
    return RunIdError(f"the id {str(run_id)!r} is taken in {claim.shown}: choose another one")


def _is_of_sacred(connection: sa.Connection, run_id: int | str) -> bool:
    """Tell whether Sacred recorded a run of this id in tables of its own."""
    if not sacred_tables.are_there(connection):
        return False
    return sacred_runs.find_run(connection, run_id) is not None
