"""Watches the locations of a board while a page is open, and reports what changed."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sacred_board.data import refreshing
from sacred_board.data.index import Changes
from sacred_board.data.locations import Location, Outage
from sacred_board.data.notices import STOPPED, Mailbox, Notice
from sacred_board.data.refreshing import pace_of
from sacred_core.exceptions import SacredError
from sacred_core.stores import StoredRun
from sacred_core.stores.guarded import describe

_LOG = logging.getLogger(__name__)
#: To read the runs that pages show takes at most this part of the time.
_SHARE = 0.5


class Watching:
    """One watcher for each location, while a page is open.

    Args:
        locations: The locations.
    """

    def __init__(self, locations: Sequence[Location]) -> None:
        self._locations = locations
        self._mailboxes: set[Mailbox] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_closed = False

    @property
    def pages(self) -> int:
        """How many pages receive notices."""
        return len(self._mailboxes)

    @contextlib.contextmanager
    def open_mailbox(self, first: Iterable[Notice] = ()) -> Iterator[Mailbox]:
        """Return a mailbox, which receives notices in the block; the first has the outages.

        Args:
            first: Further notices for the beginning.
        """
        outages = {each.slug: _state(each.outage) for each in self._locations if each.outage}
        mailbox = Mailbox([{"type": "start", "outages": outages}, *first])
        self._mailboxes.add(mailbox)
        self._start()
        try:
            if self._is_closed:
                mailbox.put(STOPPED)
                mailbox.close()
            yield mailbox
        finally:
            self._mailboxes.discard(mailbox)
            if not self._mailboxes:
                self._stop()

    def close(self) -> None:
        """End all streams: the board ends. Any thread may call it, also a handler of a signal."""
        self._is_closed = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._close_mailboxes)

    def _close_mailboxes(self) -> None:
        for mailbox in self._mailboxes:
            mailbox.put(STOPPED)
            mailbox.close()

    def _start(self) -> None:
        if not self._tasks:
            self._loop = asyncio.get_running_loop()
            watchers = [_Watcher(location, self._send) for location in self._locations]
            self._tasks = [
                asyncio.create_task(watch())
                for watcher in watchers
                for watch in (watcher.watch_runs, watcher.watch_shown)
            ]

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._tasks = []

    def _send(self, notice: Notice) -> None:
        for mailbox in self._mailboxes:
            mailbox.put(notice)


class _Watcher:
    """Watches one location.

    Args:
        location: The location.
        send: Sends a notice to all pages.
    """

    def __init__(self, location: Location, send: Callable[[Notice], None]) -> None:
        self._location = location
        self._send = send
        self._outage: Outage | None = location.outage
        self._running: dict[int | str, str] = {}

    async def watch_runs(self) -> None:
        """Look for runs that changed, and report them, until the task is cancelled."""
        index = self._location.index
        index.listeners.append(self._report)
        try:
            while True:
                with self._logging_failures():
                    await index.refresh(index.pace * 0.9)
                    self._report_dead()
                is_away = self._location.outage is not None
                await asyncio.sleep(refreshing.INTERVAL if is_away else index.pace)
        finally:
            index.listeners.remove(self._report)

    async def watch_shown(self) -> None:
        """Read what is new of the runs that pages show, and report it and outages.

        A look at many runs may take long; what a page shows is to appear soon.
        """
        live = self._location.live
        while True:
            pause = pace_of(live.read_duration, _SHARE)
            with self._logging_failures():
                for run in await live.refresh(pause * 0.9):
                    self._send(self._run_notice(run))
            self._report_outage()
            await asyncio.sleep(pause)

    @contextlib.contextmanager
    def _logging_failures(self) -> Iterator[None]:
        """Log an error that the next attempt may not have; outages are noted by the location."""
        try:
            yield
        except SacredError:
            pass
        except Exception as error:  # noqa: BLE001 - a driver may raise anything
            _LOG.warning("Cannot look for changes in %s: %s", self._location.slug, describe(error))

    def _report(self, changes: Changes) -> None:
        for run in changes.changed:
            self._send(self._run_notice(run))
        for run_id in changes.deleted:
            self._send({"type": "gone", "slug": self._location.slug, "id": run_id})

    def _report_dead(self) -> None:
        """Report runs whose status changed because time passed."""
        now = datetime.now(UTC)
        running = {
            run.id: run for run in self._location.index.runs() if run.recorded_status == "RUNNING"
        }
        statuses = {run_id: run.status_at(now) for run_id, run in running.items()}
        for run_id, status in statuses.items():
            if self._running.get(run_id, status) != status:
                self._send(self._run_notice(running[run_id]))
        self._running = statuses

    def _report_outage(self) -> None:
        outage = self._location.outage
        if outage is self._outage:
            return
        self._outage = outage
        if outage is None:
            self._send({"type": "back", "slug": self._location.slug})
        else:
            self._send({"type": "away", "slug": outage.slug, **_state(outage)})

    def _run_notice(self, run: StoredRun) -> Notice:
        return {
            "type": "run", "slug": self._location.slug, "id": run.id, "status": run.status,
        }  # fmt: skip


def _state(outage: Outage) -> dict[str, Any]:
    return {"reason": outage.reason, "retry_in": round(outage.retry_in, 1)}
