"""Tests of what is in the folder, and of how the reader finds it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hashfs import HashFS
from sacred_tinydb import TinyDbObserver, TinyDbReader, TinyDbStore
from tinydb import Query, TinyDB
from tinydb.storages import MemoryStorage

from sacred_core import Experiment, open_store
from sacred_core.exceptions import RunIdError, StoreError
from sacred_core.provenance.sources import md5_of
from sacred_core.testing import EventDriver

SACRED = Path(__file__).parent / "data" / "sacred_0_8_7"


def experiment(root: Path, name: str = "iris_rbf_svm") -> Experiment:
    """Return one that makes and reads a file, and whose result is that of the manual."""
    ex = Experiment(name, save_git_info=False)
    ex.observers.append(TinyDbObserver(root))
    ex.add_config(C=1, gamma=0.7)

    @ex.main
    def run(C: int, _run: Any) -> float:
        print("hello")
        made = root.parent / "made.txt"
        made.write_text("made")
        ex.add_artifact(made)
        ex.open_resource(made).close()
        _run.log_scalar("loss", 0.5, 3)
        _run.info["x"] = 1
        return 0.9833

    return ex


def metadata(root: Path) -> list[dict[str, Any]]:
    """Return the documents as any program reads them."""
    return list(json.loads((root / "metadata.json").read_text())["runs"].values())


def test_fields_of_the_manual(tmp_path: Path) -> None:
    """Section 1.6.3: the document, with times and files as tagged strings."""
    root = tmp_path / "my_runs"
    experiment(root).run()
    (document,) = metadata(root)
    assert set(document) >= {
        "_id", "artifacts", "captured_out", "command", "config", "experiment", "format",
        "heartbeat", "host", "info", "meta", "resources", "result", "start_time", "status",
        "stop_time",
    }  # fmt: skip
    assert document["format"].startswith("TinyDbObserver-")
    assert (document["status"], document["command"], document["result"]) == (
        "COMPLETED", "run", 0.9833,
    )  # fmt: skip
    assert document["info"] == {"x": 1} and "hello\n" in document["captured_out"]
    for name in ("start_time", "stop_time", "heartbeat"):
        assert document[name].startswith("{TinyDate}:")
        datetime.fromisoformat(document[name].removeprefix("{TinyDate}:"))
    ((name, path, md5, tag, *_),) = document["artifacts"]
    assert (name, Path(path).name, tag) == ("made.txt", "made.txt", f'{{TinyFile}}:"{md5}"')
    place = root / "hashfs" / md5[:2] / md5[2:4] / md5[4:6] / md5[6:]
    assert place.read_text() == "made"
    assert document["resources"][0][1:] == [md5, tag]
    assert {len(source) for source in document["experiment"]["sources"]} == {3}
    assert sorted(path.name for path in root.iterdir() if not path.name.startswith(".")) == [
        "hashfs", "hashfs.live", "metadata.json",
    ]  # fmt: skip
    assert list((root / "hashfs.live").iterdir()) == []


def test_tinydb_reads_it_itself(tmp_path: Path) -> None:
    """The file is a TinyDB of the library's own storage."""
    root = tmp_path / "my_runs"
    experiment(root).run()
    with TinyDB(root / "metadata.json") as db:
        assert len(db.table("runs").search(Query().config.gamma == 0.7)) == 1


def test_the_report(tmp_path: Path) -> None:
    """The report is as the manual shows it."""
    root = tmp_path / "my_runs"
    experiment(root).run()
    (text,) = TinyDbReader(root).fetch_report(indices=-1)
    for part in (
        "\nExperiment: iris_rbf_svm\n----",
        "Parameters:\n    C: 1\n    gamma: 0.7\n    seed: ",
        "Result:\n    0.9833\n",
        "\nSource Files:\n    ",
        "    test_documents.py\n",
        "Outputs:\n    made.txt\n",
        "    Duration: 00:00:0",
    ):
        assert part in text, text


def test_the_reader_sees_a_run_under_way(tmp_path: Path) -> None:
    """Output, information and files up to the last heartbeat."""
    file = tmp_path / "file.txt"
    file.write_text("content")
    driver = EventDriver(TinyDbObserver(tmp_path / "runs"))
    driver.start()
    driver.print("text")
    driver.artifact("made", str(file))
    driver.beat(info={"a": 1})
    reader = TinyDbReader(tmp_path / "runs")
    (run,) = reader.fetch_metadata(query=Query().info.a == 1)
    assert (run["status"], run["captured_out"]) == ("RUNNING", "text")
    assert run["heartbeat"].tzinfo is UTC
    (files,) = reader.fetch_files(exp_name="^fed$")
    assert files["artifacts"]["made"].read() == b"content"
    assert "sources" not in files
    files["artifacts"]["made"].close()


