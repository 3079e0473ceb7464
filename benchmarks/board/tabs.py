"""Many open pages of a run in progress: calls of the store, memory, and the age of new points."""

import http.client
import json
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from benchmarks.board.running import BoardProcess, run_board
from benchmarks.growth.stores import Filled

#: Megabytes of growth, seconds from a heartbeat until a page has its points (of 99 of 100), and how
#: many times the calls of the store many pages may cause as one: other programs delay some.
GROWTH, AGE, LOAD = 20.0, 2.0, 1.2
#: Seconds between heartbeats, and of the part in which one page is open.
_BEAT, _ONE_PAGE = 2.0, 60.0
_POINTS = 50


class LiveRun(threading.Thread):
    """A run in progress, whose points are the times at which they were stored."""

    def __init__(self, filled: Filled) -> None:
        super().__init__(daemon=True)
        from sacred_core.testing import EventDriver

        self._driver = EventDriver(filled.new_observer())
        self.run_id = self._driver.start(meta_info={"beat_interval": _BEAT})
        self._is_over = threading.Event()

    def run(self) -> None:
        """Log points and print a line with each heartbeat."""
        step = 0
        while not self._is_over.wait(_BEAT):
            self._driver.print(f"step {step}\n")
            self._driver.log("stored_at", [time.time()] * _POINTS, step)
            self._beat()
            step += _POINTS

    def _beat(self) -> None:
        # The driver has its own clock, by which the run would be dead.
        self._driver.observer.heartbeat_event(
            info={}, captured_out=self._driver.output, beat_time=datetime.now(UTC), result=None
        )

    def end(self) -> None:
        """End the run."""
        self._is_over.set()
        self.join()
        self._driver.complete()


class Tab(threading.Thread):
    """A page of a run, as the scripts of the board update it.

    Attributes:
        ages: Seconds from each heartbeat until the page has its points.
        failures: What went wrong.
    """

    def __init__(self, board: BoardProcess, run_id: Any) -> None:
        super().__init__(daemon=True)
        self.ages: list[float] = []
        self.failures: list[str] = []
        self._board = board
        self._run_id = run_id
        self._position, self._count = "", 0
        self._connection = http.client.HTTPConnection(board.host, timeout=120)
        self._is_over = False

    def run(self) -> None:
        """Read the stream, and what is new of the run after each notice about it."""
        self._read()
        self.ages.clear()  # the first points are old
        try:
            for notice in self._notices():
                if notice["type"] == "run" and notice["id"] == self._run_id:
                    self._read()
        except Exception as error:  # noqa: BLE001 - it is reported
            if not self._is_over:
                self.failures.append(repr(error))

    def close(self) -> None:
        """Close the page."""
        self._is_over = True
        if self._connection.sock is not None:
            self._connection.sock.close()

    def _notices(self) -> Iterator[dict[str, Any]]:
        self._connection.request("GET", "/changes")
        for line in self._connection.getresponse():
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

    def _read(self) -> None:
        query = {"output": self._position, "points": f"stored_at:{self._count}"}
        status, body = self._board.get(f"/live/runs/{self._run_id}?{urlencode(query)}")
        now = time.time()
        if status != 200:
            self.failures.append(f"{status} {body[:200]!r}")
            return
        found = json.loads(body)
        if found["output"] is not None:
            self._position = found["output"]["position"]
        new = found["points"].get("stored_at")
        if new is not None:
            self._count = new["start"] + len(new["values"])
            self.ages += [now - stored_at for stored_at in sorted(set(new["values"]))]


def measure(name: str, filled: Filled, count: int, minutes: float) -> bool:
    """Print what many pages cost, and return whether the bounds are met."""
    live = LiveRun(filled)
    live.start()
    print(f"\n{name}: a run with a heartbeat each {_BEAT:g} s, {count} pages, {minutes:g} minutes")
    with run_board(filled.location, is_counting=True) as board, ExitStack() as stack:
        board.get("/")
        tabs = [_open_tab(board, live.run_id, stack)]
        time.sleep(5)
        one = _calls_each_minute(board, _ONE_PAGE)
        tabs += [_open_tab(board, live.run_id, stack) for _ in range(count - 1)]
        time.sleep(5)
        many, growth, last = _watch(board, minutes)
        for tab in tabs[1:]:
            tab.close()
        time.sleep(5)
        one = (one + _calls_each_minute(board, _ONE_PAGE)) / 2
        ages = [age for tab in tabs for age in tab.ages]
        failures = [failure for tab in tabs for failure in tab.failures]
    live.end()
    middle, age = statistics.median(ages), statistics.quantiles(ages, n=100)[-1]
    print(f"calls of the store each minute: {one:.0f} with one page, {many:.0f} with {count}")
    print(f"points of heartbeats: {len(ages)}; seconds until they are on a page: "
          f"{middle:.2f} (median), {age:.2f} (99 %), {max(ages):.2f} (all)")  # fmt: skip
    print(f"growth of the memory: {growth:.1f} MB; failures: {len(failures)} {failures[:3]}")
    checks = {
        "load": (many / one, LOAD),
        "load at the end": (last / one, LOAD),
        "memory": (growth, GROWTH),
        "age of points": (age, AGE),
    }
    for title, (value, bound) in checks.items():
        print(f"{title:20} {value:6.2f} {'met' if value <= bound else 'MISSED'} ({bound:g})")
    return not failures and all(value <= bound for value, bound in checks.values())


def _open_tab(board: BoardProcess, run_id: Any, stack: ExitStack) -> Tab:
    tab = Tab(board, run_id)
    tab.start()
    stack.enter_context(closing(tab))
    return tab


def _calls_each_minute(board: BoardProcess, seconds: float) -> float:
    before, begin = board.counts(), time.monotonic()
    time.sleep(seconds)
    calls = sum(board.counts()["calls"].values()) - sum(before["calls"].values())
    return calls * 60 / (time.monotonic() - begin)


def _watch(board: BoardProcess, minutes: float) -> tuple[float, float, float]:
    """Return calls each minute, megabytes of growth after the first minute, and the last calls."""
    rates, memory = [], []
    begin = time.monotonic()
    while not rates or time.monotonic() - begin < minutes * 60:
        rates.append(_calls_each_minute(board, min(60.0, minutes * 60)))
        memory.append(board.counts()["memory"] / 1e6)
        print(f"  {rates[-1]:6.0f} calls a minute, {memory[-1]:.1f} MB", flush=True)
    return statistics.mean(rates), memory[-1] - memory[0], rates[-1]
