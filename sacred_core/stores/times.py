"""Columns of times that become `datetime` objects only when they are used."""

import contextlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, overload

_DAY = 86_400
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TimeColumn(Sequence[Any]):
    """A list of aware times in UTC, each of which is made when it is read.

    It compares equal to a list of the same times. What is stored and is not a time is None.

    Args:
        count: Number of times.
        load: Returns what is stored of them; called at the first use.
        parse: Returns the time for one of these.
        unit: Of stored numbers since 1970: ``"s"``, or ``"us"`` for microseconds.

    Attributes:
        parse: As passed.
    """

    __slots__ = ("_count", "_load", "_stored", "parse", "unit")

    def __init__(
        self,
        count: int,
        load: Callable[[], Sequence[Any]],
        parse: Callable[[Any], datetime | None],
        unit: Literal["s", "us"] = "s",
    ) -> None:
        self._count = count
        self._load = load
        self.parse = parse
        self.unit: Literal["s", "us"] = unit
        self._stored: Sequence[Any] | None = None

    @property
    def stored(self) -> Sequence[Any]:
        """The stored strings or numbers, without a time object for each."""
        if self._stored is None:
            self._stored = self._load()
        return self._stored

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> datetime | None: ...
    @overload
    def __getitem__(self, index: slice) -> "TimeColumn": ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            count = len(range(*index.indices(self._count)))
            return TimeColumn(count, lambda: self.stored[index], self.parse, self.unit)
        return self.parse(self.stored[index])

    def __iter__(self) -> Iterator[Any]:
        return map(self.parse, self.stored)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (list, TimeColumn)):
            return NotImplemented
        return len(self) == len(other) and all(map(_is_equal, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


def join_times(columns: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """Return the times of several columns, one column after the other.

    Those of `TimeColumn` objects of one store are made when they are read.
    """
    if len(columns) == 1:
        return columns[0]
    lazy = [each for each in columns if isinstance(each, TimeColumn)]
    if not lazy or len(lazy) < len(columns) or len({(c.unit, c.parse) for c in lazy}) > 1:
        return [time for column in columns for time in column]

    def load() -> list[Any]:
        return [stored for column in lazy for stored in column.stored]

    return TimeColumn(sum(map(len, lazy)), load, lazy[0].parse, lazy[0].unit)


def time_of_seconds(seconds: Any) -> datetime | None:
    """Return the time of a number of seconds after 1970; None if it is not such a number."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def column_of_seconds(seconds: "array[float]") -> TimeColumn:
    """Return the times of seconds after 1970."""
    return TimeColumn(len(seconds), lambda: seconds, time_of_seconds)


def to_microseconds(times: Iterable[datetime]) -> tuple[int, list[int]]:
    """Return times as a number of seconds after 1970, and the microseconds of each after that.

    Those of `column_of_seconds` need no object for each; a time without a zone is in UTC.
    """
    if isinstance(times, TimeColumn) and isinstance(times.stored, array) and len(times):
        seconds = times.stored
        base = int(min(seconds) // 1)
        if max(seconds) - base < _DAY:
            # The products are exact, and `round` rounds as `datetime.fromtimestamp` does.
            return base, [round((each - base) * 1e6) for each in seconds]
    found = [(time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH for time in times]
    return 0, [each // _MICROSECOND for each in found]


def milliseconds(time: datetime | None) -> int | None:
    """Return a time as milliseconds since 1970 in UTC, rounded down.

    MongoDB has no more digits. A time without a zone is in UTC.
    """
    if time is None:
        return None
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def to_milliseconds(times: Iterable[datetime | None]) -> list[int | None]:
    """Return `milliseconds` of each time."""
    stored = times.stored if isinstance(times, TimeColumn) else None
    if isinstance(times, TimeColumn) and times.unit == "us":
        return [None if each is None else each // 1000 for each in times.stored]
    if isinstance(stored, array):
        base, micros = to_microseconds(times)  # type: ignore[arg-type]
        return [base * 1000 + each // 1000 for each in micros]
    if stored is not None and set(map(type, stored)) == {str}:
        return _parse_milliseconds(stored, times)
    return [milliseconds(time) for time in times]


def _parse_milliseconds(texts: Sequence[str], times: Iterable[datetime | None]) -> list[int | None]:
    """Return milliseconds of texts in ISO 8601, of which all have a zone or none has."""
    for epoch in (_EPOCH.replace(tzinfo=None), _EPOCH):
        with contextlib.suppress(TypeError, ValueError):
            return [(time - epoch) // _MILLISECOND for time in map(datetime.fromisoformat, texts)]
    return [milliseconds(time) for time in times]


def _is_equal(one: Any, other: Any) -> bool:
    return bool(one == other)
