"""Types of columns that hold the same in every database."""

import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect

from sacred_core.serialization import from_json, to_json

#: Of keys. SQLite counts up by itself only in its one type of integers.
Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
#: Of a text of any length, as it is.
LongText = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
Bytes = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")

_AWKWARD = re.compile(r"%(?=25|00|u[0-9A-F]{4})|\0|[\ud800-\udfff]")
_ESCAPED = re.compile(r"%(25|00|u[0-9A-F]{4})")


class Text(sa.types.TypeDecorator[str]):
    """Text of any length, with `%00` and the like for what some databases refuse."""

    impl: Any = LongText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return what is stored."""
        return None if value is None else stored_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Return what was given."""
        return None if value is None else loaded_text(value)


class ShortText(Text):
    """Text of up to 255 characters, which may be a key."""

    impl = sa.String(255)
    cache_ok = True


class Json(sa.types.TypeDecorator[Any]):
    """Plain data as JSON text."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Return what is stored."""
        return None if value is None else to_json(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return what was given."""
        return None if value is None else from_json(value)


class UtcTime(sa.types.TypeDecorator[datetime]):
    """An aware time, stored in UTC to the microsecond."""

    impl = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what is stored."""
        if value is None or value.tzinfo is None:
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return what was given."""
        return None if value is None else value.replace(tzinfo=UTC)


def stored_text(text: str) -> str:
    """Return ``text`` without NUL and halves of surrogate pairs."""
    return _AWKWARD.sub(_escape, text)


def loaded_text(text: str) -> str:
    """Return the text that `stored_text` was given."""
    if "%" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1].lstrip("u"), 16)), text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"%{code:02X}" if code < 0x80 else f"%u{code:04X}"
