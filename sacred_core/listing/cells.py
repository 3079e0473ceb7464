"""Values of runs as cells of a table."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from sacred_core.printable import printable
from sacred_core.readable_numbers import DIGITS, number_text
from sacred_core.readable_times import duration_text, time_text
from sacred_core.serialization import encodable
from sacred_core.stores.query import MISSING


class Form(Enum):
    """The form of a cell.

    Attributes:
        SHORT: For people: floats have four significant digits.
        EXACT: For people: floats have all digits.
        DATA: For programs: times in ISO 8601, durations in seconds, strings as they are stored.
    """

    SHORT = auto()
    EXACT = auto()
    DATA = auto()


def to_csv(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as RFC 4180 has them, with plain line ends."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return encodable(text.getvalue().rstrip("\n"))


def cell(
    field: str,
    value: Any,
    form: Form = Form.SHORT,
    now: datetime | None = None,
    digits: int = DIGITS,
) -> str:
    """Return the value of a field as shown in a table; a missing one is empty.

    Args:
        field: Its name.
        value: As the query language reads it: durations in seconds.
        form: The form of numbers, times and strings.
        now: The present: the age follows a time for people.
        digits: Of floats in the short form.
    """
    if value is None or value is MISSING:
        return ""
    is_data = form is Form.DATA
    if isinstance(value, datetime):
        return value.isoformat() if is_data else time_text(value, now)
    if field == "duration" and not is_data:
        return duration_text(timedelta(seconds=value))
    text = number_text(value, digits if form is Form.SHORT else None)
    return text if is_data else printable(text)
