"""Addresses of databases, as users write them."""

import contextlib
import importlib.util
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sacred_core.exceptions import StoreError
from sacred_core.masking import is_secret, mask_text
from sacred_core.stores.locations import absolute_path, short_path

_SQLITE = b"SQLite format 3\0"
#: Of the names of SQLite databases.
_SUFFIXES = (".db", ".db3", ".sqlite", ".sqlite3")
_EXAMPLE = "sqlite:///runs.db or postgresql://user:password@host/database"
#: By the name that users write: SQLAlchemy's name, drivers by their modules, and what to install.
_DRIVERS: dict[str, tuple[str, dict[str, str], str]] = {
    "postgresql": (
        "postgresql",
        {"psycopg": "psycopg", "psycopg2": "psycopg2", "pg8000": "pg8000"},
        "sacred-sql[postgresql]",
    ),
    "mysql": (
        "mysql",
        {"pymysql": "pymysql", "MySQLdb": "mysqldb", "mysql.connector": "mysqlconnector"},
        "sacred-sql[mysql]",
    ),
}
_DRIVERS["postgres"] = _DRIVERS["postgresql"]
_DRIVERS["mariadb"] = ("mariadb", *_DRIVERS["mysql"][1:])
#: https://docs.sqlalchemy.org/dialects/sqlite.html and https://www.sqlite.org/uri.html
_SQLITE_OPTIONS = frozenset(
    "cache cached_statements check_same_thread detect_types immutable isolation_level mode modeof "
    "nolock psow timeout uri vfs".split()
)


def parse_url(url: str | sa.URL) -> sa.URL:
    """Return the URL with an installed driver, and the absolute path of a file.

    Raises:
        StoreError: it is invalid, or its driver is not installed.
    """
    try:
        given = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError, TypeError):
        raise StoreError(
            f"{_masked_url(url)!r} is not the URL of a database, like {_EXAMPLE}"
        ) from None
    if "@" in (given.host or ""):  # a part of the password, which no message may have
        raise StoreError(
            "the user or password of the URL has characters that must be percent-encoded, as "
            "urllib.parse.quote_plus does: '/' is %2F, '@' is %40, ':' is %3A"
        )
    given = with_driver(given)
    _check_options(given)
    if is_file(given):
        return given.set(database=str(absolute_path(given.database or "")))
    return given


def argument_url(argument: str) -> str:
    """Return the URL for the argument of ``-s``, which may be the path of an SQLite database."""
    is_path = not {*":@"}.intersection(argument) and Path(argument).suffix.lower() in _SUFFIXES
    return f"sqlite:///{argument}" if is_path else argument


def _check_options(url: sa.URL) -> None:
    """Refuse options that SQLAlchemy would ignore: only the drivers of servers complain.

    Raises:
        StoreError: SQLite has no such option.
    """
    unknown = sorted(set(url.query) - _SQLITE_OPTIONS) if _is_sqlite(url) else []
    if unknown:
        raise StoreError(
            f"{display_url(url)!r} has the unknown option {unknown[0]!r}: there are "
            f"{', '.join(sorted(_SQLITE_OPTIONS))}"
        )


def with_driver(url: sa.URL) -> sa.URL:
    """Return ``url`` with a driver that is installed, where it names none.

    Raises:
        StoreError: none is.
    """
    if url.drivername not in _DRIVERS:
        return url
    dialect, drivers, distribution = _DRIVERS[url.drivername]
    for module, driver in drivers.items():
        if _is_installed(module):
            return url.set(drivername=f"{dialect}+{driver}")
    raise StoreError(f"no driver for {url.drivername} is installed: pip install '{distribution}'")


def display_url(url: sa.URL) -> str:
    """Return a URL without its secrets; options may be some too."""
    return url.set(query={}).render_as_string(hide_password=True)


def has_runs(path: Path) -> bool:
    """Return whether a file is an SQLite database with tables of ours or of Sacred."""
    try:
        with path.open("rb") as file:
            if file.read(len(_SQLITE)) != _SQLITE:
                return False
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
            query = "SELECT 1 FROM sqlite_master WHERE name IN ('sacred_schema', 'runs_resources')"
            return connection.execute(query).fetchone() is not None
    except (OSError, sqlite3.Error):
        return False


def location(url: sa.URL) -> str | None:
    """Return the URL by which others open the database, without its secrets; None in memory."""
    if is_in_memory(url):
        return None
    options = {
        name: value
        for name, value in url.query.items()
        if not is_secret(name) and not name.lower().endswith("password")
    }
    known = sa.URL.create(
        url.drivername, url.username, None, url.host, url.port, url.database, options
    )
    return known.render_as_string(hide_password=False)


def display_location(url: sa.URL) -> str | None:
    """Return `location` with the path of a file as users write it."""
    return location(url.set(database=short_path(url.database or "")) if is_file(url) else url)


def is_file(url: sa.URL) -> bool:
    """Return whether the database is a file of which the URL gives the path."""
    name = url.database or ""
    return _is_sqlite(url) and name not in ("", ":memory:") and not name.startswith("file:")


def is_in_memory(url: sa.URL) -> bool:
    """Return whether the database disappears when its connection is closed."""
    name = url.database or ""
    is_uri = name.startswith("file:") and ("memory" in name or url.query.get("mode") == "memory")
    return _is_sqlite(url) and (name in ("", ":memory:") or is_uri)


def require_file(url: sa.URL) -> None:
    """Refuse a database without a file, which SQLite would create.

    Raises:
        StoreError: there is none.
    """
    if is_file(url) and not Path(url.database or "").is_file():
        raise StoreError(f"there is no database {url.database!r}")


def _is_sqlite(url: sa.URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package around it
        return False


def _masked_url(url: Any) -> str:
    """Return a string that was given as URL, without a possible password."""
    text = str(url)
    return mask_text(text) if "://" in text else text.rpartition("@")[2]
