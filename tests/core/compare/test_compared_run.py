"""Tests of one run of a comparison."""

from typing import Any

import pytest

from sacred_core.compare import ComparedRun, diff
from sacred_core.exceptions import DamagedRecordError, StoreError, UnavailableError
from sacred_core.stores import StoredRun


def test_a_run_may_be_given_in_several_ways(record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Itself, its location with its id, and a store or its location with an id."""
    run = record({"lr": 1})
    places: list[str] = []

    def open_store(location: str) -> Any:
        places.append(location)
        return record.store

    monkeypatch.setattr("sacred_core.compare.compared_run.open_store", open_store)
    given = (run, "my#runs#1", (record.store, 1), (record.store, "1"), ("my#runs", 1))
    found = [ComparedRun.of(each) for each in given]
    assert [each.run for each in found] == [run] * 5
    assert [each.name for each in found] == [
        "the memory#1", "my#runs#1", "the memory#1", "the memory#1", "my#runs#1",
    ]  # fmt: skip
    assert places == ["my#runs", "my#runs"]
    assert ComparedRun.of(found[0]) is found[0]
    assert found[0].title == "the memory#1 (trial main, COMPLETED)"


def test_what_is_not_a_run_is_an_error(record: Any) -> None:
    """The message contains what to write."""
    with pytest.raises(ValueError, match="'my_runs' is not a run: write LOCATION#ID"):
        ComparedRun.of("my_runs")
    with pytest.raises(ValueError, match=r"was not read from a store: pass \(store, id\)"):
        ComparedRun.of(StoredRun(id=1, status="COMPLETED"))
    with pytest.raises(TypeError, match=r"a run is .* or \(store, id\), got int"):
        ComparedRun.of(1)  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="'9' not found"):
        ComparedRun.of((record.store, 9))


def test_each_part_is_read_once(record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points, output, and each file."""
    side = ComparedRun.of(record(sources={"a.py": "é\n"}, metrics={"loss": [1.0]}, output="x"))
    store, calls = type(record.store), []
    for name in ("metrics", "output", "open_file"):
        method = getattr(store, name)
        monkeypatch.setattr(
            store, name,
            lambda *args, name=name, method=method: calls.append(name) or method(*args),
        )  # fmt: skip
    for _ in range(2):
        assert side.source("a.py") == "é\n"
        assert side.source("b.py") is None
        assert side.output() == "x"
        assert side.points()["loss"]["values"] == [1.0]
        assert side.summaries()["loss"].last == 1.0
    assert sorted(calls) == ["metrics", "open_file", "open_file", "output"]


def test_a_record_without_summaries_has_those_of_its_points(record: Any) -> None:
    """As records of Sacred have none."""
    run = record(metrics={"loss": [3.0, 1.0]})
    run.metrics = None
    assert (ComparedRun.of(run).summaries()["loss"].min, run.metrics) == (1.0, None)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"x = 'a'\n", "x = 'a'\n"),
        ("# coding: latin-1\n# \xe9\n".encode("latin-1"), "# coding: latin-1\n# é\n"),
        (b"\xe9 unknown\n", "\\xe9 unknown\n"),
        (b"# coding: nonsense\n\xe9\n", "# coding: nonsense\n\\xe9\n"),
    ],
)
def test_sources_are_decoded_as_python_does(record: Any, content: bytes, text: str) -> None:
    """Bytes of no encoding are escaped."""
    assert ComparedRun.of(record(sources={"a.py": content})).source("a.py") == text


def test_an_outage_is_not_a_missing_file(record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is raised: the comparison would be wrong."""
    first, second = (record(sources={"a.py": text}) for text in ("1\n", "2\n"))

    def open_file(*args: Any) -> Any:
        raise UnavailableError("the server does not answer")

    monkeypatch.setattr(type(record.store), "open_file", open_file)
    with pytest.raises(UnavailableError):
        diff(first, second)


def test_damage_is_a_problem_and_the_rest_is_compared(
    record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Output that cannot be read is one line; a run that is compared with itself is read once."""
    first, second = (record({"lr": number}, output=str(number)) for number in (1, 2))
    read = type(record.store).output

    def output(store: Any, run_id: Any) -> Any:
        if run_id == second.id:
            raise DamagedRecordError("the output is damaged")
        return read(store, run_id)

    monkeypatch.setattr(type(record.store), "output", output)
    found = diff(first, second)
    assert [each.key for each in found] == ["lr"]
    assert found.problems == ("the memory#2: output not compared: the output is damaged",)
    assert len(diff(second, second).problems) == 1


def test_locations_are_shown_without_secrets(record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In names, headings and data."""
    record()
    monkeypatch.setattr("sacred_core.compare.compared_run.open_store", lambda place: record.store)
    location = "mongodb://ada:hunter2@host/db#1"
    found = diff(location, location)
    shown = f"{found.text()} {found.data()} {found!r} {found.first!r}"
    assert "hunter2" not in shown and "mongodb://ada:" in shown
