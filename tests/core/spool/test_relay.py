"""Tests of the delivery of parts by the process of their run."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from sacred_core.exceptions import UnavailableError
from sacred_core.file_locks import ProcessLock
from sacred_core.spool.descriptions import SpoolTarget
from sacred_core.spool.parts import NAMES, PartSpoolObserver
from sacred_core.spool.relay import ChildRelay, RelayStore, start_relay
from sacred_core.stores import StoredRun
from sacred_core.stores.writers import part_meta, stored_parts
from sacred_core.testing.event_driver import EventDriver
from tests.core.spool.conftest import Server, ServerObserver, ServerStore, Spool, eventually

UID = "ab" * 16


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sacred_core.spool.relay.RETRY_INTERVAL", 0.01)


def run_in(*servers: Server) -> None:
    for server in servers:
        driver = EventDriver(ServerObserver(server))
        driver.start(meta_info={"uid": UID, "beat_interval": 1e8})


def target_of(server: Server) -> SpoolTarget:
    return SpoolTarget(observer="ServerObserver", location=server.location)


def relay_of(
    spool: Spool, *servers: Server, opener: Callable[[Server], Any] = ServerStore
) -> ChildRelay:
    stores = [
        RelayStore(target=target_of(each), open=partial(opener, each), run_id=1) for each in servers
    ]
    return ChildRelay(spool.folder, stores)


def child(spool: Spool, writer: str, *servers: Server) -> EventDriver:
    driver = EventDriver(PartSpoolObserver([*map(target_of, servers)], spool.folder))
    driver.start(meta_info={**part_meta(UID, writer), "beat_interval": 1e8})
    return driver


def part(server: Server, writer: str = "child1") -> StoredRun | None:
    return stored_parts(ServerStore(server), 1).get(writer)


def points(server: Server, writer: str = "child1") -> int:
    parts = ServerStore(server).writer_store(1)
    found = part(server, writer)
    if parts is None or found is None:
        return 0
    return len(parts.metrics(found.id).get("loss", {"steps": []})["steps"])


def test_points_arrive_while_the_child_records(spool: Spool) -> None:
    """Each store has them; at the end the folder is empty and the names are known."""
    run_in(spool.one, spool.two)
    (spool.folder / NAMES).mkdir(parents=True)
    driver = child(spool, "child1", spool.one, spool.two)
    relay = relay_of(spool, spool.one, spool.two)
    for count in (1, 2, 3):
        driver.log("loss", [float(count)], count)
        driver.beat()
        relay.wake()
        eventually(lambda: points(spool.one) == points(spool.two) == count)  # noqa: B023
    assert relay.writers == ["child1"]
    driver.complete()
    driver.join()
    relay.close()
    for server in (spool.one, spool.two):
        found = part(server)
        assert found is not None and found.status == "COMPLETED"
        assert found.meta["writer"] == "child1"
    assert not spool.folder.exists()
    assert relay.writers == ["child1"]


def test_a_child_that_outlives_the_run_is_named(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    """What it records later stays in the folder, with one command that delivers it."""
    run_in(spool.one)
    driver = child(spool, "late", spool.one)
    relay = relay_of(spool, spool.one)
    driver.log("loss", [1.0])
    driver.beat()
    relay.wake()
    relay.close()
    assert points(spool.one, "late") == 1
    (record,) = caplog.records
    assert "1 child process of the run is still running: late" in record.message
    assert f"sacred spool flush --spool {spool.folder}" in record.message
    driver.log("loss", [2.0], 1)
    driver.complete()
    driver.join()
    assert len(spool.descriptions) == 1


def test_a_store_that_is_away_gets_all_later(
    spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning, and the other store does not wait for it."""
    run_in(spool.one, spool.two)
    spool.two.is_down = True

    def open_store(server: Server) -> ServerStore:
        server.request()
        return ServerStore(server)

    driver = child(spool, "child1", spool.one, spool.two)
    relay = relay_of(spool, spool.one, spool.two, opener=open_store)
    driver.log("loss", [1.0, 2.0])
    driver.beat()
    for _ in range(3):
        relay.wake()
    eventually(lambda: points(spool.one) == 2)
    eventually(lambda: caplog.records)
    spool.two.is_down = False
    eventually(lambda: points(spool.two) == 2)
    driver.complete()
    driver.join()
    relay.close()
    (record,) = caplog.records
    assert "memory://two/db" in record.message
    assert "is away" in record.message
    assert spool.descriptions == []


