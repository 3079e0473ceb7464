"""Tests of what a run leaves in its folder."""

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sacred_file import FileStorageObserver, FileStore

from sacred_core import Experiment
from sacred_core.exceptions import ObserverStartError, OptionError, RunIdError
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "my_runs"


@pytest.fixture
def recorded(runs: Path) -> Callable[..., Any]:
    """Runs a function as the main function of an experiment that is recorded in `runs`."""

    def run(main: Callable[..., Any], **arguments: Any) -> Any:
        ex = Experiment("hello_cs")
        ex.observers.append(FileStorageObserver(runs))
        ex.add_config(message="Hello world!")
        ex.main(main)
        return ex.run(**arguments)

    return run


def contents(path: Path) -> Any:
    """Read JSON the way a strict parser does: a bare NaN is an error."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(path.read_text(), parse_constant=refuse)


@pytest.mark.parametrize("error", [None, ValueError("x"), KeyboardInterrupt()])
def test_a_run_without_metrics(recorded: Any, runs: Path, error: BaseException | None) -> None:
    """``metrics.json`` is ``{}`` however the run ends, as dashboards for Sacred expect."""

    def main(message: str) -> None:
        if error is not None:
            raise error

    with contextlib.suppress(ValueError, KeyboardInterrupt):
        recorded(main)
    assert contents(runs / "1" / "metrics.json") == {}
    assert not (runs / "1" / "metrics.jsonl").exists()
    assert FileStore(runs).metrics(1) == {}


@pytest.mark.parametrize("begin", ["start", "queue"])
def test_every_run_has_a_file_for_its_info(runs: Path, begin: str) -> None:
    """Incense and Sacredboard open ``info.json`` of any run: it is ``{}`` from the beginning."""
    observer = FileStorageObserver(runs)
    getattr(EventDriver(observer), begin)()
    assert contents(runs / "1" / "info.json") == {}


def test_a_second_end_does_not_empty_the_metrics(runs: Path) -> None:
    """The same end may be delivered twice."""
    observer = FileStorageObserver(runs)
    driver = EventDriver(observer)
    driver.start()
    driver.log("loss", [1.0])
    for _ in range(2):
        driver.complete()
    assert contents(runs / "1" / "metrics.json")["loss"]["values"] == [1.0]


def test_files_of_a_run(recorded: Any, runs: Path) -> None:
    """The files and entries that section 1.6.2 documents."""

    def main(message: str, _run: Any) -> str:
        print(message)
        _run.info["curve"] = [1, 2.5]
        _run.log_scalar("loss", 0.5, 10)
        return "done"

    run = recorded(main, config_updates={"seed": 1}, meta_info={"comment": "mine"})
    folder = runs / "1"
    assert run._id == "1"
    assert contents(folder / "config.json") == {"message": "Hello world!", "seed": 1}
    assert contents(folder / "info.json") == {"curve": [1, 2.5]}
    assert "Hello world!\n" in (folder / "cout.txt").read_text()
    metrics = contents(folder / "metrics.json")["loss"]
    assert (metrics["steps"], metrics["values"]) == ([10], [0.5])
    assert not (folder / "metrics.jsonl").exists()
    entry = contents(folder / "run.json")
    assert entry["status"] == "COMPLETED"
    assert entry["result"] == "done"
    assert entry["command"] == "main"
    assert entry["experiment"]["name"] == "hello_cs"
    assert entry["meta"]["comment"] == "mine"
    for key in ("start_time", "heartbeat", "stop_time"):
        assert datetime.fromisoformat(entry[key]).tzinfo is None
    started = datetime.fromisoformat(entry["start_time"]).replace(tzinfo=UTC)
    assert started == run.start_time


def test_ids_count_up_and_gaps_are_not_filled(recorded: Any, runs: Path) -> None:
    """An id that was used is not used again while the hint is there."""
    assert [recorded(lambda: None)._id for _ in range(3)] == ["1", "2", "3"]
    (runs / "7").mkdir()
    (runs / "_ids" / "next").unlink()
    assert recorded(lambda: None)._id == "8"


def test_there_are_only_folders_beside_the_runs(recorded: Any, runs: Path) -> None:
    """Sacredboard opens every name but ``_sources`` as that of a run, and skips empty folders."""
    recorded(lambda _run: _run.add_resource(__file__))
    assert {path.name for path in runs.iterdir()} == {"1", "_ids", "_resources", "_sources"}
    assert all(path.is_dir() for path in runs.iterdir())


def test_stale_hint_costs_only_attempts(recorded: Any, runs: Path) -> None:
    """Folders decide, not the hint."""
    recorded(lambda: None)
    (runs / "_ids" / "next").write_text("1")
    assert recorded(lambda: None)._id == "2"
    (runs / "_ids" / "next").write_text("what")
    assert recorded(lambda: None)._id == "3"
    (runs / "_ids" / "next").write_text("9" * 5000)
    assert recorded(lambda: None)._id == "4"
    (runs / "_ids" / "next").write_text("\u0669")
    assert recorded(lambda: None)._id == "5"


def test_asked_id_is_used_once(recorded: Any, runs: Path) -> None:
    """`--id` names the folder; where it is taken, nothing is overwritten."""
    assert recorded(lambda: None, options={"--id": "first"})._id == "first"
    before = (runs / "first" / "run.json").read_text()
    with pytest.raises(ObserverStartError, match="run id 'first' already exists"):
        recorded(lambda: None, options={"--id": "first"})
    assert (runs / "first" / "run.json").read_text() == before


@pytest.mark.parametrize("wrong", ["../up", "_sources", ".hidden", "a/b"])
def test_an_id_that_cannot_be_a_folder_is_refused(recorded: Any, wrong: str) -> None:
    """It would leave the folder, or hide in it."""
    with pytest.raises(OptionError, match=r"--id: run id '.*' must not"):
        recorded(lambda: None, options={"--id": wrong})


def test_queued_run_is_taken_over_once(recorded: Any, runs: Path) -> None:
    """Starting with the id of a queued run continues its entry."""
    queued = recorded(lambda: None, options={"--queue": True})
    assert contents(runs / "1" / "run.json")["status"] == "QUEUED"
    started = recorded(lambda: 5, options={"--id": str(queued._id)})
    entry = contents(runs / "1" / "run.json")
    assert started._id == "1"
    assert entry["status"] == "COMPLETED"
    assert entry["meta"]["queue_time"]
    with pytest.raises(ObserverStartError, match="already exists"):
        recorded(lambda: None, options={"--id": "1"})


def test_id_of_another_observer_that_is_taken_here(
    runs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The run gets a free id, its id elsewhere is stored beside it, and that is logged."""
    recorded_before = Experiment("before")
    recorded_before.observers.append(FileStorageObserver(runs))
    recorded_before.main(lambda: None)
    recorded_before.run()

    ex = Experiment("two stores")
    ex.observers += [FileStorageObserver(runs.with_name("other"), priority=30)]
    ex.observers += [FileStorageObserver(runs)]
    ex.main(lambda: None)
    run = ex.run()
    assert run._id == "1"
    assert contents(runs / "2" / "run.json")["run_id"] == 1
    assert "Run id '1' already exists" in caplog.text