def test_a_run_that_ends_while_it_is_read(tmp_path: Path) -> None:
    """A run that ends while it is read is read as it ended, not as a running one that has
    nothing.
    """
    driver = EventDriver(TinyDbObserver(tmp_path / "runs"))
    driver.start()
    driver.print("text")
    store = TinyDbStore(tmp_path / "runs")
    ((key, read_before),) = store.storage.database.all().items()
    driver.complete(result=5)
    document = store.document(key, read_before)
    assert (document["status"], document["result"], document["captured_out"]) == (
        "COMPLETED", 5, "text",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "pass one of"),
        ({"indices": 1}, "there is no run 1: the number of runs is 1"),
        ({"indices": [0, -2]}, "there is no run -2"),
        ({"exp_name": "("}, "'\\(' is not a regular expression"),
    ],
)
def test_what_the_reader_cannot_find_is_one_sentence(
    tmp_path: Path, asked: dict[str, Any], message: str
) -> None:
    """What the reader cannot find is one sentence, with the value that was given."""
    EventDriver(TinyDbObserver(tmp_path / "runs")).start()
    with pytest.raises(ValueError, match=message):
        TinyDbReader(tmp_path / "runs").fetch_metadata(**asked)


def test_a_reader_of_nothing(tmp_path: Path) -> None:
    """A reader of nothing is an error that names the folder, and makes none."""
    with pytest.raises(FileNotFoundError, match="nowhere"):
        TinyDbReader(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="nowhere"):
        open_store(f"tinydb://{tmp_path}/nowhere")
    assert list(tmp_path.iterdir()) == []


def test_databases_of_sacred_are_read() -> None:
    """Databases of Sacred are read, as Sacred 0.8.7 writes them."""
    run, second = open_store(f"tinydb://{SACRED}").list()
    assert (run.status, run.name, run.config["C"], second.config["C"]) == (
        "COMPLETED", "iris_rbf_svm", 1, 2,
    )  # fmt: skip
    assert run.result == {"acc": 0.5, "l": [1]} and run.info == {"x": 1}
    assert run.start_time is not None and run.start_time.tzinfo is UTC
    store = TinyDbStore(SACRED)
    assert "hello\n" in store.output(run.id) and store.metrics(run.id) == {}
    for kind, name, content in (
        ("artifact", "art.txt", b"art"), ("resource", run.resources[0], b"res"),
    ):  # fmt: skip
        with store.open_file(run.id, kind, name) as stream:
            assert stream.read() == content
    (report,) = TinyDbReader(SACRED).fetch_report(indices=0)
    assert "Outputs:\n    art.txt\n" in report


