"""The way to a database: transactions, repeated where others were faster, and errors in words."""

import contextlib
import os
import random
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.pool import NullPool, SingletonThreadPool, StaticPool

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.file_locks import hold_when_free
from sacred_core.finalizing import call_when_unused
from sacred_core.masking import MASK, mask_text, note_secret
from sacred_sql.address import (
    display_url,
    is_file,
    is_in_memory,
    parse_url,
    require_file,
)
from sacred_sql.limits import apply_limits, timeout_arguments
from sacred_sql.schema import add_tables, ensure_tables, has_all_tables

T = TypeVar("T")

#: Seconds in which a transaction that others hinder is tried again.
PATIENCE = 30.0
_PAUSE = 0.02
#: Deadlocks, and locks that were not free: SQLSTATEs, MySQL's numbers, and SQLite's.
_STATES = frozenset({"40001", "40P01", "55P03"})
_NUMBERS = frozenset({1020, 1205, 1213})
_SQLITE_NAMES = ("SQLITE_BUSY", "SQLITE_LOCKED")
_WITH_LEVELS = ("postgresql", "mysql", "mariadb")


class _Incomplete:
    """The answer of a database that lacks tables."""


class Database:
    """An engine. What is opened is closed when the last user of this object lets go of it.

    Args:
        url: Of the database.
        echo: Log every statement.
        engine: One that the user made, used in place of an own one.

    Raises:
        StoreError: the URL is wrong, or its driver is not installed.
        ValueError: each thread has another database with the given engine.
    """

    def __init__(
        self, url: str | sa.URL | None, echo: bool = False, engine: sa.Engine | None = None
    ) -> None:
        self.is_own = engine is None
        self.engine = _new_engine(parse_url(url or ""), echo) if engine is None else engine
        self.display_url = display_url(self.engine.url)
        note_secret(str(self.engine.url.password or ""))
        owner = _own_engines.get(self.engine)
        #: What closes the connections once it is unused: it must not be before this object is.
        self._owner = None if owner is None else owner()
        self._is_sqlite = self.engine.dialect.name == "sqlite"
        self._is_ready = self._is_writable = False
        #: Of the transaction of `together`.
        self._open: sa.Connection | None = None
        self.is_together = False
        one_connection = isinstance(self.engine.pool, StaticPool)
        self._lock: Any = threading.RLock() if one_connection else contextlib.nullcontext()
        if isinstance(self.engine.pool, SingletonThreadPool):
            raise ValueError(
                "with this engine each thread has a separate database: create it with "
                'poolclass=StaticPool, connect_args={"check_same_thread": False}'
            )
        if self.is_own:
            _own_engines[self.engine] = weakref.ref(self)
            apply_limits(self.engine)
            call_when_unused(self, self.engine.dispose)

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """Do ``work`` in one transaction, again from its start where others were faster.

        If it returns False, which is how it reports that the run was deleted or resumed by another
        process, nothing of the transaction is stored.

        Raises:
            StoreError: the database cannot be reached, or refuses.
        """
        with self._translate_errors():
            if self._open is not None:
                return work(self._open)
            if self._is_writable:
                return self._repeat(work)
            done = self._repeat(partial(self._work_if_complete, work))
            if isinstance(done, _Incomplete):
                self._add_tables()
                done = self._repeat(work)
            self._is_ready = self._is_writable = True
            return done

    def create_tables(self) -> None:
        """Create what is missing of the tables.

        Raises:
            StoreError: the database cannot be reached, or refuses.
        """
        if not self._is_writable:
            self.write(lambda connection: None)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Do all that `write` does in the block in one transaction, which is not repeated.

        Raises:
            UnavailableError: the database cannot be reached.
            StoreError: it refuses, or other transactions hinder this one.
        """
        self.is_together = True
        try:
            with self._translate_errors(), contextlib.ExitStack() as stack:
                if not self._is_writable:
                    self._add_tables()
                    self._is_ready = self._is_writable = True
                self._open = self._retry(lambda: stack.enter_context(self._write_transaction()))
                yield
                self._open.commit()
        finally:
            self.is_together, self._open = False, None

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Do ``work``, which sees the database at one time.

        Raises:
            StoreError: the database cannot be reached, or contains no runs of sacred-core.
        """
        with self._translate_errors():
            if not self._is_ready:
                require_file(self.engine.url)
                with self._transaction("BEGIN") as connection:
                    self._is_ready = ensure_tables(connection, self.display_url, create=False)
            with self._transaction("BEGIN", "REPEATABLE READ") as connection:
                return work(connection)

    def read_any(self, work: Callable[[sa.Connection], T]) -> T:
        """Do ``work`` as `read` does, whatever tables the database has.

        Raises:
            StoreError: the database cannot be reached.
        """
        with self._translate_errors():
            require_file(self.engine.url)
            with self._transaction("BEGIN", "REPEATABLE READ") as connection:
                return work(connection)

    def hold_lock(self, name: str) -> "contextlib.AbstractContextManager[bool] | None":
        """Return a context of one process at a time; see `hold_when_free`.

        Args:
            name: Of the lock.

        Returns:
            None if the database is not a SQLite file: other databases need no lock.
        """
        if not is_file(self.engine.url):
            return None
        return hold_when_free(Path(f"{os.path.realpath(str(self.engine.url.database))}-{name}"))

    def close_idle(self) -> None:
        """Close what is not in use; whatever follows opens it again."""
        if self.is_own and not is_in_memory(self.engine.url):
            self.engine.dispose()

    def _work_if_complete(
        self, work: Callable[[sa.Connection], T], connection: sa.Connection
    ) -> "T | _Incomplete":
        is_complete = has_all_tables(connection, self.display_url)
        return work(connection) if is_complete else _Incomplete()

    def _add_tables(self) -> None:
        self._repeat(lambda c: ensure_tables(c, self.display_url, create=True))
        self._repeat(add_tables)

    def _repeat(self, work: Callable[[sa.Connection], T]) -> T:
        def attempt() -> T:
            with self._write_transaction() as connection:
                done = work(connection)
                if done is not False:
                    connection.commit()
                return done

        return self._retry(attempt)

    def _write_transaction(self) -> contextlib.AbstractContextManager[sa.Connection]:
        return self._transaction("BEGIN IMMEDIATE", "READ COMMITTED")

    def _retry(self, attempt: Callable[[], T]) -> T:
        """Call ``attempt`` until no other transaction hinders it."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return attempt()
            except exc.DBAPIError as error:
                if not _is_conflict(error) or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(0, _PAUSE))

    @contextlib.contextmanager
    def _transaction(self, begin: str, isolation: str = "") -> Iterator[sa.Connection]:
        with self._lock, self.engine.connect() as connection:
            if not self._is_sqlite:
                if isolation and self.engine.dialect.name in _WITH_LEVELS:
                    connection = connection.execution_options(isolation_level=isolation)
                yield connection
                return
            # Python's module would begin later, when another process may have the lock.
            raw: Any = connection.connection.dbapi_connection
            before, raw.isolation_level = raw.isolation_level, None
            try:
                if not raw.in_transaction:
                    connection.exec_driver_sql(begin)
                yield connection
            finally:
                connection.rollback()
                raw.isolation_level = before

    @contextlib.contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except TypeError as error:
            if self.is_own and not self._is_ready and "keyword argument" in str(error):
                raise StoreError(
                    f"database {self.display_url}: its driver does not support an option of the "
                    f"URL ({', '.join(self.engine.url.query)})"
                ) from error
            raise
        except exc.SQLAlchemyError as error:
            # A conflict within `together` is repeated write by write.
            is_conflict = isinstance(error, exc.DBAPIError) and _is_conflict(error)
            is_repeated = is_conflict and self.is_together
            is_temporary = _is_temporary(error) and not is_repeated
            kind = UnavailableError if is_temporary else StoreError
            raise kind(f"the database {self.display_url}: {self._reason(error)}") from error

    def _reason(self, error: exc.SQLAlchemyError) -> str:
        """Return why something failed, without statement, values and password."""
        original = error.orig if isinstance(error, exc.DBAPIError) else error
        words = original.args if isinstance(original, exc.SQLAlchemyError) else (original,)
        text = mask_text(" ".join(" ".join(map(str, words)).split())) or type(original).__name__
        password = self.engine.url.password
        if password:  # in a word of the text it is only letters
            text = re.sub(rf"(?<!\w){re.escape(str(password))}(?!\w)", MASK, text)
        if "unable to open database file" in text:
            text += ": does its folder exist, and may you write there?"
        return text


def _new_engine(url: sa.URL, echo: bool) -> sa.Engine:
    options: dict[str, Any] = {"echo": echo, "connect_args": timeout_arguments(url)}
    if is_in_memory(url):
        options["poolclass"] = StaticPool
        options["connect_args"]["check_same_thread"] = False
    elif is_file(url):
        options["poolclass"] = NullPool  # a forked child must not even close a connection
    else:
        options.update(pool_pre_ping=True, pool_size=1)
    try:
        return sa.create_engine(url, **options)
    except exc.NoSuchModuleError:
        raise StoreError(f"SQLAlchemy does not support the database {url.drivername!r}") from None
    except ImportError as error:
        raise StoreError(
            f"the driver of {url.drivername!r} is not installed: {error.name}"
        ) from None
    except exc.SQLAlchemyError as error:
        raise StoreError(f"no engine for {display_url(url)!r}: {mask_text(str(error))}") from None


def _is_temporary(error: exc.SQLAlchemyError) -> bool:
    """Return whether the database may take later what it did not take now."""
    original = error.orig if isinstance(error, exc.DBAPIError) else None
    if getattr(original, "sqlite_errorname", "") == "SQLITE_ERROR":  # such as a missing table
        return False
    return isinstance(error, (exc.OperationalError, exc.InterfaceError)) or _is_disconnect(error)


def _is_disconnect(error: exc.SQLAlchemyError) -> bool:
    return isinstance(error, exc.DBAPIError) and error.connection_invalidated


def _is_conflict(error: exc.DBAPIError) -> bool:
    """Return whether another transaction was the reason."""
    if isinstance(error, exc.IntegrityError):
        return True
    original: Any = error.orig
    if str(getattr(original, "sqlite_errorname", "")).startswith(_SQLITE_NAMES):
        return True
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None)
    number = original.args[0] if original is not None and original.args else None
    return state in _STATES or number in _NUMBERS


_own_engines: "weakref.WeakKeyDictionary[sa.Engine, weakref.ref[Database]]" = (
    weakref.WeakKeyDictionary()
)
_parent_pools: list[Any] = []


def _release_parent_connections() -> None:
    """Neither use nor close, in a forked child, connections that its parent uses."""
    for engine in list(_own_engines):
        _parent_pools.append(engine.pool)
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_release_parent_connections)
