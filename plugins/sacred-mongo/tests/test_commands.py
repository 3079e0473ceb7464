"""How many commands the events of a run and a listing need."""

from collections.abc import Iterator
from typing import Any

import pymongo
import pytest
from pymongo.monitoring import CommandListener
from sacred_mongo import MongoObserver, MongoStore

from sacred_core.stores import RunQuery
from sacred_core.testing import EventDriver


class Commands(CommandListener):
    """Notes the commands that a client sends.

    Attributes:
        sent: Each with its collection.
        commands: Their content.
    """

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.commands: list[Any] = []

    def started(self, event: Any) -> None:
        name = event.command_name
        self.sent.append(f"{name} {event.command[name]}")
        self.commands.append(event.command)

    def succeeded(self, event: Any) -> None:
        pass

    def failed(self, event: Any) -> None:
        pass


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def client(mongo_url: str, commands: Commands) -> Iterator[Any]:
    connection: Any = pymongo.MongoClient(mongo_url, event_listeners=[commands])
    with connection as client:
        yield client


def record(observer: MongoObserver) -> None:
    """Record a run that ends at once."""
    driver = EventDriver(observer)
    driver.start()
    driver.complete()


def test_indexes_are_created_once(client: Any, db_name: str, commands: Commands) -> None:
    """The second run of an observer creates no indexes, and needs 6 commands for its start."""
    observer = MongoObserver(db_name=db_name, client=client)
    record(observer)
    commands.sent.clear()

    EventDriver(observer).start()

    assert commands.sent == [
        "find runs", "find sacred_deleted", "find runs", "insert runs", "delete metrics",
        "update runs",
    ]  # fmt: skip


def test_indexes_are_created_in_a_new_collection(client: Any, db_name: str) -> None:
    """If the collections were dropped between two runs, their indexes are created again."""
    observer = MongoObserver(db_name=db_name, client=client)
    record(observer)
    client.drop_database(db_name)
    record(observer)

    assert "changed_1" in client[db_name].runs.index_information()
    assert "run_id_1_name_1" in client[db_name].metrics.index_information()


def test_beat_needs_a_fixed_number_of_commands(
    client: Any, db_name: str, commands: Commands
) -> None:
    """A heartbeat with points needs three commands, also after many points and runs."""
    observer = MongoObserver(db_name=db_name, client=client)
    for _ in range(5):
        record(observer)
    driver = EventDriver(observer)
    driver.start()
    lengths = []
    for _ in range(5):
        commands.sent.clear()
        driver.log("loss", [1.0] * 1000)
        driver.beat()
        lengths.append(len(commands.sent))

    assert lengths[1:] == [3] * 4


def test_listing_fetches_as_many_runs_as_it_lists(
    client: Any, db_name: str, commands: Commands
) -> None:
    """The newest 2 of 4 runs are one command, of which the server returns 2 documents."""
    observer = MongoObserver(db_name=db_name, client=client)
    for _ in range(4):
        record(observer)
    commands.commands.clear()
    commands.sent.clear()

    found = list(MongoStore(db_name=db_name, client=client).list(RunQuery(limit=2)))

    assert [run.id for run in found] == [3, 4]
    assert commands.commands[0]["batchSize"] == 2
    assert [sent for sent in commands.sent if sent.startswith(("find", "getMore"))] == ["find runs"]
