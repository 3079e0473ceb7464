"""The documents, as Sacred's manual and its dashboards have them."""

import datetime
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import gridfs
import pytest
from bson import Decimal128, Int64, ObjectId, json_util
from sacred_mongo import MongoObserver, MongoStore

from sacred_core import Experiment
from sacred_core.exceptions import RunIdError, StoreError
from sacred_core.provenance.sources import md5_of
from sacred_core.stores import RunQuery
from sacred_core.testing import EventDriver
from sacred_core.testing.samples import EXPERIMENT

MB = 1_000_000


@pytest.fixture
def observer(mongo_url: str, db_name: str) -> MongoObserver:
    return MongoObserver(mongo_url, db_name)


@pytest.fixture
def store(mongo_url: str, db_name: str) -> MongoStore:
    return MongoStore(mongo_url, db_name)


def test_fields_of_the_manual(observer: MongoObserver, database: Any, tmp_path: Path) -> None:
    """Those of section 1.6.1, and those that Omniboard and Incense read, with their types."""
    ex = Experiment("hello_cs", save_git_info=False)
    ex.observers.append(observer)
    (tmp_path / "f").write_text("content")

    @ex.config
    def config():
        recipient = "world"

    @ex.main
    def main(_run: Any, recipient: str) -> float:
        print(f"Hello {recipient}!")
        _run.log_scalar("loss", 0.5, 1)
        ex.add_artifact(tmp_path / "f", "made")
        ex.open_resource(tmp_path / "f").close()
        return 0.25

    ex.run()
    (doc,) = database.runs.find()
    assert (doc["_id"], doc["format"]) == (1, MongoObserver.VERSION)
    assert (doc["status"], doc["result"], doc["command"]) == ("COMPLETED", 0.25, "main")
    for time in ("start_time", "heartbeat", "stop_time"):
        assert abs(doc[time] - datetime.datetime.now(datetime.UTC)).total_seconds() < 60
    assert doc["config"]["recipient"] == "world" and "seed" in doc["config"]
    assert doc["captured_out"] == "Hello world!\n"
    assert doc["experiment"]["name"] == "hello_cs" and doc["experiment"]["repositories"] == []
    assert {"base_dir", "dependencies", "mainfile"} <= set(doc["experiment"])
    assert {"os", "cpu", "hostname", "python_version"} <= set(doc["host"])
    assert doc["meta"]["command"] == "main"
    files = gridfs.GridFS(database)
    for name, file_id in doc["experiment"]["sources"]:
        assert isinstance(file_id, ObjectId) and files.get(file_id).filename.endswith(name)
    ((filename, md5),) = doc["resources"]
    assert filename == str(tmp_path / "f") and database.fs.files.find_one({"md5": md5})
    (artifact,) = doc["artifacts"]
    assert artifact["name"] == "made" and files.get(artifact["file_id"]).read() == b"content"
    (listed,) = doc["info"]["metrics"]
    metric = database.metrics.find_one({"_id": ObjectId(listed["id"])})
    assert (listed["name"], metric["name"], metric["run_id"]) == ("loss", "loss", 1)
    assert (metric["steps"], metric["values"], len(metric["timestamps"])) == ([1], [0.5], 1)


def test_long_metrics_are_one_document_at_the_end(
    observer: MongoObserver, store: MongoStore, database: Any
) -> None:
    """While the run is running a thousand points each, then as Sacred has them."""
    driver = EventDriver(observer, times=2)
    run_id = driver.start()
    for start in range(0, 3500, 700):
        driver.log("loss", [float(n) for n in range(start, start + 700)])
    assert database.metrics.count_documents({}) == 4
    assert store.metrics(run_id)["loss"]["values"] == list(range(3500))
    driver.complete()
    (document,) = database.metrics.find()
    assert document["values"] == list(range(3500)) == store.metrics(run_id)["loss"]["values"]


def test_output_beyond_the_limit_of_a_document(
    observer: MongoObserver, store: MongoStore, database: Any
) -> None:
    """The end of 20 MB is in the document, the whole comes back, also when it is rewritten."""
    driver = EventDriver(observer, times=2)
    run_id = driver.start()
    for number in range(20):
        driver.print(f"{number} ä" + "x" * MB)
    driver.beat()
    assert store.output(run_id) == driver.output
    document = database.runs.find_one()
    assert (
        driver.output.endswith(document["captured_out"]) and len(document["captured_out"]) < 8 * MB
    )
    driver.print("from here anew", offset=5 * MB)
    assert store.output(run_id) == driver.output
    driver.print("y" * 10 * MB)
    driver.complete()
    assert store.output(run_id) == driver.output
    store.delete(run_id)
    assert database.fs.files.count_documents({}) == 0