def test_a_folder_is_named_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder has its own name, relative or absolute, with characters that URLs escape."""
    run_id = EventDriver(TinyDbObserver(tmp_path / "my runs" / "ünï")).start()
    monkeypatch.chdir(tmp_path)
    for location in (f"tinydb://{tmp_path}/my%20runs/ünï", "tinydb://my%20runs/ünï"):
        assert open_store(location).get(run_id).id == run_id


def test_a_database_and_files_of_ones_own(tmp_path: Path) -> None:
    """A database and files of one's own are used wherever they are, and however files are
    hashed.
    """
    db = TinyDB(storage=MemoryStorage)
    fs = HashFS(str(tmp_path / "files"), algorithm="sha256", depth=1)
    file = tmp_path / "file.txt"
    file.write_text("content")
    observer = TinyDbObserver.create_from(db, fs)
    assert (observer.db, observer.fs, observer.root) == (db, fs, str(tmp_path))
    driver = EventDriver(observer)
    run_id = driver.start()
    driver.artifact("made", str(file))
    driver.complete()
    store = TinyDbStore.of(db, fs)
    assert store.get(run_id).status == "COMPLETED"
    with store.open_file(run_id, "artifact", "made") as stream:
        assert stream.read() == b"content"
    assert len(db.table("runs")) == 1


def test_create_is_the_older_way(tmp_path: Path) -> None:
    """`create` returns an observer and warns that it is deprecated."""
    with pytest.warns(DeprecationWarning, match=r"TinyDbObserver\.create"):
        assert TinyDbObserver.create(tmp_path / "x").root == str(tmp_path / "x")


def test_overwrite_replaces_a_run(tmp_path: Path) -> None:
    """Overwrite replaces a run, in its place, and its files go; a run that is not there is an
    error.
    """
    file = tmp_path / "file.txt"
    file.write_text("first")
    for number in range(2):
        driver = EventDriver(TinyDbObserver(tmp_path / "runs"))
        driver.start(_id=f"run{number}", asked_id=f"run{number}")
        driver.artifact("made", str(file))
        driver.complete()
        file.write_text(f"other {number}")
    driver = EventDriver(TinyDbObserver(tmp_path / "runs", overwrite="run0"))
    assert driver.start(config={"new": 1}) == "run0"
    driver.complete()
    store = TinyDbStore(tmp_path / "runs")
    assert [run.id for run in store.list()] == ["run0", "run1"]
    assert store.get("run0").config == {"new": 1}
    assert len(list(HashFS(str(tmp_path / "runs" / "hashfs"), depth=3, width=2).files())) == 1
    with pytest.raises(RunIdError, match="'run7'"):
        EventDriver(TinyDbObserver(tmp_path / "runs", overwrite="run7")).start()


def test_earlier_versions_of_an_artifact_go(tmp_path: Path) -> None:
    """A checkpoint that is written again and again takes the space of one."""
    file = tmp_path / "model"
    driver = EventDriver(TinyDbObserver(tmp_path / "runs"))
    run_id = driver.start()
    for number in range(5):
        file.write_text(f"version {number}")
        driver.artifact("model", str(file))
    driver.complete()
    store = TinyDbStore(tmp_path / "runs")
    with store.open_file(run_id, "artifact", "model") as stream:
        assert stream.read() == b"version 4"
    files = HashFS(str(tmp_path / "runs" / "hashfs"), depth=3, width=2)
    assert len(list(files.files())) == 1


def test_long_output_is_a_file(tmp_path: Path) -> None:
    """The document has its end, so that the database stays small; the store reads all."""
    driver = EventDriver(TinyDbObserver(tmp_path / "runs"))
    run_id = driver.start()
    driver.print("first" + "x" * 300_000 + "last")
    driver.complete()
    (document,) = metadata(tmp_path / "runs")
    assert len(document["captured_out"]) == 100_000 and document["captured_out"].endswith("last")
    assert TinyDbStore(tmp_path / "runs").output(run_id) == driver.output


def test_a_beat_does_not_write_the_database(tmp_path: Path) -> None:
    """Its cost does not grow with the runs that are in it, nor with what was logged."""
    driver = EventDriver(TinyDbObserver(tmp_path / "runs"))
    driver.start()
    before = (tmp_path / "runs" / "metadata.json").stat()
    state = tmp_path / "runs" / "hashfs.live" / "1" / "state.json"
    sizes = []
    for number in range(10):
        driver.print(f"line {number}\n")
        driver.log("loss", [1.0] * 100, first_step=10 + number)
        driver.beat(info={"n": number})
        sizes.append(state.stat().st_size)
    after = (tmp_path / "runs" / "metadata.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert max(sizes) <= sizes[0] + 3, "three numbers have a digit more: two of points, a length"


def test_a_broken_database_is_left_alone(tmp_path: Path) -> None:
    """One sentence names the file; nothing is written over it."""
    root = tmp_path / "runs"
    root.mkdir()
    (root / "metadata.json").write_text('{"runs": {"1": {')
    with pytest.raises(StoreError, match=r"metadata\.json' is not valid JSON"):
        list(TinyDbStore(root).list())
    with pytest.raises(StoreError, match=r"metadata\.json' is not valid JSON"):
        EventDriver(TinyDbObserver(root)).start()
    assert (root / "metadata.json").read_text() == '{"runs": {"1": {'


def test_text_that_looks_like_a_tag_stays_text(tmp_path: Path) -> None:
    """Only fields meant for times and files are read as such; a name leads nowhere else."""
    config = {"a": "{TinyDate}:2020-01-01T00:00:00", "b": '{TinyFile}:"../../etc/passwd"'}
    driver = EventDriver(TinyDbObserver(tmp_path / "runs"))
    run_id = driver.start(config=config)
    driver.complete()
    assert TinyDbStore(tmp_path / "runs").get(run_id).config == config
    path = tmp_path / "runs" / "metadata.json"
    stored = json.loads(path.read_text())
    stored["runs"]["1"]["artifacts"] = [["x", "x", "x", '{TinyFile}:"../../secret"']]
    path.write_text(json.dumps(stored))
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(StoreError, match="is not in"):
        TinyDbStore(tmp_path / "runs").open_file(run_id, "artifact", "x")


def test_observers_of_one_folder_are_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Observers of one folder are equal, however the folder is written; other arguments do not
    count.
    """
    monkeypatch.chdir(tmp_path)
    first = TinyDbObserver("a")
    assert first == TinyDbObserver(tmp_path / "a", overwrite=3)
    assert len({first, TinyDbObserver("a"), TinyDbObserver("b")}) == 2


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The home folder is expanded, in the observer, its reader, the store and its URL."""
    monkeypatch.setenv("HOME", str(tmp_path))
    EventDriver(TinyDbObserver("~/runs")).start()
    assert (tmp_path / "runs" / "metadata.json").is_file()
    assert len(TinyDbReader("~/runs").fetch_metadata(indices=[0])) == 1
    for store in (TinyDbStore("~/runs"), open_store("tinydb://~/runs")):
        assert len(list(store.list())) == 1


def test_an_edited_id_removes_only_files_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edited id removes only files of the store, not one of the working directory, nor one that
    a link leads to, nor one of another run.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README").write_text("mine")
    root, made = tmp_path / "runs_db", tmp_path / "made"
    made.write_text("content")
    first, second = EventDriver(TinyDbObserver(root)), EventDriver(TinyDbObserver(root))
    first_id, second_id = first.start(), second.start()
    first.artifact("made", str(made))
    for driver in (first, second):
        driver.complete()
    store = TinyDbStore(root)
    database = store.storage.database
    [artifact] = store.require(first_id)[1]["artifacts"]
    linked = root / "hashfs" / "aa" / "bb" / "cc"
    linked.mkdir(parents=True)
    target = "aabbcc" + "d" * 26
    (linked / ("d" * 26)).symlink_to(tmp_path / "README")
    number, document = store.require(second_id)
    tags = [f'{{TinyFile}}:"{name}"' for name in ("README", target, "..", "")]
    with database.lock():
        resources = [["x", "0" * 32, tag] for tag in [*tags, artifact[3]]]
        database.put(number, {**document, "resources": resources})
    store.delete(second_id)
    assert (tmp_path / "README").read_text() == "mine"
    assert (linked / ("d" * 26)).is_symlink()
    with store.open_file(first_id, "artifact", "made") as stream:
        assert stream.read() == b"content"


def test_files_and_code_of_an_ended_run_can_be_added(tmp_path: Path) -> None:
    """As those that an observer could not store before, and output of any length."""
    file = tmp_path / "late.py"
    file.write_text("late")
    driver = EventDriver(TinyDbObserver(tmp_path / "runs"))
    run_id = driver.start()
    driver.print("text")
    driver.complete(result=3)
    store = TinyDbStore(tmp_path / "runs")
    observer = store.observer_of(run_id)
    for _ in range(2):
        observer.artifact_event("late", str(file), {"a": 1})
        observer.code_event([["late.py", md5_of(file)]], ["numpy==2.0"], str(tmp_path))
    run = store.get(run_id)
    assert (run.status, run.result, run.artifacts) == ("COMPLETED", 3, ["late"])
    assert run.experiment["dependencies"] == ["numpy==2.0"]
    for kind, name in (("artifact", "late"), ("source", "late.py")):
        with store.open_file(run_id, kind, name) as stream:
            assert stream.read() == b"late"
    for text in (" and more", "x" * 1_000_000, "end"):
        observer.output_event(text, len(store.output(run_id)))
    assert store.output(run_id) == "text and more" + "x" * 1_000_000 + "end"
    stored = {path for path in (tmp_path / "runs" / "hashfs").rglob("*") if path.is_file()}
    store.delete(run_id)
    assert len(stored) == 2 and not any(path.exists() for path in stored)


@pytest.mark.parametrize("form", ["tinydb://{}/my%20runs", "{}/my runs"])
def test_the_flag_takes_a_folder_or_its_location(tmp_path: Path, form: str) -> None:
    """`-t tinydb://my_runs` records in the folder that `sacred runs list` reads there."""
    ex = Experiment("flag", save_git_info=False)
    ex.main(lambda: None)
    ex.run_commandline(["x", "-t", form.format(tmp_path)])
    assert len(metadata(tmp_path / "my runs")) == 1
