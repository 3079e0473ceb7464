"""Tests of the content of ``run.json``, ``annotations.jsonl`` and ``cout.txt``."""

import json
import math
from collections import OrderedDict
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from sacred_core.exceptions import DamagedRecordError
from sacred_core.serialization import plain, to_json
from sacred_core.stores import Annotation, StoredRun, make_run
from sacred_core.stores.documents import FIELDS
from sacred_core.stores.folder_format import (
    FileLists,
    annotation_line,
    decode_output,
    encode_output,
    entry_bytes,
    format_time,
    json_bytes,
    new_entry,
    parse_annotations,
    parse_time,
    record,
    run_fields,
    shared_names,
    update_entry,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOON_TEXT = "2026-01-01T12:00:00.000000"
NEW = StoredRun(id="", status="RUNNING")


def test_an_entry_is_read_as_the_run_that_it_describes() -> None:
    """Every field of ``run.json``, through JSON."""
    host = {"hostname": "here"}
    run = StoredRun(id=3, status="RUNNING", start_time=NOON, command="main", host=host, run_id=7)
    entry = new_entry(run, "token", {"meta": {"queue_time": format_time(NOON)}})
    lists = FileLists(entry)
    lists.add_artifact("model", {"n": 1}, "text/plain")
    lists.add_resource("data.csv", "_resources/data_0.csv")
    run.recorded_status, run.stop_time, run.heartbeat, run.result = "FAILED", NOON, NOON, 5
    run.experiment, run.fail_trace = {"name": "ex"}, ["ValueError\n"]
    update_entry(entry, run, FIELDS)
    stored = json.loads(json_bytes(entry))
    assert stored["token"] == "token"
    run = make_run(3, run_fields(lambda: stored))
    assert (run.id, run.run_id, run.status, run.command) == (3, 7, "FAILED", "main")
    assert run.start_time == run.stop_time == run.heartbeat == run.queue_time == NOON
    assert (run.result, run.name, run.fail_trace) == (5, "ex", ["ValueError\n"])
    assert (run.artifacts, run.resources, run.host) == (
        ["model"], ["data.csv"], {"hostname": "here"},
    )  # fmt: skip
    assert stored["artifact_details"] == {
        "model": {"metadata": {"n": 1}, "content_type": "text/plain"}
    }


def test_a_new_entry_has_every_name_of_sacreds() -> None:
    """Other programs read them before the run ends: what is not known yet is null."""
    run = StoredRun(id="", status="QUEUED", command="main", queue_time=NOON, meta={"a": 1})
    assert json.loads(json_bytes(new_entry(run, "t"))) == {
        "command": "main", "host": {}, "start_time": None, "stop_time": None, "heartbeat": None,
        "status": "QUEUED", "result": None, "resources": [], "artifacts": [], "token": "t",
        "experiment": {}, "meta": {"a": 1, "queue_time": "2026-01-01T12:00:00.000000"},
    }  # fmt: skip


def test_values_that_users_add_to_an_entry_are_converted() -> None:
    """Each by itself: a result that is as deep as any value stays so, whatever is beside it."""
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    stored = json.loads(entry_bytes({"result": plain(deep), "mine": {1}, "when": NOON}))
    assert stored["result"] == plain(deep)
    assert stored["mine"] == [1] and "2026-01-01" in str(stored["when"])


@pytest.mark.parametrize(
    "values",
    [
        [{"a": [1]}, {"a": [True]}, {"a": [1.0]}, {"a": [-0.0]}, {"a": [0.0]}],
        [[b"ab"], [bytearray(b"ab")], [memoryview(b"ab")], ["ab"]],
        [[1, 2], (1, 2), {1, 2}, {1: 2}],
        [10**5000, [10**5000], {"a": {"b": [math.nan, math.inf]}}, [{"%json": "NaN"}]],
        [{"b": 1, "a": 2}, {"a": 2, "b": 1}, OrderedDict(a=2, b=1)],
    ],
    ids=["numbers", "bytes", "containers", "odd values", "order"],
)
def test_a_remembered_text_is_that_of_the_same_value(values: list[Any]) -> None:
    """Values with equal bytes or equal to each other are not confused, in whatever order."""
    for order in (values, values[::-1], values * 2):
        for value in order:
            found = json.loads(entry_bytes({"mine": value}))
            assert list(map(repr, found.items())) == [
                repr(("mine", json.loads(to_json(plain(value)))))
            ]


def test_a_value_that_is_changed_in_place_is_written_again() -> None:
    """Also within containers, and in a thousand different entries."""
    entry: dict[str, Any] = {"mine": {"list": []}, "meta": {"options": {"n": 0}}}
    for number in range(1000):
        entry["mine"]["list"].append(number)
        entry["meta"]["options"]["n"] = number
        text = entry_bytes(entry).decode()
        assert text == json.dumps(entry, indent=2) + "\n"


@pytest.mark.parametrize("odd", ["plain", 'é \ud800 \n"', "%json", "py/x", "json://"])
@pytest.mark.parametrize("depth", [1, 2, 3, 5, 60])
def test_a_large_dictionary_is_written_as_any_other(odd: str, depth: int) -> None:
    """Whatever its keys and values are, and at each depth."""
    leaf = {"size": 1, odd: [odd, math.nan, {"a": None}], "empty": {}, "none": []}
    value: Any = {f"name {number}": dict(leaf, number=number) for number in range(100)}
    for level in range(depth):
        value = {odd: value, "level": level, "next": {"a": [1]}}
    for name in ("mine", "facts", "artifact_details", "meta"):
        expected = json_bytes({name: value, "other": {odd: {}}}).decode()
        for _ in range(2):
            assert entry_bytes({name: value, "other": {odd: {}}}).decode() == expected


def test_a_file_that_is_added_costs_no_encoding_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Details of files are encoded once, and joined for each new file."""
    encoded: list[Any] = []
    encode = record.remember_text

    def note(value: Any, indent: str) -> str:
        encoded.append(value)
        return encode(value, indent)

    monkeypatch.setattr(record, "remember_text", note)
    files: dict[str, Any] = {}
    entry = {"facts": {"metrics": {}, "files": {"artifact": files}}}
    for number in range(200):
        files[f"file {number}"] = {"size": number, "md5": "0" * 32}
        assert entry_bytes(entry).decode() == json.dumps(entry, indent=2) + "\n"
    assert len([each for each in encoded if "size" in each]) == 200


def test_only_named_fields_of_an_entry_change() -> None:
    """An empty traceback, and what is in other files, is not written."""
    run = StoredRun(id="", status="RUNNING")
    entry = new_entry(run, "t")
    run.result, run.heartbeat, run.info = 5, NOON, {"a": 1}
    update_entry(entry, run, ["heartbeat", "info", "fail_trace", "artifacts"])
    assert entry == {**new_entry(StoredRun(id="", status="RUNNING"), "t"), "heartbeat": NOON_TEXT}


@pytest.mark.parametrize("name", ["start_time", "stop_time", "heartbeat"])
def test_a_time_that_cannot_be_read_is_damage(name: str) -> None:
    """The rest of the run is read."""
    fields = run_fields(lambda: {name: "yesterday", "command": "main"})
    assert fields["command"]() == "main"
    with pytest.raises(DamagedRecordError, match=f"{name} is not a time: 'yesterday'"):
        fields[name]()


def test_files_are_listed_once() -> None:
    """What is added again with other details is replaced, and written again."""
    entry = new_entry(NEW, "t")
    lists = FileLists(entry)
    assert lists.add_artifact("a", None, None)
    assert not lists.add_artifact("a", None, None)
    assert lists.add_artifact("a", {"n": 1}, None)
    assert lists.add_resource("r", "1") and not lists.add_resource("r", "1")
    assert lists.add_resource("r", "2")
    assert (entry["artifacts"], entry["resources"]) == (["a"], [["r", "1"], ["r", "2"]])
    assert entry["artifact_details"] == {"a": {"metadata": {"n": 1}}}


def test_the_first_files_are_written_at_once() -> None:
    """Later ones wait for the heartbeat: writing the entry for each would cost more with each."""
    lists = FileLists(new_entry(NEW, "t"))
    artifacts = [lists.add_artifact(str(number), None, None) for number in range(30)]
    resources = [lists.add_resource(str(number), "") for number in range(30)]
    assert artifacts + resources == [True] * 50 + [False] * 10


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (None, None),
        (NOON, "2026-01-01T12:00:00.000000"),
        (datetime(2026, 1, 1, 12, microsecond=5), "2026-01-01T12:00:00.000005"),
        (
            datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))),
            "2026-01-01T10:00:00.000000",
        ),
    ],
)
def test_times_are_in_utc_without_an_offset(time: datetime | None, text: str | None) -> None:
    """Times are in UTC without an offset, as Sacred writes them; a time without a zone is taken as
    UTC.
    """
    assert format_time(time) == text
    assert parse_time(text) == (time and time.replace(tzinfo=time.tzinfo or UTC))


@pytest.mark.parametrize("value", [None, 5, "", "yesterday", "9999-12-31T23:59:59-10:00", []])
def test_what_is_not_a_time_is_none(value: Any) -> None:
    """A record may contain anything."""
    assert parse_time(value) is None


def test_annotations_are_read_as_they_were_written() -> None:
    """A line that a crash cut off, or that another program wrote, is skipped."""
    first = Annotation(time=NOON, user="ann", note="ä\nb", added=("x",), removed=("y",))
    second = Annotation(time=NOON, user="bob")
    lines = annotation_line(first) + b'{"other": 1}\n[]\n' + annotation_line(second)
    assert list(parse_annotations(lines + b'{"time": "2026')) == [first, second]


def test_names_of_shared_content_are_found_in_a_damaged_entry() -> None:
    """A deletion removes what the readable parts name."""
    entry = {
        "resources": [["data.csv", "_resources/data_1.csv"], ["half"], 5],
        "experiment": {
            "sources": [["main.py", "_sources/main_2.py"], ["other.py", None]],
            "repositories": [{"patch": "_sources/uncommitted_3.patch"}, {"patch": 1}, None],
        },
    }
    assert list(shared_names(entry)) == [
        "_resources/data_1.csv", "_sources/main_2.py", "_sources/uncommitted_3.patch",
    ]  # fmt: skip
    for damaged in (None, [], {"experiment": 1}, {"resources": {}, "experiment": {"sources": 1}}):
        assert list(shared_names(damaged)) == []


def test_json_files_end_with_a_line_feed() -> None:
    """Any plain data is valid JSON."""
    assert json_bytes({"a": float("nan")}).startswith(b'{\n  "a": ')
    assert json.loads(json_bytes({"a": float("nan"), "b": "\ud800"}))
    assert json_bytes([1]) == b"[\n  1\n]\n"


def test_output_is_utf_8() -> None:
    """A lone surrogate is escaped; bytes of another encoding are replaced when they are read."""
    assert decode_output(encode_output("ä \U0001f600\r\n")) == "ä \U0001f600\r\n"
    assert encode_output("\ud800") == b"\\ud800"
    assert decode_output(b"\xff") == "\ufffd"