def test_numbers_that_json_lacks_have_a_form(recorded: Any, runs: Path) -> None:
    """The files are valid JSON, and the store returns numbers."""

    def main(_run: Any) -> float:
        for value in (math.nan, math.inf, -math.inf, 1.0):
            _run.log_scalar("loss", value)
        return math.nan

    recorded(main)
    stored = contents(runs / "1" / "metrics.json")["loss"]["values"]
    assert stored == ["NaN", "Infinity", "-Infinity", 1.0]
    assert contents(runs / "1" / "run.json")["result"] == {"%json": "NaN"}
    assert math.isnan(FileStore(runs).get(1).result)
    values = FileStore(runs).metrics(1)["loss"]["values"]
    assert [repr(value) for value in values] == ["nan", "inf", "-inf", "1.0"]


def test_artifact_added_again_is_an_update(recorded: Any, runs: Path, tmp_path: Path) -> None:
    """The name is listed once and holds the newer content."""
    file = tmp_path / "model.bin"

    def main(_run: Any) -> None:
        for text in ("old", "new"):
            file.write_text(text)
            _run.add_artifact(file)

    recorded(main)
    assert (runs / "1" / "model.bin").read_text() == "new"
    assert contents(runs / "1" / "run.json")["artifacts"] == ["model.bin"]


