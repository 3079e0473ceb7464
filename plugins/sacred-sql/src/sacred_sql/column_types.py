"""Types of columns: what some databases refuse is written in another form."""

import re
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import Dialect

from sacred_core.serialization import SURROGATES, escape, from_json, to_json, unescape

#: Of keys. SQLite counts up by itself only in its one type of integers.
Key = sa.BigInteger().with_variant(sa.Integer, "sqlite")
#: Of a text of any length, as it is.
LongText = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
Bytes = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")

_UNSAFE = re.compile(rf"%(?=25|00|u[0-9A-F]{{4}})|\0|{SURROGATES}")
_ESCAPES = re.compile(r"%(25|00|u[0-9A-F]{4})")


class Text(sa.types.TypeDecorator[str]):
    """Text of any length, with `%00` and the like for what some databases refuse."""

    impl: Any = LongText
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return what is stored."""
        return None if value is None else escape(value, _UNSAFE)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """Return what was given."""
        return None if value is None else unescape(value, _ESCAPES)


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