def test_what_a_store_does_not_take_is_left(spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    """A store without parts is named at the end, with the command; the part stays in the folder."""
    run_in(spool.one)

    class Plain:
        def get(self, run_id: int) -> StoredRun:
            return ServerStore(spool.one).get(run_id)

    driver = child(spool, "child1", spool.one)
    driver.complete()
    driver.join()
    relay = relay_of(spool, spool.one, opener=lambda server: Plain())
    relay.wake()
    relay.close()
    assert "Plain cannot store what other processes of a run record" in caplog.text
    assert f"To deliver it: sacred spool flush --spool {spool.folder}" in caplog.text
    assert len(spool.descriptions) == 1


def test_a_killed_child_is_delivered_without_an_end(spool: Spool) -> None:
    """The system has released its lock."""
    run_in(spool.one)
    driver = child(spool, "child1", spool.one)
    driver.log("loss", [1.0, 2.0])
    driver.beat()
    for value in [*vars(driver.observer).values()]:
        if isinstance(value, ProcessLock):
            value.release()
    relay = relay_of(spool, spool.one)
    relay.close()
    found = part(spool.one)
    assert found is not None and found.recorded_status == "RUNNING"
    assert (points(spool.one), spool.descriptions) == (2, [])


@pytest.mark.parametrize("has_own", [True, False])
def test_the_store_of_an_observer_is_opened_by_it_or_from_its_location(
    spool: Spool, has_own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An observer of a plugin may have no `open_store`."""
    run_in(spool.one)
    opened: list[str] = []

    def open_location(location: str) -> ServerStore:
        opened.append(location)
        return ServerStore(spool.one)

    monkeypatch.setattr("sacred_core.spool.relay.open_store", open_location)
    driver = child(spool, "child1", spool.one)
    driver.log("loss", [1.0])
    driver.complete()
    driver.join()
    observer = ServerObserver(spool.one) if has_own else object()
    start_relay(spool.folder, [("ServerObserver", spool.one.location, 1, observer)]).close()
    assert points(spool.one) == 1
    assert opened == ([] if has_own else [spool.one.location])


def test_a_run_that_arrives_during_the_last_attempt_gets_one_more(spool: Spool) -> None:
    """A run in the spool may be stored right before its end: its store has answered."""
    run_in(spool.one)
    driver = child(spool, "child1", spool.one)
    driver.log("loss", [1.0])
    driver.complete()
    driver.join()
    is_closing = threading.Event()
    stores = [ServerStore(Server(spool.one.location)), ServerStore(spool.one)]

    def open_later() -> ServerStore:
        assert is_closing.wait(20)
        return stores.pop(0)

    store = RelayStore(target=target_of(spool.one), open=open_later, run_id=None)
    relay = ChildRelay(spool.folder, [store])
    threading.Timer(0.1, is_closing.set).start()
    relay.close()
    assert (points(spool.one), stores, spool.descriptions) == (1, [], [])


def test_a_child_that_failed_to_start_is_removed(spool: Spool) -> None:
    """It was killed between its description and its record."""
    run_in(spool.one)
    driver = child(spool, "child1", spool.one)
    description = spool.descriptions[0]
    description.write_text(description.read_text().replace('"run_id": 1', '"run_id": null'))
    for value in [*vars(driver.observer).values()]:
        if isinstance(value, ProcessLock):
            value.release()
    relay_of(spool, spool.one).close()
    assert spool.descriptions == []


def test_parts_with_undelivered_events_stay(spool: Spool, caplog: pytest.LogCaptureFixture) -> None:
    """``sacred spool flush`` stores the events in the part first."""
    caplog.set_level(logging.WARNING)
    run_in(spool.one)
    driver = child(spool, "child1", spool.one)
    driver.log("loss", [1.0])
    driver.complete()
    driver.join()
    description = spool.descriptions[0]
    description.write_text(description.read_text().replace('"keep": false', '"keep": true'))
    relay_of(spool, spool.one).close()
    assert points(spool.one) == 1
    assert len(spool.descriptions) == 1


def test_the_end_does_not_wait_for_a_store_that_does_not_answer(spool: Spool) -> None:
    """It has one second at most."""
    run_in(spool.one)
    child(spool, "child1", spool.one)

    def raise_timeout(server: Server) -> Any:
        raise UnavailableError("away")

    relay = relay_of(spool, spool.one, opener=raise_timeout)
    relay.close()
    assert len(spool.descriptions) == 1