@pytest.mark.parametrize(
    "name",
    [
        "run.json",
        "config.json",
        "cout.txt",
        "metrics.json",
        "RUN.JSON",
        "../up",
        "/root",
        ".x",
        "a/../../b",
    ],
)
def test_artifact_never_replaces_a_file_of_ours(
    recorded: Any, runs: Path, tmp_path: Path, name: str
) -> None:
    """It is stored under another name inside the folder, and found by its own."""
    (tmp_path / "evil").write_text("evil")
    recorded(lambda _run: _run.add_artifact(tmp_path / "evil", name))
    entry = contents(runs / "1" / "run.json")
    assert entry["artifacts"] == [name]
    copies = [p for p in runs.rglob("*") if p.is_file() and p.read_text() == "evil"]
    assert [path.parent for path in copies] == [runs / "1" / "_artifacts"]


@pytest.mark.parametrize("name", ["plots/loss.png", "ünïcode/データ", "a b/c.d/e", "x" * 150])
def test_artifacts_are_stored_under_their_names(
    recorded: Any, runs: Path, tmp_path: Path, name: str
) -> None:
    """Folders in a name are folders of the run."""
    (tmp_path / "file").write_text("content")
    recorded(lambda _run: _run.add_artifact(tmp_path / "file", name))
    assert contents(runs / "1" / "run.json")["artifacts"] == [name]
    assert (runs / "1" / name).read_text() == "content"


def test_artifacts_whose_names_exclude_each_other(
    recorded: Any, runs: Path, tmp_path: Path
) -> None:
    """A file and a folder of one name, and a name that is too long: all are stored."""
    for text in ("file", "in folder", "long"):
        (tmp_path / text).write_text(text)

    def main(_run: Any) -> None:
        _run.add_artifact(tmp_path / "file", "a")
        _run.add_artifact(tmp_path / "in folder", "a/b")
        _run.add_artifact(tmp_path / "long", "ä" * 300)

    recorded(main)
    copies = {path.read_text() for path in (runs / "1").rglob("*") if path.is_file()}
    assert {"file", "in folder", "long"} <= copies
    assert (runs / "1" / "a").read_text() == "file"


def test_a_folder_is_an_artifact_of_its_files(recorded: Any, runs: Path, tmp_path: Path) -> None:
    """Each file is stored under the folder's name, or under the one that is given."""
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "a.txt").write_text("a")
    (tmp_path / "out" / "deep" / "b.txt").write_text("b")

    def main(_run: Any) -> None:
        _run.add_artifact(tmp_path / "out")
        _run.add_artifact(tmp_path / "out", name="results")

    recorded(main)
    expected = ["out/a.txt", "out/deep/b.txt", "results/a.txt", "results/deep/b.txt"]
    assert contents(runs / "1" / "run.json")["artifacts"] == expected
    assert (runs / "1" / "results" / "deep" / "b.txt").read_text() == "b"


def test_metadata_and_content_type_are_stored(recorded: Any, runs: Path, tmp_path: Path) -> None:
    """Beside the names, for the artifacts that have any."""
    (tmp_path / "a.png").write_text("")
    (tmp_path / "b.unknown").write_text("")
    (tmp_path / "c").write_text("")

    def main(_run: Any) -> None:
        _run.add_artifact(tmp_path / "a.png", metadata={"epoch": 3}, content_type="image/png")
        _run.add_artifact(tmp_path / "b.unknown", metadata={"epoch": 4})
        _run.add_artifact(tmp_path / "c")

    recorded(main)
    entry = contents(runs / "1" / "run.json")
    assert entry["artifacts"] == ["a.png", "b.unknown", "c"]
    assert entry["artifact_details"] == {
        "a.png": {"metadata": {"epoch": 3}, "content_type": "image/png"},
        "b.unknown": {"metadata": {"epoch": 4}},
    }


def test_many_files_are_all_listed(recorded: Any, runs: Path, tmp_path: Path) -> None:
    """Many files are all listed, however many there are, and in the order in which they came."""
    (tmp_path / "file").write_text("content")
    names = [f"file{number}" for number in range(120)]

    def main(_run: Any) -> None:
        for name in names:
            _run.add_artifact(tmp_path / "file", name)

    recorded(main)
    assert contents(runs / "1" / "run.json")["artifacts"] == names


