"""What happens when the server is away."""

import datetime
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from sacred_mongo import MongoObserver, MongoStore
from sacred_mongo.load import mongo

from sacred_core import Experiment
from sacred_core.exceptions import StoreError
from sacred_core.testing import Feed

QUICK = {"serverSelectionTimeoutMS": 300, "connectTimeoutMS": 300}


@pytest.fixture
def observer(proxy: Any, db_name: str, tmp_path: Path) -> MongoObserver:
    return MongoObserver(proxy.url, db_name, failure_dir=tmp_path / "failed", **QUICK)


def test_a_server_that_comes_back_misses_nothing(
    observer: MongoObserver, proxy: Any, mongo_url: str, db_name: str, tmp_path: Path
) -> None:
    """What is told meanwhile fails, and is saved when it is told again or the run ends."""
    feed = Feed(observer)
    run_id = feed.start()
    feed.print("before\n")
    proxy.close()
    for tell in (
        lambda: feed.print("meanwhile\n"),
        lambda: feed.log("loss", [1.0, 2.0]),
        lambda: feed.beat(info={"a": 1}),
        lambda: feed.log("loss", [3.0]),
    ):
        with pytest.raises(StoreError, match=r"MongoDB at 127\.0\.0\.1"):
            tell()
    proxy.open()
    with pytest.raises(StoreError):  # left alone for some seconds
        feed.complete(result=1)
    feed.join()
    store = MongoStore(mongo_url, db_name)
    run = store.get(run_id)
    assert (run.status, run.result, run.info) == ("COMPLETED", 1, {"a": 1})
    assert store.output(run_id) == "before\nmeanwhile\n"
    assert store.metrics(run_id)["loss"]["values"] == [1.0, 2.0, 3.0]
    assert not (tmp_path / "failed").exists()


def test_what_cannot_be_saved_is_loaded_later(
    observer: MongoObserver,
    proxy: Any,
    mongo_url: str,
    db_name: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At the end it goes to the failure_dir, and `sacred mongo load` puts it in."""
    monkeypatch.setattr("sacred_mongo.rescue.PAUSE", 0.1)
    ex = Experiment("ex", save_git_info=False)
    ex.observers.append(observer)

    @ex.main
    def main(_run: Any) -> int:
        print("before")
        _run.log_scalar("loss", 1.5)
        proxy.close()
        print("after")
        _run.log_scalar("loss", 2**70, 7)
        _run.info["a.b"] = {"$c": 1}
        made = tmp_path / "made.txt"
        made.write_text("content")
        ex.add_artifact(made, metadata={"k": "v"})
        ex.open_resource(made).close()
        made.unlink()
        return 42

    run = ex.run()
    assert run.result == 42
    told = [r.getMessage() for r in caplog.records if "sacred mongo load" in r.getMessage()]
    (folder,) = (tmp_path / "failed").iterdir()
    assert len(told) == 1 and str(folder) in told[0]
    proxy.open()
    url = mongo_url.rstrip("/") + "/?directConnection=true"
    done = CliRunner().invoke(mongo, ["load", str(tmp_path / "failed"), url])
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


def test_points_that_the_server_refuses_do_not_hold_up_the_others(
    observer: MongoObserver,
    mongo_url: str,
    db_name: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A block of 17 MB: the rest is recorded while the run lasts; at the end it is in a folder."""
    live: list[Any] = []
    ex = Experiment("ex", save_git_info=False)
    ex.observers.append(observer)

    @ex.main
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

    run = ex.run(options={"--beat_interval": 1000.0, "--capture": "no"})
    ((values, info),) = live
    assert (values, info) == ([0.0, 1.0, 2.0, 3.0, 4.0], {"number": 4})
    store = MongoStore(mongo_url, db_name)
    assert (store.get(run._id).status, store.get(run._id).result) == ("COMPLETED", 42)
    assert "cannot record log_metrics of 'large'" in caplog.text
    assert "missed: log_metrics (" in caplog.text
    (folder,) = (tmp_path / "failed").iterdir()
    events = json.loads((folder / "missed.json").read_text())["events"]
    assert [event["method"] for event in events] == ["metrics"]
    assert list(events[0]["arguments"]["metrics"]) == ["large"]


def test_an_interrupt_of_the_last_tries_loses_nothing(
    observer: MongoObserver, proxy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the server any more, but what waits goes to the folder."""

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    feed = Feed(observer)
    feed.start()
    proxy.close()
    with pytest.raises(StoreError):
        feed.complete()
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=interrupt)
    monkeypatch.setattr("sacred_mongo.rescue.time", clock)
    with pytest.raises(KeyboardInterrupt):
        feed.join()
    (folder,) = (tmp_path / "failed").iterdir()
    assert "COMPLETED" in (folder / "missed.json").read_text()
