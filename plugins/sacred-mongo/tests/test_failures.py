"""What happens when the server is away."""

import datetime
import json
import logging
import shutil
import time
from pathlib import Path
from typing import Any

import pymongo
import pytest
from click.testing import CliRunner
from pymongo.errors import PyMongoError
from sacred_mongo import MongoObserver, MongoStore
from sacred_mongo.connection import Connection
from sacred_mongo.load import mongo

from sacred_core.cli.main import sacred
from sacred_core.observers import RetryPolicy
from sacred_core.testing.event_driver import DispatchingDriver
from sacred_core.testing.experiments import run_main

DATA = Path(__file__).parent / "data"
#: Seconds until a test that must not wait for a server has waited.
LONG = 60
QUICK = {"serverSelectionTimeoutMS": 1000, "connectTimeoutMS": 3000}


@pytest.fixture
def observer(proxy: Any, db_name: str, tmp_path: Path, connected: Any) -> MongoObserver:
    failed = tmp_path / "failed"
    observer: MongoObserver = connected(
        MongoObserver(proxy.url, db_name, failure_dir=failed, **QUICK)
    )
    return observer


def test_a_server_that_comes_back_misses_nothing(
    observer: MongoObserver, proxy: Any, mongo_url: str, db_name: str, tmp_path: Path
) -> None:
    """What fails meanwhile is recorded with a later heartbeat, in order."""
    driver = DispatchingDriver(observer, logging.getLogger("away"))
    run_id = driver.start()
    driver.print("before\n")
    proxy.close()
    driver.print("meanwhile\n")
    driver.log("loss", [1.0, 2.0])
    driver.beat(info={"a": 1})
    driver.log("loss", [3.0])
    proxy.open()
    driver.complete(result=1)
    store = MongoStore(mongo_url, db_name)
    run = store.get(run_id)
    assert (run.status, run.result, run.info) == ("COMPLETED", 1, {"a": 1})
    assert store.output(run_id) == "before\nmeanwhile\n"
    assert store.metrics(run_id)["loss"]["values"] == [1.0, 2.0, 3.0]
    assert not (tmp_path / "failed").exists()


@pytest.mark.parametrize("command", ["sacred runs load", "sacred mongo load", "sacred spool flush"])
def test_what_cannot_be_saved_is_loaded_later(
    observer: MongoObserver,
    proxy: Any,
    mongo_url: str,
    db_name: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    command: str,
) -> None:
    """At the end it goes to the failure_dir, and the command stores it."""
    observer.retry_policy = RetryPolicy(wait=0.3, retry_interval=0.1, end_timeout=0.2)

    def main(_run: Any) -> int:
        print("before")
        _run.log_scalar("loss", 1.5)
        proxy.close()
        print("after")
        _run.log_scalar("loss", 2**70, 7)
        _run.info["a.b"] = {"$c": 1}
        made = tmp_path / "made.txt"
        made.write_text("content")
        _run.add_artifact(made, metadata={"k": "v"})
        made.unlink()
        _run.open_resource(__file__).close()
        return 42

    run = run_main(observer, main)
    assert run.result == 42
    (folder,) = (tmp_path / "failed").iterdir()
    (message,) = [m for m in caplog.messages if "To store them:" in m]
    assert message.endswith(f"sacred spool flush --spool {folder}")
    proxy.open()
    url = mongo_url.rstrip("/") + f"/{db_name}?directConnection=true"
    failed = str(tmp_path / "failed")
    words = command.split()[1:]
    words += ["--spool", failed, url] if command == "sacred spool flush" else [failed, url]
    done = CliRunner().invoke(sacred, words)
    assert done.exit_code == 0, (done.output, done.exception)
    assert not folder.exists()
    store = MongoStore(mongo_url, db_name)
    stored = store.get(run._id)
    assert (stored.status, stored.result) == ("COMPLETED", 42)
    assert stored.info == {"a.b": {"$c": 1}}
    assert store.output(run._id).endswith("before\nafter\n")
    loss = store.metrics(run._id)["loss"]
    assert (loss["values"], loss["steps"]) == ([1.5, 2**70], [0, 7])
    assert loss["timestamps"][1].tzinfo == datetime.UTC
    assert store.open_file(run._id, "artifact", "made.txt").read() == b"content"


