"""The address of the page of runs, which holds its whole view."""

from collections.abc import Iterator, Sequence
from typing import Any, Self
from urllib.parse import urlencode

import attrs
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from sacred_board.data.locations import Location
from sacred_core.exceptions import OptionError, QueryError
from sacred_core.listing.grouping import parse_groups
from sacred_core.stores.query import (
    Column,
    Condition,
    Field,
    Query,
    all_of,
    parse,
    parse_columns,
    parse_sort,
)


def _joined(values: Sequence[str]) -> str:
    return ",".join(each for each in (value.strip(" ,") for value in values) if each)


@attrs.frozen(kw_only=True)
class RunsAddress:
    """The parameters of the page of runs.

    Attributes:
        where: A query.
        last: The query of the page before, whose runs are shown if ``where`` is wrong.
        status: Only runs with this status.
        location: The slugs of the locations whose runs are shown; all if there is none.
        sort: Fields like ``-config.lr,start_time``.
        columns: Fields; by default what differs.
        has_all: Entries of the configuration that do not differ have columns, too.
        group: ``"all-but seed"``, or fields.
        opened: The groups whose runs are shown, by the key of their first runs.
        page: The page, counted from 1.
    """

    where: str = ""
    last: str = ""
    status: str = ""
    location: tuple[str, ...] = ()
    sort: str = ""
    columns: str = ""
    has_all: bool = False
    group: str = ""
    opened: tuple[str, ...] = ()
    page: int = 1

    @classmethod
    def read(cls, parameters: QueryParams) -> Self:
        """Return the address of a request.

        Raises:
            HTTPException: the page is not a number.
        """
        page = parameters.get("page", "1")
        if not page.isascii() or not page.isdigit() or not int(page[:9]) > 0:
            raise HTTPException(400, f"page must be a number of at least 1, got {page!r}.")
        return cls(
            where=parameters.get("where", "").strip(),
            last=parameters.get("last", "").strip(),
            status=parameters.get("status", "").strip().upper(),
            location=tuple(filter(None, parameters.getlist("location"))),
            sort=parameters.get("sort", "").strip(),
            columns=_joined(parameters.getlist("columns")),
            has_all=parameters.get("all", "") not in ("", "0"),
            group=parameters.get("group", "").strip(),
            opened=tuple(parameters.getlist("open")),
            page=int(page[:9]),
        )

    def pairs(self, *without: str) -> Iterator[tuple[str, str]]:
        """Yield the parameters with their values, for a form that sets those of ``without``."""
        values: list[tuple[str, Sequence[str]]] = [
            ("where", [self.where]),
            ("status", [self.status]),
            ("location", self.location),
            ("sort", [self.sort]),
            ("columns", [self.columns]),
            ("all", ["1" if self.has_all else ""]),
            ("group", [self.group]),
            ("open", self.opened),
            ("page", [str(self.page) if self.page > 1 else ""]),
        ]
        for name, own in values:
            if name not in without:
                yield from ((name, value) for value in own if value)

    def link(self, **changes: Any) -> str:
        """Return the address with other values; the first page, unless it is one of them."""
        changed = attrs.evolve(self, **{"page": 1, **changes})
        return f"?{urlencode([*changed.pairs()])}"


@attrs.frozen(kw_only=True)
class RunsView:
    """What an address asks for.

    Attributes:
        where: Which runs.
        status: Only runs with this status; empty for all.
        order: Their order; None: the newest first.
        columns: The chosen columns; None: what differs.
        groups: See `parse_groups`; None: no groups.
    """

    where: Query | None = None
    status: str = ""
    order: Sequence[tuple[Field, bool]] | None = None
    columns: Sequence[Column] | None = None
    groups: tuple[list[Field] | None, list[str]] | None = None

    @property
    def query(self) -> Query | None:
        """Which runs, with the condition for the status."""
        parts: list[Query] = [] if self.where is None else [self.where]
        if self.status:
            parts.append(Condition(Field("status"), "=", (self.status,)))
        return all_of(parts) if parts else None


def parse_view(address: RunsAddress) -> RunsView:
    """Return what an address asks for.

    Raises:
        QueryError: the query, the order, the columns or the groups are wrong.
        OptionError: the groups are wrong.
    """
    return RunsView(
        where=parse(address.where) if address.where else None,
        status=address.status,
        order=parse_sort(address.sort) if address.sort else None,
        columns=parse_columns(address.columns) if address.columns else None,
        groups=parse_groups(address.group) if address.group else None,
    )


@attrs.frozen
class AddressError:
    """A part of an address that is wrong.

    Attributes:
        part: The name of its parameter.
        message: What is wrong, with a mark below the place.
        position: The place, None if it is the whole part.
    """

    part: str
    message: str
    position: int | None = None

    @property
    def sentence(self) -> str:
        """What is wrong."""
        return self.message.partition("\n")[0]

    @property
    def place(self) -> str:
        """The line that is wrong, with a mark below the place; empty if it is the whole part."""
        return "\n".join(line[2:] for line in self.message.split("\n")[1:])


def without_errors(address: RunsAddress) -> tuple[RunsAddress, list[AddressError]]:
    """Return an address in which parts that are wrong have their last or default value.

    Args:
        address: As the user wrote it.
    """
    errors = []
    for part, fallback in (("where", address.last), ("sort", ""), ("columns", ""), ("group", "")):
        error = _find_error(part, getattr(address, part))
        if error is not None:
            errors.append(error)
            valid = fallback if _find_error(part, fallback) is None else ""
            changed: dict[str, Any] = {part: valid}
            address = attrs.evolve(address, **changed)
    return address, errors


def _find_error(part: str, value: str) -> AddressError | None:
    only: dict[str, Any] = {part: value}
    try:
        parse_view(RunsAddress(**only))
    except QueryError as error:
        return AddressError(part, str(error), error.position)
    except OptionError as error:
        return AddressError(part, str(error))
    return None


def chosen_locations(address: RunsAddress, locations: Sequence[Location]) -> list[Location]:
    """Return the locations whose runs are shown.

    Raises:
        HTTPException: the board has no such location.
    """
    known = {location.slug: location for location in locations}
    for slug in address.location:
        if slug not in known:
            raise HTTPException(404, f"This board has no location {slug!r}.")
    return [known[slug] for slug in dict.fromkeys(address.location)] or [*locations]


def with_tag(address: RunsAddress, tag: str) -> str:
    """Return the link to the runs of a page that have a tag, too."""
    condition = Condition(Field("tags"), "has", (tag,))
    parts: list[Query] = [parse(address.where)] if address.where else []
    if condition in parts or (parts and f"{condition}" in address.where):
        return address.link()
    return address.link(where=str(all_of([*parts, condition])))


def sort_link(address: RunsAddress, field: Field) -> tuple[str, str | None]:
    """Return the link of a heading, and the order of its column for ``aria-sort``.

    The first click sorts in ascending order, the second one in descending order, and the third
    one returns to the default.

    Args:
        address: Without errors.
        field: That of the column.
    """
    order = parse_sort(address.sort)[:1] if address.sort else []
    if not order or order[0][0] != field:
        return address.link(sort=str(field)), None
    if order[0][1]:
        return address.link(sort=""), "descending"
    return address.link(sort=f"-{field}"), "ascending"