def test_resources_are_stored_once(recorded: Any, runs: Path, tmp_path: Path) -> None:
    """The same content is stored once for all runs; every run has its path."""
    data = tmp_path / "data.csv"
    data.write_text("1,2")

    def main(_run: Any) -> None:
        with _run.open_resource(data) as file:
            assert file.read() == "1,2"
        _run.add_resource(data)

    recorded(main)
    recorded(main)
    [copy] = (runs / "_resources").iterdir()
    assert copy.name.startswith("data_") and copy.suffix == ".csv"
    for number in ("1", "2"):
        [[original, stored]] = contents(runs / number / "run.json")["resources"]
        assert original == str(data)
        assert (runs / stored) == copy


def test_resources_below_the_runs_need_not_be_copied(runs: Path, tmp_path: Path) -> None:
    """Then the record has their paths; files elsewhere are copied."""
    (tmp_path / "art.txt").write_text("artifact of the first run")
    (tmp_path / "outside.txt").write_text("outside")
    ex = Experiment("uncopied", save_git_info=False)
    ex.observers.append(FileStorageObserver(runs, copy_artifacts=False))
    ex.main(lambda _run: _run.add_artifact(tmp_path / "art.txt"))
    ex.run()
    assert (runs / "1" / "art.txt").read_text() == "artifact of the first run"

    @ex.command
    def second(_run: Any) -> None:
        _run.add_resource(runs / "1" / "art.txt")
        _run.add_resource(tmp_path / "outside.txt")

    ex.run("second")
    [copy] = (runs / "_resources").iterdir()
    assert contents(runs / "2" / "run.json")["resources"] == [
        [str(runs / "1" / "art.txt"), "1/art.txt"],
        [str(tmp_path / "outside.txt"), f"_resources/{copy.name}"],
    ]
    assert copy.read_text() == "outside"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_do_not_hide_where_resources_are(runs: Path, tmp_path: Path) -> None:
    """A link into the folder leads inside, a link in it that leads outside does not."""
    runs.mkdir()
    (runs / "inside.txt").write_text("inside")
    (tmp_path / "outside.txt").write_text("outside")
    (tmp_path / "to_inside").symlink_to(runs / "inside.txt")
    (runs / "to_outside").symlink_to(tmp_path / "outside.txt")
    observer = FileStorageObserver(runs, copy_artifacts=False)
    store = runs / "_resources"
    assert observer.find_or_save(tmp_path / "to_inside", store) == runs / "inside.txt"
    assert observer.find_or_save(runs / "to_outside", store).parent == store


def test_programs_put_files_of_their_own_beside_the_record(
    recorded: Any, runs: Path, tmp_path: Path
) -> None:
    """The documented attributes and methods of the observer."""
    own = tmp_path / "own.txt"
    own.write_text("own")

    def main(_run: Any) -> None:
        observer = _run.observers[0]
        assert observer.dir == observer.basedir + "/1" == str(runs / "1")
        observer.save_json({"x": (1, 2)}, "extra.json")
        observer.save_file(own)
        observer.save_file(own, "renamed.txt")
        observer.run_entry["mine"] = 1

    recorded(main)
    folder = runs / "1"
    assert contents(folder / "extra.json") == {"x": [1, 2]}
    assert (folder / "own.txt").read_text() == (folder / "renamed.txt").read_text() == "own"
    assert contents(folder / "run.json")["mine"] == 1


def test_create_is_deprecated(runs: Path) -> None:
    """Public programs use it: it works, with a warning."""
    with pytest.warns(DeprecationWarning, match=r"use FileStorageObserver\(...\)"):
        observer = FileStorageObserver.create(str(runs))
    assert observer.basedir == str(runs)


def test_a_folder_that_cannot_be_made_fails_the_start(tmp_path: Path) -> None:
    """The error is raised before the main function runs."""
    (tmp_path / "file").write_text("")
    ex = Experiment("blocked")
    ex.observers.append(FileStorageObserver(tmp_path / "file" / "runs"))
    ex.main(lambda: pytest.fail("the main function ran"))
    with pytest.raises(ObserverStartError, match="FileStorageObserver could not record"):
        ex.run()


def test_nested_runs_have_folders_of_their_own(runs: Path) -> None:
    """One observer object serves a run inside a run as a copy."""
    ex = Experiment("nested")
    ex.observers.append(FileStorageObserver(runs))

    @ex.command
    def inner() -> None:
        print("inside")

    @ex.main
    def outer() -> None:
        ex.run("inner")

    ex.run()
    assert [run.command for run in FileStore(runs).list()] == ["outer", "inner"]