@pytest.mark.parametrize(
    ("runs", "metrics", "options"),
    [
        ("runs", "metrics", {}),
        ("mine", "metrics", {"collection": "mine"}),
        ("pre_runs", "pre_metrics", {"collection_prefix": "pre"}),
    ],
)
def test_a_folder_of_release_0_1_0_is_loaded(
    mongo_url: str, db_name: str, tmp_path: Path, runs: str, metrics: str, options: dict[str, str]
) -> None:
    """`sacred mongo load` stores what that release could not save, in its collections."""
    folder = tmp_path / "sacred_mongo_run_1"
    shutil.copytree(DATA / "missed-0.1.0", folder)
    record = folder / "missed.json"
    text = record.read_text().replace("{FOLDER}", str(folder))
    text = text.replace('"runs": "runs"', f'"runs": "{runs}"')
    record.write_text(text.replace('"metrics": "metrics"', f'"metrics": "{metrics}"'))
    url = mongo_url.rstrip("/") + f"/{db_name}?directConnection=true"
    done = CliRunner().invoke(mongo, ["load", str(folder), url])
    assert done.exit_code == 0, (done.output, done.exception)
    store = MongoStore(mongo_url, db_name, **options)
    run = store.get(1)
    assert (run.status, run.result, run.info) == ("COMPLETED", 42, {"a.b": {"$c": 1}})
    assert store.metrics(1)["loss"]["values"] == [1.5, 2**70]
    assert store.open_file(1, "artifact", "made").read() == b"content"
    assert run.resources == ["/data/made.txt"]
    assert not folder.exists()


def test_points_that_the_server_refuses_do_not_hold_up_the_others(
    observer: MongoObserver,
    mongo_url: str,
    db_name: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A block of 17 MB: the rest is recorded while the run lasts; at the end it is in a folder."""
    live: list[Any] = []

    def main(_run: Any) -> int:
        for number in range(5):
            if number == 1:
                for _ in range(17):
                    _run.log_scalar("large", "x" * 1_000_000)
            _run.log_scalar("loss", float(number))
            _run.info["number"] = number
            _run.lifecycle.beat()
        store = MongoStore(mongo_url, db_name)
        live.append((store.metrics(_run._id)["loss"]["values"], store.get(_run._id).info))
        return 42

    options = {"--beat_interval": 1000.0, "--capture": "no"}
    run = run_main(observer, main, options=options)
    ((values, info),) = live
    assert (values, info) == ([0.0, 1.0, 2.0, 3.0, 4.0], {"number": 4})
    store = MongoStore(mongo_url, db_name)
    assert (store.get(run._id).status, store.get(run._id).result) == ("COMPLETED", 42)
    assert "cannot record log_metrics of 'large'" in caplog.text
    assert "did not record: log_metrics (" in caplog.text
    (folder,) = (tmp_path / "failed").glob("*/MongoObserver-*")
    (event,) = map(json.loads, (folder / "events.jsonl").read_text().splitlines())
    assert (event["event"], list(event["metrics_by_name"])) == ("MetricsLogged", ["large"])


def test_closing_waits_for_no_server(proxy: Any, db_name: str) -> None:
    """A connection that nobody uses any more is closed in a second, also without its server."""
    connection = Connection(proxy.url, {"serverSelectionTimeoutMS": LONG * 1000})
    runs = connection.database(db_name)["runs"]
    assert runs.find_one() is None
    proxy.close()
    with pytest.raises(PyMongoError), pymongo.timeout(0.5):  # then it is known to be away
        runs.find_one()
    began = time.monotonic()
    del connection
    assert time.monotonic() - began < LONG / 2
