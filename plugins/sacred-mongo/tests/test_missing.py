"""Tests of databases and collections that do not exist."""

from typing import Any

import pytest
from click.testing import CliRunner
from sacred_mongo import MongoObserver, MongoStore

from sacred_core import open_store
from sacred_core.cli.main import sacred
from sacred_core.exceptions import StoreError
from sacred_core.testing import EventDriver


@pytest.fixture
def recorded(mongo_url: str, db_name: str, database: Any) -> str:
    """The short form of the address of a run in the collection ``runs``."""
    driver = EventDriver(MongoObserver(mongo_url, db_name))
    driver.start()
    driver.complete()
    return f"{mongo_url.removeprefix('mongodb://')}:{db_name}"


def test_runs_are_read_by_the_argument_of_the_flag(recorded: str) -> None:
    """`-m host:port:db` is a location, also with a collection, an id and a priority."""
    for argument in (recorded, f"{recorded}.runs", f"{recorded}.runs:7!3"):
        store = open_store(f"-m {argument}")
        assert isinstance(store, MongoStore) and [run.id for run in store.list()] == [1]


@pytest.mark.parametrize("ending", ["x", ".runs_", ".other"])
def test_what_does_not_exist_is_named(recorded: str, ending: str, database: Any) -> None:
    """A database or a collection that does not exist is an error; nothing is created."""
    before = database.client.list_database_names(), database.list_collection_names()
    result = CliRunner().invoke(sacred, ["runs", "list", "-m", f"{recorded}{ending}"])
    assert isinstance(result.exception, StoreError) and result.exit_code == 1
    message = str(result.exception)
    if ending == "x":
        assert f"has no database '{database.name}x': did you mean '{database.name}'?" in message
    else:
        assert f"has no collection {ending[1:]!r}" in message and "(it has runs)" in message
        assert ("did you mean 'runs'?" in message) == (ending == ".runs_")
    assert (database.client.list_database_names(), database.list_collection_names()) == before


def test_a_collection_without_runs_exists(recorded: str, database: Any) -> None:
    """A collection whose runs were all deleted is no error."""
    database["runs"].delete_many({})
    result = CliRunner().invoke(sacred, ["runs", "list", "-m", recorded])
    assert result.exit_code == 0 and result.stderr.startswith("No runs. The store at -m ")


def test_who_may_not_list_names_gets_no_error(
    recorded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the server refuses to list collections, nothing is known to be missing."""
    from pymongo.database import Database
    from pymongo.errors import OperationFailure

    def refuse(self: Any, *args: Any, **kwargs: Any) -> list[str]:
        raise OperationFailure("not authorized")

    monkeypatch.setattr(Database, "list_collection_names", refuse)
    open_store(f"-m {recorded}x").require_existing()  # type: ignore[attr-defined]
