"""Tests of a run whose child processes record in it."""

import os
from pathlib import Path

import pytest

from sacred_core import SETTINGS, Experiment
from sacred_core.environment import RunAddress, decode_address
from sacred_core.spool.descriptions import SpoolTarget
from sacred_core.spool.observer import SpoolObserver
from sacred_core.spool.parts import NAMES, PartSpoolObserver
from sacred_core.stores.writers import part_meta, stored_parts
from sacred_core.testing.event_driver import EventDriver
from tests.core.spool.conftest import ServerObserver, ServerStore, Spool, eventually, spool

__all__ = ["spool"]


def address_of_run() -> RunAddress:
    found = decode_address(os.environ["SACRED_RUN"])
    assert found is not None
    return found


def start_child(writer: str) -> EventDriver:
    """Record a part as a child process does."""
    address = address_of_run()
    (Path(address.folder) / NAMES).mkdir(parents=True, exist_ok=True)
    targets = [SpoolTarget(observer=name, location=place) for name, place in address.stores]
    driver = EventDriver(PartSpoolObserver(targets, address.folder))
    driver.start(meta_info={**part_meta(address.uid, writer), "beat_interval": 1e8})
    return driver


def test_heartbeats_and_the_end_deliver_what_children_record(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record of the run has the names of the writers; the private folder is removed."""
    monkeypatch.setitem(SETTINGS, "DEFAULT_BEAT_INTERVAL", 0.02)
    store = ServerStore(spool.one)
    ex = Experiment("parent")
    ex.observers.append(ServerObserver(spool.one))
    folders = []

    @ex.main
    def main() -> None:
        folders.append(Path(address_of_run().folder))
        assert not folders[0].exists()
        child = start_child("child1")
        child.log("loss", [1.0])
        child.beat()
        eventually(lambda: store.get(1).writers == ["child1"])
        eventually(lambda: "child1" in stored_parts(store, 1))
        other = start_child("child2")
        for each in (child, other):
            each.complete()
            each.join()

    ex.run()
    assert store.get(1).writers == ["child1", "child2"]
    parts = stored_parts(store, 1)
    assert {name: part.status for name, part in parts.items()} == {
        "child1": "COMPLETED", "child2": "COMPLETED",
    }  # fmt: skip
    assert not folders[0].exists()


def test_children_of_a_spooled_run_reach_its_targets(spool: Spool) -> None:
    """Their address has the store behind the spool, in which the run is in the end."""
    ex = Experiment("spooled")
    ex.observers.append(SpoolObserver(ServerObserver(spool.one), spool.folder))

    @ex.main
    def main() -> None:
        assert address_of_run().stores == (("ServerObserver", "memory://u@one/db"),)
        child = start_child("child1")
        child.complete()
        child.join()

    ex.run()
    assert [*stored_parts(ServerStore(spool.one), 1)] == ["child1"]
    assert spool.descriptions == []


def test_a_run_without_children_reads_no_folder(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The modules that deliver are not used either."""
    monkeypatch.setattr("sacred_core.spool.relay.start_relay", None)
    ex = Experiment("alone")
    ex.observers.append(ServerObserver(spool.one))
    ex.main(lambda _run: _run.lifecycle.beat())
    assert ex.run().status == "COMPLETED"
    assert ServerStore(spool.one).get(1).writers == []