def test_large_values_become_files(
    observer: MongoObserver, store: MongoStore, database: Any
) -> None:
    """A configuration, info or result of 20 MB ends no run and comes back whole."""
    large = {"a.b": ["x" * 1000] * 20_000, "metrics": "own"}
    driver = EventDriver(observer)
    run_id = driver.start(config=large)
    driver.log("loss", [1.0])
    driver.beat(info={"first": "x" * 4 * MB})
    driver.beat(info=large)
    driver.complete(result=large)
    run = store.get(run_id)
    assert run.config == large and run.info == large and run.result == large
    assert store.metrics(run_id)["loss"]["values"] == [1.0]
    assert database.runs.find_one()["info"]["metrics"][0]["name"] == "loss"
    assert database.fs.files.count_documents({}) == 3  # the first info is gone
    store.delete(run_id)
    assert database.fs.files.count_documents({}) == 0


def test_values_that_bson_lacks(observer: MongoObserver, store: MongoStore) -> None:
    """Long integers, half characters, deep nesting and every key come back as they were."""
    deep: Any = 1
    for _ in range(150):
        deep = [deep]
    values = {
        "": 0, "$a": 1, "a.b": {"$c.d": [2**63, -(2**70), 2**63 - 1]}, "%2E": "%2E", "50%": "%",
        "%json": {"%json": "1"}, "%file": 1, "metrics": 1, "%metrics": 2, "\0": "\0", "é": "\ud800",
        "\udfff": 1, "deep": deep, "nan": float("inf"),
    }  # fmt: skip
    driver = EventDriver(observer)
    run_id = driver.start(config=values)
    driver.beat(info=values)
    driver.complete(result=values)
    run = store.get(run_id)
    assert run.config == values and run.info == values and run.result == values


def test_an_idle_beat_is_short(proxy: Any, db_name: str) -> None:
    """However much the run has recorded, a beat in which nothing is new sends 300 bytes."""
    driver = EventDriver(MongoObserver(proxy.url, db_name))
    driver.start(config={"long": ["x" * 100] * 1000})
    info = {"more": ["y" * 100] * 1000}
    driver.print("z" * MB)
    driver.beat(info=info)
    before = proxy.sent
    driver.beat(info=info)
    assert proxy.sent - before < 400
    driver.complete()


def test_overwrite_replaces_a_run(
    observer: MongoObserver, mongo_url: str, db_name: str, database: Any, tmp_path: Path
) -> None:
    """Overwrite replaces a run, with its points and files; a run that is not there is an error."""
    (tmp_path / "f").write_text("content")
    driver = EventDriver(observer)
    run_id = driver.start()
    driver.log("old", [1.0])
    driver.artifact("f", str(tmp_path / "f"))
    driver.complete()
    driver = EventDriver(MongoObserver(mongo_url, db_name, overwrite=run_id))
    assert driver.start(config={"new": True}) == run_id
    driver.complete()
    (doc,) = database.runs.find()
    assert doc["config"] == {"new": True} and doc["artifacts"] == []
    assert database.metrics.count_documents({}) == database.fs.files.count_documents({}) == 0
    with pytest.raises(RunIdError, match="'77' not found"):
        EventDriver(MongoObserver(mongo_url, db_name, overwrite=77)).start()


@pytest.mark.parametrize("options", [{}, {"--id": "1"}])
def test_ids_are_integers(observer: MongoObserver, options: dict[str, str]) -> None:
    """The run itself has the id of the document, also one that was asked for, as in Sacred."""
    ex = Experiment("ids", save_git_info=False)
    ex.observers.append(observer)
    ex.main(lambda _run: type(_run._id))
    run = ex.run(options=options)
    assert (run._id, run.result) == (1, int)


def test_names_do_not_disturb_numbers(observer: MongoObserver) -> None:
    """A run with a name of its own leaves the next number as it was."""
    ids = [
        EventDriver(observer).start(asked_id=asked) for asked in (None, "baseline", None, "zz", "9")
    ]
    assert ids == [1, "baseline", 2, "zz", 9]
    assert EventDriver(observer).start() == 10


