"""The connection to a store, which is read in threads and may go away and come back."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import NoReturn, ParamSpec, TypeVar, cast

import attrs

from sacred_board.data.threads import Threads
from sacred_core.exceptions import (
    ChangeTokenError,
    DamagedRecordError,
    NotARunError,
    QueryError,
    SacredError,
    StoreError,
    UnavailableError,
)
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.stores import RunQuery, RunStore
from sacred_core.stores.query import Field

P = ParamSpec("P")
T = TypeVar("T")

#: The number of functions that read one store at a time; its connections are as many.
READERS = 4
#: Seconds until a store that does not answer counts as away.
TIMEOUT = 30.0
#: Seconds until the first and the last attempt to reach a store again.
FIRST_RETRY, LAST_RETRY = 1.0, 60.0
#: Errors about one run or one request, after which the store need not be tested.
_NOT_OUTAGES = (ChangeTokenError, DamagedRecordError, NotARunError, QueryError)


@attrs.frozen
class Outage:
    """A store that cannot be reached.

    Attributes:
        slug: The location.
        reason: Why, without secrets.
        interval: Seconds between the last attempt and the next one.
        retry_at: When it is tried again, by the clock of `time.monotonic`.
    """

    slug: str
    reason: str
    interval: float
    retry_at: float

    @property
    def retry_in(self) -> float:
        """Seconds until the next attempt."""
        return max(0.0, self.retry_at - time.monotonic())


class LocationAwayError(SacredError):
    """A store cannot be reached at present.

    Cause: The server of a store that the board shows is stopped, or the network is interrupted.

    Fix: Check the server; the board tries again by itself.

    Attributes:
        outage: Why, and when it is tried again.
    """

    def __init__(self, outage: Outage) -> None:
        super().__init__(outage.reason)
        self.outage = outage


class UnreachableStore:
    """Used in place of a store that cannot be reached: all methods raise the reason at once.

    It is raised as for a part of a record that cannot be read, so that other parts are shown.

    Args:
        outage: The reason.
    """

    def __init__(self, outage: Outage) -> None:
        self._outage = outage

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        def fail(*args: object, **kwargs: object) -> NoReturn:
            raise DamagedRecordError(self._outage.reason)

        return fail


class Connection:
    """The connection to a store of the board.

    Args:
        name: The location as the user gave it.
        slug: Identifies it in addresses.
        open_store: Opens the store; called in a thread when the store is first read.

    Attributes:
        slug: See above.
        name: The location without secrets.
        outage: Why the store cannot be reached at present; None: it was reached last time.
    """

    def __init__(self, name: str, slug: str, open_store: Callable[[], RunStore]) -> None:
        self.name = mask_text(name)
        self.slug = slug
        self.outage: Outage | None = None
        self._open = open_store
        self._store: RunStore | None = None
        self._opening = threading.Lock()
        self._threads, self._others = Threads(READERS), Threads(READERS)
        self._is_tried = False

    async def store(self) -> RunStore:
        """Return the store.

        Raises:
            LocationAwayError: it cannot be reached.
        """
        if self._store is not None:
            return self._store
        return await self.read(self._opened)

    async def show(self, function: Callable[[RunStore], T]) -> T:
        """Call a function that shows what it can read of the store, in a thread.

        While the store cannot be reached, the methods of its argument raise the reason at once, so
        that parts of a page that need no store are shown.
        """
        try:
            store = await self.store()
            return await self.read(function, store)
        except LocationAwayError as error:
            unreachable = cast(RunStore, UnreachableStore(error.outage))
            return await self._others.call(partial(function, unreachable))

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that reads the store in a thread.

        Raises:
            LocationAwayError: the store cannot be reached, or did not answer for `TIMEOUT` seconds.
        """
        return await self.call(partial(function, *args, **kwargs), TIMEOUT)

    async def call(self, function: Callable[[], T], timeout: float | None = None) -> T:
        """Call a function that reads the store in a thread.

        Args:
            function: The function.
            timeout: Seconds until the store counts as away; None for what may take long.

        Raises:
            LocationAwayError: the store cannot be reached, or did not answer in time.
        """
        is_attempt = self._require_attempt()
        try:
            found = await self._threads.call(function, timeout)
        except TimeoutError:
            # The driver of a database raises it too, where no limit was given.
            limit = "" if timeout is None else f" for {counted(timeout, 'second')}"
            outage = self._note_outage(f"no answer{limit}", is_attempt)
            raise LocationAwayError(outage) from None
        except SacredError as error:
            if not await self._is_outage(error):
                self._note_success(is_attempt)
                raise
            raise LocationAwayError(self._note_outage(str(error), is_attempt)) from error
        finally:
            if is_attempt:
                self._is_tried = False
        self._note_success(is_attempt)
        return found

    def _require_attempt(self) -> bool:
        """Return whether a call is the one attempt to reach a store that is away.

        Raises:
            LocationAwayError: the store is away, and the next attempt is due later or running.
        """
        if self.outage is None:
            return False
        if self._is_tried or self.outage.retry_in > 0:
            raise LocationAwayError(self.outage)
        self._is_tried = True
        return True

    def _note_success(self, is_attempt: bool) -> None:
        # A call that began before the outage may return after it.
        if is_attempt:
            self.outage = None

    def _note_outage(self, reason: str, is_attempt: bool) -> Outage:
        known = self.outage
        if known is not None and not is_attempt:
            return known
        interval = FIRST_RETRY if known is None else min(known.interval * 2, LAST_RETRY)
        reason = mask_text(" ".join(reason.split()))
        self.outage = Outage(self.slug, reason, interval, time.monotonic() + interval)
        return self.outage

    async def _is_outage(self, error: SacredError) -> bool:
        """Return whether an error is about the whole store and not about one run."""
        if isinstance(error, UnavailableError) or self._store is None:
            return True
        if not isinstance(error, StoreError) or isinstance(error, _NOT_OUTAGES):
            return False
        try:
            await self._threads.call(partial(_read_one, self._store), TIMEOUT)
        except (StoreError, TimeoutError):
            return True
        return False

    def _opened(self) -> RunStore:
        with self._opening:
            if self._store is None:
                self._store = self._open()
            return self._store


def _read_one(store: RunStore) -> None:
    """Raise an error if a store cannot list a run."""
    next(iter(store.list(RunQuery(limit=1, fields=[Field("id")]))), None)