def test_what_could_not_be_written_for_a_while_is_written_later(
    recorded: Any, runs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """While a folder has the name of the points' file they wait; none is lost or doubled."""

    def main(_run: Any) -> None:
        obstacle = runs / "1" / "metrics.jsonl"
        obstacle.mkdir()
        for step in range(5):
            _run.log_scalar("loss", step)
            _run.lifecycle.beat()
        obstacle.rmdir()
        _run.lifecycle.beat()
        _run.log_scalar("loss", 5)

    recorded(main)
    assert contents(runs / "1" / "metrics.json")["loss"]["values"] == [0, 1, 2, 3, 4, 5]
    assert "FileStorageObserver failed in log_metrics: Is a directory" in caplog.text
    assert "did not record:" not in caplog.text


def test_end_is_recorded_when_the_metrics_cannot_be_put_together(
    recorded: Any, runs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The status is written first, and the points stay readable where they are."""

    def main(_run: Any) -> None:
        _run.log_scalar("loss", 1)
        (runs / "1" / "metrics.json").mkdir()

    recorded(main)
    (runs / "1" / "metrics.json").rmdir()
    assert contents(runs / "1" / "run.json")["status"] == "COMPLETED"
    assert FileStore(runs).metrics(1)["loss"]["values"] == [1]
    assert "The metrics stay in" in caplog.text


def test_a_live_run_holds_room_for_its_end(recorded: Any, runs: Path) -> None:
    """The spare file is there while it runs and gone afterwards."""
    spare = runs / "1" / ".spare"
    assert recorded(spare.stat).result.st_size >= 16_384
    assert not spare.exists()


def test_sources_are_stored_once_for_each_version(recorded: Any, runs: Path) -> None:
    """Below the folder of all runs, with their hash; each run has their paths."""
    for _ in range(2):
        recorded(lambda: None)
    copies = list((runs / "_sources").iterdir())
    entry = contents(runs / "2" / "run.json")["experiment"]
    [[name, stored]] = [pair for pair in entry["sources"] if pair[0] == Path(__file__).name]
    assert (runs / stored) in copies
    assert (runs / stored).read_bytes() == Path(__file__).read_bytes()
    assert len({path.name.rpartition("_")[0] for path in copies}) == len(copies), name


def test_sources_need_not_be_copied(runs: Path) -> None:
    """Then names and hashes are recorded."""
    ex = Experiment("uncopied")
    ex.observers.append(FileStorageObserver(runs, copy_sources=False))
    ex.main(lambda: None)
    ex.run()
    assert not (runs / "_sources").exists()
    assert all(
        len(md5) == 32 for _, md5 in contents(runs / "1" / "run.json")["experiment"]["sources"]
    )


def test_later_sources_and_uncommitted_changes_are_stored(runs: Path, tmp_path: Path) -> None:
    """Once a version, beside those of the start; delivering again changes nothing."""
    (tmp_path / "late.py").write_text("VALUE = 1")
    patch = {"url": None, "commit": "c", "dirty": True, "patch": "diff --git ..."}
    info = {"name": "x", "sources": [], "dependencies": ["a==1"], "repositories": [patch]}
    observer = FileStorageObserver(runs)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    observer.started_event(info, "main", {}, now, {}, {}, None)
    md5 = hashlib.md5(b"VALUE = 1").hexdigest()
    for _ in range(2):
        observer.code_event([["late.py", md5]], ["b==2"], str(tmp_path))
    experiment = contents(runs / "1" / "run.json")["experiment"]
    assert experiment["sources"] == [["late.py", f"_sources/late_{md5}.py"]]
    assert experiment["dependencies"] == ["a==1", "b==2"]
    assert (runs / "_sources" / f"late_{md5}.py").read_text() == "VALUE = 1"
    [repository] = experiment["repositories"]
    assert (runs / repository["patch"]).read_text() == "diff --git ..."
    assert repository["patch"].startswith("_sources/uncommitted_")


def test_an_id_whose_run_never_started_is_free_again(runs: Path) -> None:
    """The process that asked for it died before its start was written."""
    driver = EventDriver(FileStorageObserver(runs))
    assert driver.start(asked_id="mine") == "mine"
    (runs / "mine" / "run.json").unlink()
    (runs / "mine" / ".claim-0").write_bytes(b"")
    assert EventDriver(FileStorageObserver(runs)).start(asked_id="mine") == "mine"
    with pytest.raises(RunIdError, match="run id 'mine' already exists"):
        EventDriver(FileStorageObserver(runs)).start(asked_id="mine")


def test_a_start_that_fails_leaves_the_run_queued(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same process may try again at once."""
    run_id = EventDriver(FileStorageObserver(runs)).queue()
    observer = FileStorageObserver(runs)
    monkeypatch.setattr(observer, "save", lambda: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        EventDriver(observer).start(asked_id=run_id)
    assert FileStore(runs).get(run_id).status == "QUEUED"
    assert EventDriver(FileStorageObserver(runs)).start(asked_id=run_id) == run_id


def test_a_queued_id_is_not_queued_again(runs: Path) -> None:
    """It can be started only; right after it was queued, and once."""
    assert EventDriver(FileStorageObserver(runs)).queue(asked_id="mine") == "mine"
    with pytest.raises(RunIdError, match="run id 'mine' already exists"):
        EventDriver(FileStorageObserver(runs)).queue(asked_id="mine")
    assert EventDriver(FileStorageObserver(runs)).start(asked_id="mine") == "mine"


def test_observers_of_one_folder_are_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Observers of one folder are equal, however the folder is written; other arguments do not
    count.
    """
    monkeypatch.chdir(tmp_path)
    first = FileStorageObserver("a")
    assert first == FileStorageObserver(tmp_path / "b" / ".." / "a", priority=3)
    assert len({first, FileStorageObserver("a/"), FileStorageObserver("b")}) == 2
    assert first != FileStorageObserver("b")
    assert first != "a"
    monkeypatch.chdir("/")
    assert first != FileStorageObserver("a")


@pytest.mark.parametrize(
    ("basedir", "expected"), [("runs", "runs"), ("./a/../runs", "./a/../runs"), (b"runs", "runs")]
)
def test_folders_are_strings_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, basedir: Any, expected: str
) -> None:
    """Scripts add to them, split them and write them as JSON; relative ones stay relative."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    observer = FileStorageObserver(basedir)
    assert observer.dir is None
    ex = Experiment("strings", save_git_info=False)
    ex.observers.append(observer)

    @ex.main
    def main(_run: Any) -> None:
        assert observer.dir == f"{expected}/1"
        (Path(observer.dir + "/ckpt")).write_text("saved")
        assert json.dumps([observer.basedir, observer.dir]) == f'["{expected}", "{expected}/1"]'
        assert f"{expected}/" + _run._id == observer.dir
        assert observer.dir.split("/")[-1] == _run._id

    ex.run()
    assert (tmp_path / "runs" / "1" / "ckpt").read_text() == "saved"


def test_relative_folder_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that changes its directory, before or in a run, does not scatter its runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    ex = Experiment("moving", save_git_info=False)
    ex.observers.append(FileStorageObserver("runs"))
    ex.main(lambda: os.chdir(tmp_path / "elsewhere"))
    for number in ("1", "2"):
        ex.run()
        assert contents(tmp_path / "runs" / number / "run.json")["status"] == "COMPLETED"
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("asked", [None, "5", 5, "name"])
def test_the_id_is_a_string_where_the_folder_is_first(runs: Path, asked: Any) -> None:
    """As in Sacred, also with ``--id``; the store lists numbers."""
    memory = Memory()
    ex = Experiment("ids", save_git_info=False)
    ex.observers += [FileStorageObserver(runs), MemoryObserver(memory)]
    ex.main(lambda: None)
    run = ex.run(options={} if asked is None else {"--id": asked})
    wanted = "1" if asked is None else str(asked)
    listed = wanted if wanted == "name" else int(wanted)
    assert run._id == wanted
    assert FileStore(runs).get(run._id).id == FileStore(runs).get(listed).id == listed
    assert [stored.id for stored in MemoryStore(memory).list()] == [listed]


def test_the_id_is_that_of_an_observer_before_the_folder(runs: Path) -> None:
    """It is an integer where that uses integers, and equal ids are not stored twice."""
    first = MemoryObserver(Memory())
    first.priority = 50
    ex = Experiment("ids", save_git_info=False)
    ex.observers += [FileStorageObserver(runs), first]
    ex.main(lambda: None)
    for options in ({}, {"--id": "7"}):
        run = ex.run(options=options)
        assert type(run._id) is int
        assert "run_id" not in contents(runs / str(run._id) / "run.json")
    (runs / "8").mkdir()
    assert ex.run()._id == 8
    assert contents(runs / "9" / "run.json")["run_id"] == 8