#: What a program other than this one may insert as ``_id``, and how it is listed.
FOREIGN_IDS: list[tuple[Any, Any]] = [
    (Int64(2**63 - 1), 2**63 - 1), (math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan"),
    (3.7, "3.7"), (4.0, 4), (-2, -2), (Decimal128("9.5"), "9.5"),
    ("8", 8), ("08", "08"), ("1 ", "1 "), (ObjectId("6" * 24), "6" * 24), (2.0**80, str(2**80)),
    (datetime.datetime(2026, 1, 2), "2026-01-02 00:00:00+00:00"), (True, "True"),
    (b"\1a", "b'\\x01a'"),
]  # fmt: skip


def test_foreign_ids_stop_no_start(
    observer: MongoObserver, store: MongoStore, database: Any
) -> None:
    """Each run is listed and read by its id; the next number follows the integers that count."""
    for _id, _ in FOREIGN_IDS:
        database.runs.insert_one({"_id": _id, "status": "COMPLETED"})
    assert [EventDriver(observer).start() for _ in range(3)] == [5, 6, 7]
    assert {run.id for run in store.list()} == {listed for _, listed in FOREIGN_IDS} | {5, 6, 7}
    for _, listed in FOREIGN_IDS:
        assert store.get(listed).id == listed
    with pytest.raises(RunIdError, match="'8' already exists"):
        EventDriver(observer).start(asked_id=8)
    assert EventDriver(observer).start() == 9


def test_a_run_that_sacred_queued_is_started_under_its_id(
    observer: MongoObserver, store: MongoStore, database: Any
) -> None:
    """Sacred inserts what `--id` asks for as a string."""
    database.runs.insert_one({"_id": "12", "status": "QUEUED"})
    assert EventDriver(observer).start(asked_id=12) == 12
    assert store.get(12).recorded_status == "RUNNING"
    assert database.runs.distinct("_id") == ["12"]


def test_collections_with_a_prefix(mongo_url: str, db_name: str, database: Any) -> None:
    """Runs and metrics have it, as Sacred names them."""
    driver = EventDriver(MongoObserver(mongo_url, db_name, collection_prefix="pre"))
    run_id = driver.start()
    driver.log("loss", [1.0])
    driver.complete()
    assert {"pre_runs", "pre_metrics"} <= set(database.list_collection_names())
    store = MongoStore(mongo_url, db_name, collection_prefix="pre")
    assert store.metrics(run_id)["loss"]["values"] == [1.0]
    with pytest.raises(ValueError, match="either a collection or"):
        MongoObserver(mongo_url, db_name, collection="a", collection_prefix="b")


def test_runs_of_two_collections_share_ids_but_no_points(
    mongo_url: str, db_name: str, observer: MongoObserver, store: MongoStore
) -> None:
    """Both store their points in `metrics`."""
    for each, value in ((observer, 1.0), (MongoObserver(mongo_url, db_name, "mine"), 2.0)):
        driver = EventDriver(each)
        assert driver.start() == 1
        driver.log("loss", [value])
        driver.complete()
    other = MongoStore(mongo_url, db_name, "mine")
    assert store.metrics(1)["loss"]["values"] == [1.0]
    assert other.metrics(1)["loss"]["values"] == [2.0]
    store.delete(1)
    assert other.metrics(1)["loss"]["values"] == [2.0]


def test_runs_of_sacred_are_read(store: MongoStore, database: Any) -> None:
    """Documents as Sacred 0.8.7 writes them; tagged data in them stays data."""
    stored = json.loads((Path(__file__).parent / "sacred_0_8_7.json").read_text())
    for name, documents in json_util.loads(json.dumps(stored)).items():
        database[name].insert_many(documents)
    # That server did not take the resource, of which an earlier driver would write the md5 too.
    gridfs.GridFS(database).put(b"art", filename="/tmp/mg/art.txt")
    tagged = {"py/object": "os.system", "py/reduce": [{"py/function": "os.abort"}]}
    database.runs.update_one({"_id": 1}, {"$set": {"config.tagged": tagged}})
    (run,) = store.list(RunQuery(name="old", limit=5))
    assert "abort" in str(run.config["tagged"])
    assert (run.id, run.status, run.result, run.command) == (1, "COMPLETED", 3.5, "m")
    assert run.config["b"] == {"c": [1, 2.5, None]} and run.info == {"x": {"y": 1, "arr": [1, 2]}}
    assert run.start_time is not None and run.start_time.tzinfo == datetime.UTC
    assert "hello old\n" in store.output(1)
    metrics = store.metrics("1")
    assert metrics["loss"]["values"] == [0.0, 0.5, 1.0, 1.5, 2.0] and metrics["acc"]["steps"] == [0]
    for kind, name in (("artifact", "art"), ("resource", run.resources[0])):
        with store.open_file(1, kind, name) as stream:
            assert stream.read() == b"art"
    with store.open_file(1, "source", "up.py") as stream:
        assert b"sacred" in stream.read()
    store.delete(1)
    left = {name: database[name].count_documents({}) for name in stored}
    assert set(left.values()) == {0}, left


def test_tags_of_omniboard_are_read(
    observer: MongoObserver, store: MongoStore, database: Any
) -> None:
    """Tags that Omniboard's users add to a run are among its tags."""
    EventDriver(observer).start()
    database.runs.update_one({"_id": 1}, {"$set": {"omniboard": {"tags": ["good"]}}})
    assert store.get(1).tags == ["good"]


def test_a_run_that_is_deleted_meanwhile(observer: MongoObserver, database: Any) -> None:
    """Its heartbeats fail with the reason."""
    driver = EventDriver(observer)
    driver.start()
    database.runs.delete_one({"_id": 1})
    with pytest.raises(StoreError, match="run '1' was deleted from"):
        driver.beat()


def test_methods_for_subclasses(observer: MongoObserver, database: Any, tmp_path: Path) -> None:
    """`insert`, `save_sources` and `save`, as section 1.15.6 names them."""
    (tmp_path / "code.py").write_text("x = 1")
    md5 = hashlib.md5(b"x = 1", usedforsecurity=False).hexdigest()
    info = {"base_dir": str(tmp_path), "sources": [["code.py", md5]]}
    [(name, file_id)] = observer.save_sources(info)
    assert name == "code.py"
    assert observer.fs.get(file_id).read() == b"x = 1"
    for given, expected in ({}, 1), ({"_id": 7}, 7), ({}, 8):
        observer.run_entry = {"status": "COMPLETED", **given}
        observer.insert()
        assert observer.run_entry["_id"] == expected
    assert sorted(doc["_id"] for doc in database.runs.find()) == [1, 7, 8]


def test_metrics_elsewhere_are_refused(database: Any) -> None:
    """Readers look beside the runs; the documented argument takes what is there."""
    MongoObserver.create_from(database.runs, None, metrics_collection=database["metrics"])
    with pytest.raises(ValueError, match=r"metrics_collection is '.*\.metrics', not '.*\.other'"):
        MongoObserver.create_from(database.runs, None, metrics_collection=database.other)


def test_an_edited_document_removes_no_file_of_another_run(
    observer: MongoObserver, database: Any, mongo_url: str, db_name: str, tmp_path: Path
) -> None:
    """An edited document removes no file of another run, neither as an artifact, a source, a patch,
    a large value, output nor a resource.
    """
    file = tmp_path / "file"
    file.write_text("content")
    driver = EventDriver(observer)
    first = driver.start()
    driver.artifact("made", str(file))
    driver.resource(str(file))
    driver.complete()
    store = MongoStore(mongo_url, db_name)
    [artifact] = database.runs.find_one({"_id": first})["artifacts"]
    entry = database["fs.files"].find_one({"_id": artifact["file_id"]})
    resource = database["fs.files"].find_one({"filename": str(file)})
    for edited in (
        {"artifacts": [artifact]},
        {"artifacts": [{"name": "x", "file_id": resource["_id"]}]},
        {"experiment": {"name": "x", "sources": [["x", artifact["file_id"]]]}},
        {"experiment": {"name": "x", "repositories": [{"patch": resource["_id"]}]}},
        {"config": {"%file": artifact["file_id"]}, "info": {"%file": resource["_id"]}},
        {"captured_out_parts": [{"file_id": artifact["file_id"], "start": 0, "length": 0}]},
        {"resources": [[entry["filename"], entry["md5"]]]},
        {"resources": 5, "artifacts": [1], "captured_out_parts": None},
    ):
        driver = EventDriver(observer)
        second = driver.start()
        driver.complete()
        database.runs.update_one({"_id": second}, {"$set": edited})
        store.delete(second)
        for kind, name in (("artifact", "made"), ("resource", str(file))):
            with store.open_file(first, kind, name) as stream:
                assert stream.read() == b"content", edited
    store.delete(first)
    assert list(database["fs.files"].find()) == []


@pytest.mark.parametrize("kind", ["resource", "source"])
def test_missing_shared_content_is_stored_again_at_the_end(
    observer: MongoObserver,
    database: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    """Where its file is as it was; else a warning names it."""
    paths = [tmp_path / "same", tmp_path / "gone"]
    for path in paths:
        path.write_text(path.name)
    sources = [[path.name, md5_of(path)] for path in paths] if kind == "source" else []
    driver = EventDriver(observer)
    driver.start(ex_info={**EXPERIMENT, "base_dir": str(tmp_path), "sources": sources})
    for path in paths if kind == "resource" else ():
        driver.resource(str(path))
    database["fs.files"].delete_many({})
    database["fs.chunks"].delete_many({})
    paths[1].unlink()
    driver.complete()
    (stored,) = database["fs.files"].find()
    assert Path(stored["filename"]).name == "same"
    assert [each for each in caplog.messages if f"{paths[1]} is missing" in each]
