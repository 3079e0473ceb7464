"""Tests of runs and points as rows, frames and files."""

import csv
import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sacred_core.exceptions import OptionError
from sacred_core.stores import Annotation
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.folder_format.record import parse_time
from sacred_core.stores.tables import (
    POINT_COLUMNS,
    metrics_frame,
    point_rows,
    run_row,
    to_frame,
    write_rows,
)
from sacred_core.stores.times import TimeColumn
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

pd = pytest.importorskip("pandas")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store() -> MemoryStore:
    """Two runs with different entries, results and metrics."""
    memory = Memory()
    for number in (1, 2):
        driver = EventDriver(MemoryObserver(memory))
        config = {"lr": number / 10, "model": {"size": number}} | (
            {"only": "2"} if number == 2 else {}
        )
        driver.start(config=config, meta_info={"comment": f"c{number}"})
        driver.log("loss", [3.0, float(number), math.nan])
        if number == 2:
            driver.log("text", ["a", None])
        driver.complete(result={"acc": number / 4, "deep": {"n": number}} if number == 1 else 7)
    found = MemoryStore(memory)
    found.annotate(1, Annotation(time=NOW, user="u", note="a note", added=["x", "y"]))
    return found


def test_a_run_is_one_row(store: MemoryStore) -> None:
    """Entries of configuration and result, statistics, tags, notes and comment are columns."""
    one, two = (run_row(run, MetricSummaries(store)) for run in store.list())
    expected = {
        "id": 1, "status": "COMPLETED", "config.lr": 0.1, "config.model.size": 1,
        "result.acc": 0.25, "result.deep.n": 1, "tags": "x, y", "notes": "a note", "comment": "c1",
        "metrics.loss.min": 1.0, "metrics.loss.max": 3.0, "metrics.loss.count": 3,
    }  # fmt: skip
    assert {name: one[name] for name in expected} == expected
    assert math.isnan(one["metrics.loss.last"])
    assert (two["result"], two["config.only"], two["tags"]) == (7, "2", "")
    assert (two["metrics.text.count"], two["metrics.text.min"]) == (0, None)
    assert "result" not in one and len(one["uid"]) == 32


def test_frames(store: MemoryStore) -> None:
    """A frame of runs has a row for each, one of points a row for each point."""
    frame = to_frame(store, metrics=True)
    assert list(frame["config.lr"]) == [0.1, 0.2]
    assert pd.isna(frame["config.only"][0]) and frame["metrics.loss.min"][1] == 2.0
    points = metrics_frame(store, [1, 2])
    assert tuple(points.columns) == POINT_COLUMNS
    assert len(points) == 8
    loss = metrics_frame(store, [2], ["loss"])
    assert list(loss["step"]) == [0, 1, 2]
    assert list(loss["value"][:2]) == [3.0, 2.0]
    expected = list(store.metrics(2)["loss"]["timestamps"])
    assert list(loss["time"]) == [pd.Timestamp(time) for time in expected]
    assert tuple(metrics_frame(store, []).columns) == POINT_COLUMNS
    assert list(metrics_frame(store, [1], ["none"])["step"]) == []


@pytest.mark.parametrize("stored", [["2026-01-01T00:00:00", [1, 2]], [1.5, "x"], [{}, None]])
def test_what_is_not_a_time_is_missing_in_a_frame(stored: list[Any]) -> None:
    """A damaged time hides no point."""

    class Store(MemoryStore):
        def metrics(self, run_id: Any) -> dict[str, Any]:
            times = TimeColumn(2, lambda: stored, parse_time)
            return {"loss": {"steps": [0, 1], "values": [1.0, 2.0], "timestamps": times}}

    frame = metrics_frame(Store(Memory()), [1])
    assert list(frame["value"]) == [1.0, 2.0]
    assert pd.isna(frame["time"][1])


def test_points_are_rows(store: MemoryStore) -> None:
    """Rows of points come in the order of the metric; metrics can be chosen."""
    run = store.get(2)
    rows = [*point_rows(store, run, ["text"])]
    assert [row["value"] for row in rows] == ["a", None]
    assert [row["metric"] for row in point_rows(store, run)] == ["loss"] * 3 + ["text"] * 2
    assert [row["step"] for row in rows] == [0, 1]


ROWS: list[dict[str, Any]] = [
    {"id": 1, "x": 0.5, "flag": True, "time": NOW, "took": timedelta(seconds=1.5)},
    {"id": 2, "x": math.nan, "name": "ü,\n", "list": [1, {"a": None}]},
    {"id": 3, "x": math.inf, "flag": False, "name": None, "lone": "\udc80"},
]
COLUMNS = ["id", "x", "flag", "time", "took", "name", "list", "lone"]


