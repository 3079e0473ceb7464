"""Many processes, processes that are killed, and a server that is stopped, all of them real."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest
from sacred_mongo import MongoObserver, MongoStore

from sacred_core.observers.retry_policy import RetryPolicy
from sacred_core.testing.event_driver import DispatchingDriver
from sacred_core.testing.replay_contract import assert_processes_replay_once
from sacred_core.testing.scripts import finish_script, start_script

SECRET = "hunter2hunter2"


@pytest.fixture
def server(tmp_path: Path, running: Any) -> Iterator[Any]:
    """A server that the test may stop."""
    folder = tmp_path / "database"
    folder.mkdir()
    with running(folder, "--standalone") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


def test_a_server_that_is_started_again(
    server: Any, tmp_path: Path, connected: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Events from before the outage and after it are all stored."""
    observer = connected(
        MongoObserver(
            server.url, "db", failure_dir=tmp_path / "failed",
            serverSelectionTimeoutMS=1000, connectTimeoutMS=1000,
        )
    )  # fmt: skip
    observer.retry_policy = RetryPolicy(retry_interval=0.1)
    driver = DispatchingDriver(observer, logging.getLogger(__name__))
    run_id = driver.start()
    driver.print("before\n")
    driver.log("loss", [1.0])
    server.stop()
    driver.print("meanwhile\n")
    driver.log("loss", [2.0])
    assert f"MongoDB at 127.0.0.1:{server.port}: cannot be" in caplog.text
    server.start()
    driver.print("after\n")
    driver.log("loss", [3.0])
    driver.complete()
    store = MongoStore(server.url, "db")
    assert store.output(run_id) == "before\nmeanwhile\nafter\n"
    assert store.metrics(run_id)["loss"]["values"] == [1.0, 2.0, 3.0]
    assert not (tmp_path / "failed").exists()


SECRETIVE = """
    from sacred_core import Experiment
    ex = Experiment("secretive", save_git_info=False)
    @ex.automain
    def main(_run):
        print("running", _run.observers)
"""


def test_no_password_is_logged_or_stored(tmp_path: Path) -> None:
    """A wrong one, a right one, a server that is away: it is in no line and no document."""
    secantus = pytest.importorskip("secantus")
    folder = str(tmp_path / "database")
    with (
        secantus.SecantusDBServer(port=0, storage_path=folder, replica_set_name=None) as open_one,
        pymongo.MongoClient(open_one.uri) as client,
    ):
        client.admin.command("createUser", "ann", pwd=SECRET, roles=["root"])
    with secantus.SecantusDBServer(
        port=0, storage_path=folder, replica_set_name=None, require_auth=True
    ) as server:
        host = server.uri.split("//")[1].strip("/")
        options = "authSource=admin&authMechanism=SCRAM-SHA-256"
        right = f"mongodb://ann:{SECRET}@{host}/db.runs?{options}"
        output = _run_script(tmp_path, right, 0)
        wrong = right.replace(SECRET, f"{SECRET}x")
        output += _run_script(tmp_path, wrong, 1)
        assert "uthentication" in output
        output += _run_script(
            tmp_path, f"mongodb://ann:{SECRET}@127.0.0.1:1/db?serverSelectionTimeoutMS=200", 1
        )
        output += _run_script(
            tmp_path,
            f"mongodb://ann:{SECRET}@no-such-host.invalid/db?serverSelectionTimeoutMS=200",
            1,
        )
        store = MongoStore.from_location(right)
        with pymongo.MongoClient(right.replace("/db.runs", "/")) as client:
            documents = str(
                [list(client["db"][n].find()) for n in client["db"].list_collection_names()]
            )
        assert store.get(1).status == "COMPLETED" and "COMPLETED" in documents
        assert SECRET not in output + documents + repr(store)


def _run_script(tmp_path: Path, url: str, code: int) -> str:
    return finish_script(start_script(tmp_path, SECRETIVE, "-m", url), code)


def test_processes_replay_a_run_once(mongo_url: str, db_name: str, tmp_path: Path) -> None:
    """Of several processes that replay a run at the same time, one stores it."""
    store = MongoStore(mongo_url, db_name)
    assert_processes_replay_once(store, f"{mongo_url}/{db_name}.runs", tmp_path)
