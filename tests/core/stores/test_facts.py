"""Tests of the facts of a run as plain data."""

import math
from typing import Any

import pytest

from sacred_core.exceptions import DamagedRecordError
from sacred_core.serialization import from_json, to_json
from sacred_core.stores import Segment, StoredRun
from sacred_core.stores.facts import encode_facts, facts_fields
from sacred_core.stores.recorded_files import FileInfo
from sacred_core.stores.summaries import summarize


def read(stored: Any) -> dict[str, Any]:
    return {name: field() for name, field in facts_fields(lambda: stored).items()}


def test_facts_come_back() -> None:
    """Summaries and facts about files pass through JSON without loss; what is unknown is None."""
    files = {
        "artifact": {"a": FileInfo(size=3, md5="0" * 32, content_type="x/y", metadata={"k": [1]})},
        "source": {"b.py": FileInfo(md5="1" * 32), "c.py": FileInfo()},
    }
    metrics = {"loss": summarize([0, 1], [math.nan, 2.5]), "text": summarize([0], ["x"])}
    segments = [Segment(status="DEAD", points={"loss": 1}), Segment(status="COMPLETED", output=3)]
    run = StoredRun(
        id=1, status="COMPLETED", files=files, metrics=metrics, output_length=7,
        segments=segments, writers=["rank1"],
    )  # fmt: skip
    found = read(from_json(to_json(encode_facts(run))))
    assert found["files"] == files
    assert (found["segments"], found["writers"]) == (segments, ["rank1"])
    assert found["output_length"] == 7
    assert found["metrics"] == metrics, "NaN equals itself"
    assert found["metrics"]["loss"] != summarize([0, 1], [1.0, 2.5])


def test_a_run_without_facts() -> None:
    """A record of an earlier release has none; those of a new run are empty."""
    assert set(read(None).values()) == {None}
    facts = encode_facts(StoredRun(id=1, status="RUNNING"))
    assert facts == {"metrics": {}, "files": {}}
    none = dict.fromkeys(("output_length", "segments", "writers", "claim"))
    assert read(facts) == {"metrics": {}, "files": {}, **none}


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("metrics", []),
        ("metrics", {"files": {}}),
        ("metrics", {"metrics": {"loss": [1]}}),
        ("metrics", {"metrics": {"loss": "x"}}),
        ("metrics", {"metrics": {"loss": 3}}),
        ("files", {"metrics": {}}),
        ("files", {"files": {"artifact": 1}}),
        ("files", {"files": {"artifact": {"a": {"sise": 1}}}}),
        ("files", {"files": {"artifact": {"a": {"size": "1"}}}}),
        ("files", {"files": {"artifact": {"a": {"size": True}}}}),
        ("files", {"files": {"artifact": {"a": {"md5": 1}}}}),
        ("files", {"files": {"artifact": {"a": {"metadata": []}}}}),
        ("segments", {"segments": [3]}),
        ("writers", {"writers": "rank1"}),
        ("writers", {"writers": [1]}),
        ("output_length", {"output_length": -1}),
        ("output_length", {"output_length": True}),
        ("output_length", {"output_length": "7"}),
    ],
)
def test_damaged_facts_are_named(name: str, stored: Any) -> None:
    """Something of another form is damage of this field."""
    with pytest.raises(DamagedRecordError):
        facts_fields(lambda: stored)[name]()


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([["a.csv", f"_resources/a_{'0' * 32}.csv"]], {"a.csv": "0" * 32}),
        ([["a.csv", "1" * 32]], {"a.csv": "1" * 32}),
        ([["a", f"/data/b_{'0' * 32}.csv", "1" * 32, '{TinyFile}:"x"']], {"a": "1" * 32}),
        ([("a", "2" * 32), ("b", "unknown"), ("c", None)], {"a": "2" * 32}),
        (["name", ["name"], None, 5, [], [5, "3" * 32]], {"5": "3" * 32}),
        (None, {}),
    ],
)
def test_digests_of_files_that_sacred_recorded(entries: Any, expected: dict[str, str]) -> None:
    """They are in the entries of a record without facts, which may be damaged."""
    fields = facts_fields(lambda: None, {"resource": lambda: entries})
    assert fields["files"]() == {
        "resource": {name: FileInfo(md5=md5) for name, md5 in expected.items()}
    }