def test_csv(tmp_path: Path) -> None:
    """Columns come in the order in which they occur first; other data are JSON."""
    target = tmp_path / "runs.csv"
    assert write_rows(iter(ROWS), target) == 3
    table = [*csv.reader(target.read_text(encoding="utf-8").splitlines(keepends=True))]
    assert table[0] == COLUMNS
    assert table[1] == ["1", "0.5", "True", "2026-01-01T00:00:00+00:00", "1.5", "", "", ""]
    assert table[2][:3] == ["2", "nan", ""] and table[2][5:7] == ["ü,\n", '[1, {"a": null}]']
    assert table[3][1] == "inf"
    assert write_rows(iter(ROWS), target, ["x", "none"]) == 3
    assert target.read_text(encoding="utf-8").splitlines()[:2] == ["x,none", "0.5,"]


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_json(tmp_path: Path, suffix: str) -> None:
    """A list of objects, or one a line; NaN and infinities are strings."""
    target = tmp_path / f"runs{suffix}"
    assert write_rows(iter(ROWS), target) == 3
    text = target.read_text(encoding="utf-8")
    found = json.loads(text) if suffix == ".json" else [*map(json.loads, text.splitlines())]
    assert [each["x"] for each in found] == [0.5, "NaN", "Infinity"]
    assert found[1]["list"] == [1, {"a": None}]
    assert write_rows(iter([]), target) == 0
    assert target.read_text() in ("[]\n", "")


def test_parquet(tmp_path: Path) -> None:
    """Columns of numbers and booleans have their type, all others are strings."""
    pq = pytest.importorskip("pyarrow.parquet")
    target = tmp_path / "runs.parquet"
    assert write_rows(iter(ROWS), target) == 3
    table = pq.read_table(target)
    assert table.column_names == COLUMNS
    kinds = {name: str(table.schema.field(name).type) for name in COLUMNS}
    assert kinds == {
        "id": "int64", "x": "double", "flag": "bool", "time": "string", "took": "double",
        "name": "string", "list": "string", "lone": "string",
    }  # fmt: skip
    data = table.to_pydict()
    assert data["id"] == [1, 2, 3]
    assert math.isnan(data["x"][1]) and data["flag"] == [True, None, False]
    assert data["list"] == [None, '[1, {"a": null}]', None]


def test_files_of_other_kinds(tmp_path: Path) -> None:
    """The message has the suffixes, and nothing is written."""
    with pytest.raises(OptionError, match=r"expected a file that ends with \.csv, \.json"):
        write_rows(iter(ROWS), tmp_path / "runs.txt")
    assert not [*tmp_path.iterdir()]


def test_a_failed_export_leaves_the_old_file(tmp_path: Path) -> None:
    """The file is replaced in one step, after the last row."""
    target = tmp_path / "runs.csv"
    target.write_text("old")

    def rows() -> Any:
        yield ROWS[0]
        raise RuntimeError("lost the store")

    with pytest.raises(RuntimeError):
        write_rows(rows(), target)
    assert [path.name for path in tmp_path.iterdir()] == ["runs.csv"]
    assert target.read_text() == "old"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"where": "config.rl > 0"}, "no run has config.rl: did you mean config.lr?"),
        (
            {"where": "status = DONE"},
            "no run has the status 'DONE': did you mean COMPLETED? (there are COMPLETED)",
        ),
        ({"sort": "-config.rl"}, "no run has config.rl: did you mean config.lr?"),
        (
            {"columns": "id, metrics.los.min"},
            "no run has metrics.los.min: did you mean metrics.loss.min?",
        ),
    ],
)
def test_a_frame_warns_of_what_no_run_has(
    store: MemoryStore, arguments: dict[str, Any], message: str
) -> None:
    """A misspelt entry is a warning, with a similar one, at the line of the caller."""
    with pytest.warns(UserWarning, match="no run has") as found:
        to_frame(store, **arguments)
    assert [str(each.message) for each in found] == [message]
    assert found[0].filename == __file__


@pytest.mark.parametrize(
    "arguments",
    [
        {"where": "config.only = 2", "columns": "id, config.only"},
        {"where": "config.lr > 7", "columns": "config.lr, config.only"},
        {"where": "config.zzz missing"},
    ],
)
def test_a_frame_does_not_warn_of_what_a_run_has(
    store: MemoryStore, arguments: dict[str, Any]
) -> None:
    """Entries of some runs, runs that do not match, and missing entries are no mistakes."""
    to_frame(store, **arguments)
