"""Tests of what stores of documents share, and of the helpers for backends."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.stores import Annotation, FileInfo, StoredRun, make_run
from sacred_core.stores.documents import (
    FIELDS,
    decode_annotation,
    decode_fields,
    encode_annotation,
    encode_fields,
    encode_points,
    merge_output,
    merge_points,
)
from sacred_core.stores.facts import FACTS
from sacred_core.stores.summaries import summarize
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


def test_fields_are_read_as_they_were_written() -> None:
    """Times, numbers that JSON lacks, odd strings, and what is None."""
    run = StoredRun(
        id=3, run_id="other", status="COMPLETED", command="main", experiment={"name": "e"},
        host={"hostname": "h"}, config={"a": float("nan"), "b": "caf\udce9"}, meta={"beat": 1.0},
        info={"x": [1, 1.0, True]}, result=float("inf"), queue_time=None, start_time=NOW,
        stop_time=NOW, heartbeat=NOW, fail_trace=["a\n"], artifacts=["m"], resources=["r"],
        metrics={"loss": summarize([0, 1], [2.0, float("nan")])},
        files={"artifact": {"m": FileInfo(size=3, md5="0" * 32, metadata={"a": 1})}},
    )  # fmt: skip
    texts = encode_fields(run)
    assert set(texts) == {*FIELDS, "facts"} - FACTS
    assert all(text.encode() for text in texts.values())
    found = make_run(3, decode_fields(texts))
    assert repr(found) == repr(run)


def test_only_the_named_fields_are_written() -> None:
    """An update of a run has those that changed."""
    run = StoredRun(id=1, status="RUNNING", info={"a": 1})
    assert encode_fields(run, ["info", "status"]) == {"info": '{"a": 1}', "status": '"RUNNING"'}
    assert [*encode_fields(run, ["metrics", "heartbeat"])] == ["heartbeat", "facts"]


def test_a_field_that_cannot_be_read_is_damage() -> None:
    """The others are read; fields of other names are not those of a run."""
    run = make_run(1, decode_fields({"status": '"QUEUED"', "config": "[1", "damage": '"x"'}))
    assert run.recorded_status == "QUEUED" and run.config == {}
    assert run.damage is not None and run.damage.startswith("config: ")


def test_annotations_are_read_as_they_were_written() -> None:
    """Tags, note, user and time."""
    annotation = Annotation(time=NOW, user="änn", note="n", added=["a"], removed=["b"])
    assert decode_annotation(encode_annotation(annotation)) == annotation


@given(st.lists(st.tuples(st.text(max_size=4), st.integers(0, 12))))
def test_output_is_the_sum_of_its_parts(changes: list[tuple[str, int]]) -> None:
    """Each replaces everything from its offset on."""
    expected, parts = "", []
    for text, offset in changes:
        offset = min(offset, len(expected))
        expected = expected[:offset] + text
        parts.append((offset, text))
    assert merge_output(parts) == expected


def test_points_are_the_sum_of_their_parts() -> None:
    """A part that is stored twice counts once; metrics are separate."""

    def part(name: str, start: int, values: list[Any]) -> tuple[str, int, str]:
        steps = list(range(start, start + len(values)))
        metric = {"steps": steps, "values": values, "timestamps": [NOW] * len(values)}
        return name, start, encode_points(metric)

    parts = [
        part("loss", 0, [0.5, float("nan")]), part("b.c", 0, ["x"]), part("loss", 2, [1]),
        part("loss", 2, [1]), part("loss", 0, [0.5, 2.0]),
    ]  # fmt: skip
    assert merge_points(parts) == {
        "loss": {"steps": [0, 1, 2], "values": [0.5, 2.0, 1], "timestamps": [NOW] * 3},
        "b.c": {"steps": [0], "values": ["x"], "timestamps": [NOW]},
    }


@pytest.fixture
def store() -> MemoryStore:
    """A store with the running run 1 and the completed run 2, which has an artifact."""
    memory = Memory()
    EventDriver(MemoryObserver(memory)).start(start_time=datetime.now(UTC))
    driver = EventDriver(MemoryObserver(memory))
    driver.start()
    driver.complete()
    return MemoryStore(memory)


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("get", ("x",), "run 'x' not found in the memory"),
        ("output", (7,), "run '7' not found in the memory"),
        ("delete", ("1",), "run '1' is still running"),
        ("open_file", (2, "artifact", "a"), "run '2' has no artifact 'a'"),
        ("annotate", (9, None), "run '9' not found in the memory"),
        ("complete_output", ("x", "t"), "run 'x' not found in the memory"),
    ],
)
def test_what_a_store_lacks_is_an_error(
    store: MemoryStore, method: str, arguments: tuple[Any, ...], message: str
) -> None:
    """One sentence with the id and the store."""
    with pytest.raises(StoreError, match=message):
        getattr(store, method)(*arguments)


def test_a_run_that_another_process_deletes_is_not_found(store: MemoryStore) -> None:
    """Between finding and removing it."""

    class Late(MemoryStore):
        def remove(self, record: Any) -> bool:
            super().remove(record)
            return super().remove(record)

    with pytest.raises(StoreError, match="run '2' not found in the memory"):
        Late(store.memory).delete(2)


#: Calls of a store with the part of the record that each uses.
CALLS: list[tuple[str, tuple[Any, ...], str]] = [
    ("get", (2,), "run"),
    ("output", (2,), "output"),
    ("complete_output", (2, "text"), "output"),
    ("metrics", (2,), "metrics"),
    ("open_file", (2, "artifact", "a"), "files"),
    ("annotate", (2, Annotation(time=NOW, user="u", note="n")), "annotations"),
    ("delete", (2,), "run"),
]


@pytest.mark.parametrize(("method", "arguments", "part"), CALLS)
def test_a_store_asks_for_the_part_of_a_record_that_it_uses(
    store: MemoryStore, method: str, arguments: tuple[Any, ...], part: str
) -> None:
    """A backend can return a record without the other parts."""
    parts = []

    class Partial(MemoryStore):
        def find(self, run_id: int | str) -> Any:
            parts.append("run")
            return super().find(run_id)

        def find_part(self, run_id: int | str, part: str) -> Any:
            parts.append(part)
            return MemoryStore.find(self, run_id)

    if method == "open_file":
        store.memory.runs[2].files["artifact", "a"] = b"content"
    getattr(Partial(store.memory), method)(*arguments)
    assert parts == [part]


@pytest.mark.parametrize(("method", "arguments"), [*(call[:2] for call in CALLS), ("list", ())])
def test_errors_of_a_driver_are_translated(
    store: MemoryStore, method: str, arguments: tuple[Any, ...]
) -> None:
    """Each method raises the error of the core in the place of that of the driver."""

    class Away(MemoryStore):
        outages = (ConnectionError,)

        @contextmanager
        def translate_errors(self) -> Iterator[None]:
            try:
                yield
            except ConnectionError as error:
                raise UnavailableError("the server is away") from error

        def find(self, run_id: int | str) -> Any:
            raise ConnectionError

        def records(self, query: Any, newest_first: bool) -> Any:
            raise ConnectionError

    with pytest.raises(UnavailableError, match="the server is away"):
        list(getattr(Away(store.memory), method)(*arguments))
