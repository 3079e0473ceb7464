"""What events cost as the number of stored runs grows: documents that are parsed and written."""

import json
from pathlib import Path
from typing import Any

import pytest
from hashfs import HashFS
from sacred_tinydb import TinyDbObserver, TinyDbStore
from sacred_tinydb.layout import join_documents, may_contain, split_documents
from tinydb import JSONStorage, TinyDB

from sacred_core.serialization import from_json, to_json
from sacred_core.stores import RunQuery
from sacred_core.testing import EventDriver


class Parsed:
    """The texts that were parsed, and the values that were encoded.

    Attributes:
        read, written: One entry for each.
    """

    def __init__(self) -> None:
        self.read: list[Any] = []
        self.written: list[Any] = []


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Parsed:
    """Notes what the database parses and encodes."""
    found = Parsed()

    def note_read(text: Any) -> Any:
        found.read.append(text)
        return from_json(text)

    def note_written(value: Any) -> str:
        found.written.append(value)
        return to_json(value)

    monkeypatch.setattr("sacred_tinydb.database.from_json", note_read)
    monkeypatch.setattr("sacred_tinydb.database.to_json", note_written)
    return found


def record(root: Path, **fields: Any) -> Any:
    """Record a run, and return its id."""
    driver = EventDriver(TinyDbObserver(root))
    run_id = driver.start(**fields)
    driver.print("x")
    driver.log("loss", [1.0])
    driver.beat()
    driver.complete()
    return run_id


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with 30 runs, of which the ids are a, …"""
    for number in range(30):
        record(tmp_path / "runs", config={"n": number})
    return tmp_path / "runs"


def test_run_parses_only_its_own_document(root: Path, parsed: Parsed) -> None:
    """A run in a new process parses and encodes its own document, and none of the 30 others."""
    record(root)

    assert all(b'"n"' not in text.encode() for text in parsed.read)
    assert len(parsed.written) == 2, "at the start and at the end"
    assert len(parsed.read) <= 2


def test_newest_runs_are_parsed_alone(root: Path, parsed: Parsed) -> None:
    """The 5 newest of 30 runs are found by parsing few documents."""
    found = list(TinyDbStore(root).list(RunQuery(limit=5)))

    assert [run.config["n"] for run in found] == [25, 26, 27, 28, 29]
    assert len(parsed.read) <= 6


def test_one_run_is_parsed_alone(root: Path, parsed: Parsed) -> None:
    """A run is found by its id; documents that do not contain the id are not parsed."""
    store = TinyDbStore(root)
    run_id = next(iter(store.list(RunQuery(limit=1)))).id
    parsed.read.clear()

    assert TinyDbStore(root).get(run_id).config == {"n": 29}

    assert len(parsed.read) <= 1


def test_deleted_run_is_parsed_alone(root: Path, parsed: Parsed) -> None:
    """Deleting a run parses only the documents that name one of its files."""
    store = TinyDbStore(root)
    run_id = next(iter(store.list(RunQuery(limit=1)))).id
    parsed.written.clear()

    TinyDbStore(root).delete(run_id)

    assert parsed.written == []
    assert len(list(TinyDbStore(root).list())) == 29


def test_each_document_is_in_a_line(root: Path) -> None:
    """The file is JSON that TinyDB reads, with each document in a line."""
    lines = (root / "metadata.json").read_text().splitlines()

    assert (len(lines), lines[0], lines[-1]) == (32, '{"runs": {', "}}")
    with TinyDB(root / "metadata.json") as db:
        assert [each["config"]["n"] for each in db.table("runs").all()] == list(range(30))


def test_file_of_another_program_is_continued(root: Path) -> None:
    """What TinyDB writes in one line, or indented, is read, and the next run is added to it."""
    path = root / "metadata.json"
    for indent in (None, 0, 2):
        documents = json.loads(path.read_text())
        path.write_text(json.dumps(documents, indent=indent))
        before = list(documents["runs"])
        run_id = record(root, config={"n": "new"})

        assert TinyDbStore(root).get(run_id).config == {"n": "new"}
        assert list(json.loads(path.read_text())["runs"])[:-1] == before


def test_other_tables_remain(root: Path) -> None:
    """Another table in the file is neither lost nor changed."""
    with TinyDB(root / "metadata.json") as db:
        db.table("mine").insert({"a": 1})

    run_id = record(root)

    with TinyDB(root / "metadata.json") as db:
        assert db.table("mine").all() == [{"a": 1}]
        assert len(db.table("runs")) == 31
    assert TinyDbStore(root).get(run_id).status == "COMPLETED"


def test_storage_of_the_user_is_used(tmp_path: Path) -> None:
    """A TinyDB with another storage is written with its own methods."""
    with TinyDB(tmp_path / "db.json", storage=JSONStorage) as db:
        observer = TinyDbObserver.create_from(db, HashFS(str(tmp_path / "fs")))
        driver = EventDriver(observer)
        run_id = driver.start(config={"a": 1})
        driver.complete()

        assert [each["_id"] for each in db.table("runs").all()] == [run_id]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b'{"runs": {', b'{"runs": {}}', b'{"runs": {\n"1": {}}}', b'{"runs": {\n}',
        b'{"runs": {\n"1": {}\n"2": {}\n}}', b'{"runs": {\n"1": {},\n}}', b'{"runs": {\n1: {}\n}}',
        b'{"runs": {\n"a": {}\n}}', b'{"runs": {\n"1": [\n]\n}}', b'{"runs": {\n"1": {\n}\n}}',
        b'{"runs": {\n  "1": {}\n}}', b'{"runs": {\n"1":{}\n}}', b'{"other": {\n"1": {}\n}}',
        b'{"runs": {\n"1": {}\n}, "x": {\n}}', b'{"runs": {\n"' + b"1" * 19 + b'": {}\n}}',
    ],
)  # fmt: skip
def test_other_layouts_are_recognised(data: bytes) -> None:
    """What does not have one document in each line is parsed as a whole."""
    assert split_documents(data) is None


@pytest.mark.parametrize("documents", [{}, {1: b"{}"}, {3: b'{"a": "},"}', 1: b'{"b": [1]}'}])
def test_layout_is_read_as_it_was_written(documents: dict[int, bytes]) -> None:
    """Documents and their order are the same after writing and reading."""
    data = join_documents(documents)

    assert list((split_documents(data) or {}).items()) == list(documents.items())
    assert list(json.loads(data)["runs"]) == [str(number) for number in documents]


def test_line_breaks_between_values_are_removed() -> None:
    """A document of another program that is indented becomes one line."""
    assert split_documents(join_documents({1: b'{\r\n "a": 1\n}'})) == {1: b'{   "a": 1 }'}


def test_search_in_a_text_misses_nothing() -> None:
    """A string may be written with escapes; only its certain absence is False."""
    assert not may_contain(b'{"_id": "abd"}', "abc")
    assert may_contain(b'{"_id": "abc"}', "abc")
    assert may_contain(b'{"_id": "\\u0061bc"}', "abc")
    assert may_contain(b"{}", "a b") and may_contain(b"{}", "\u00e4")
