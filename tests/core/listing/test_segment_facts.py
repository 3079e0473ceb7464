"""Tests of the segments of a run on its page, in JSON and in exports."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.main import sacred
from sacred_core.exceptions import UsageError
from sacred_core.listing.run_data import as_data, run_as_data
from sacred_core.listing.segment_facts import segment_lines, segment_output
from sacred_core.stores import Segment, StoredRun, find_runs, to_frame
from sacred_core.stores.segments import changed_code, is_other_code, with_first_code
from sacred_core.stores.tables import metrics_frame
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore
from sacred_core.testing.segment_contract import write_segments

jsonschema = pytest.importorskip("jsonschema")
SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "runs.schema.json").read_text())
LOCATION = "memory://"
START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MARK = "[segment 2 of this run: 2026-03-02 10:00:00 UTC on n2]\n"


def segments_of(end: datetime | None) -> list[Segment]:
    """Return the segments of `resumed`."""
    return [
        Segment(
            start_time=START, stop_time=START + timedelta(minutes=12, seconds=4), status="DEAD",
            host={"hostname": "n1"}, code="a",
        ),
        Segment(
            start_time=START + timedelta(minutes=30), stop_time=end, status="RUNNING",
            host={"hostname": "n2"}, code="b", output=len("one\ntwo\n" + MARK),
            points={"loss": 4},
        ),
    ]  # fmt: skip


@pytest.fixture
def resumed(monkeypatch: pytest.MonkeyPatch) -> tuple[MemoryStore, Any]:
    """A store with a run of two segments and a run with one, and the id of the former."""
    memory = Memory()
    monkeypatch.setattr(
        "sacred_core.cli.runs.options.open_store", lambda *args, **options: MemoryStore(memory)
    )
    driver = EventDriver(MemoryObserver(memory))
    run_id = driver.start()
    driver.log("loss", [5.0, 4.0, 9.0, 8.0])
    driver.print("one\ntwo\n")
    driver.print(MARK)
    driver.log("loss", [3.0, 2.0], first_step=2)
    driver.print("three\n")
    driver.beat()
    write_segments(driver, segments_of(None))
    driver.complete()
    other = EventDriver(MemoryObserver(memory))
    other.start()
    other.log("loss", [9.0])
    other.complete()
    return MemoryStore(memory), run_id


def sacred_runs(*args: str) -> Result:
    """Return the result of ``sacred runs``, which succeeds."""
    result = CliRunner().invoke(sacred, ["runs", *args])
    assert result.exit_code == 0, result.output
    return result


def test_a_line_for_each_segment() -> None:
    """Start, duration, status, host and whether the code changed; none for a single segment."""
    end = START + timedelta(hours=1)
    run = StoredRun(id=1, status="COMPLETED", start_time=START, segments=segments_of(end))
    assert segment_lines(run) == [
        "1: started 2026-03-02 09:30:00 UTC, took 0:12:04, DEAD, on n1",
        "2: started 2026-03-02 10:00:00 UTC, took 0:30:00, COMPLETED, on n2, other code",
    ]
    assert changed_code(run) == [2]
    assert segment_lines(StoredRun(id=1, status="COMPLETED", start_time=START)) == []
    unknown = StoredRun(id=1, status="FAILED", segments=[Segment(), Segment()])
    assert segment_lines(unknown) == ["1: ", "2: FAILED"]
    assert not is_other_code(Segment(code="a"), Segment()) and changed_code(unknown) == []


def test_the_output_of_one_segment(resumed: tuple[MemoryStore, Any]) -> None:
    """Without the line that marks the beginning of the next one."""
    store, run_id = resumed
    run = store.get(run_id)
    assert segment_output(store, run, 0) == segment_output(store, run, -2) == "one\ntwo\n"
    assert segment_output(store, run, 1) == segment_output(store, run, -1) == "three\n"
    with pytest.raises(UsageError, match=r"has no segment 3: it has 2 segments"):
        segment_output(store, run, 2)
    with pytest.raises(UsageError, match=r"has no segment -3: it has 2 segments"):
        segment_output(store, run, -3)
    run.recorded_segments[1] = Segment(output=4)
    assert segment_output(store, run, 0) == "one\n"  # no line marks it


def test_the_page_shows_segments_and_raw_points(resumed: tuple[MemoryStore, Any]) -> None:
    """The statistics of metrics are those of the shown points, or with --raw of all points."""
    _, run_id = resumed
    page = sacred_runs("show", LOCATION, str(run_id)).output
    assert "Segments:\n  1: started 2026-03-02 09:30:00 UTC, took 0:12:04, DEAD, on n1\n" in page
    assert "4 points, min 2 at step 3, max 5 at step 0, last 2 at step 3" in page
    raw = sacred_runs("show", LOCATION, str(run_id), "--raw").output
    assert "6 points, min 2 at step 3, max 9 at step 2, last 2 at step 3" in raw
    assert "Segments:" not in sacred_runs("show", LOCATION, "2").output


def test_json_has_segments(resumed: tuple[MemoryStore, Any]) -> None:
    """Those of each run, as the schema describes them; points as they are shown, or all."""
    store, run_id = resumed
    for one in (str(run_id), "2"):
        data = json.loads(sacred_runs("show", LOCATION, one, "--json").output)
        jsonschema.validate(data, SCHEMA)
        assert data["segments"] == as_data(store.get(int(one)))["segments"]
    assert [len(run["segments"]) for run in map(as_data, store.list())] == [2, 1]
    raw = json.loads(sacred_runs("show", LOCATION, str(run_id), "--json", "--raw").output)
    assert raw["metrics"]["loss"]["steps"] == [0, 1, 2, 3, 2, 3]
    shown = run_as_data(store, store.get(run_id))
    assert shown["metrics"]["loss"]["values"] == [5.0, 4.0, 3.0, 2.0]
    assert shown["summaries"]["loss"]["max"] == 5.0
    assert shown["segments"][1]["start_time"] == "2026-03-02T10:00:00+00:00"


def test_exports_and_frames_have_shown_points(
    resumed: tuple[MemoryStore, Any], tmp_path: Path
) -> None:
    """A row for each shown point, or with --raw for each point; statistics are of shown points."""
    store, run_id = resumed

    def export(*args: str) -> list[dict[str, str]]:
        target = tmp_path / "rows.csv"
        sacred_runs("export", LOCATION, *args, "--to", str(target))
        with target.open(newline="") as file:
            return [row for row in csv.DictReader(file) if row["id"] == str(run_id)]

    assert [row["step"] for row in export("--points")] == ["0", "1", "2", "3"]
    assert [row["step"] for row in export("--points", "--raw")] == ["0", "1", "2", "3", "2", "3"]
    assert export()[0]["metrics.loss.max"] == "5.0"
    pytest.importorskip("pandas")
    assert list(metrics_frame(store, [run_id])["value"]) == [5.0, 4.0, 3.0, 2.0]
    assert len(metrics_frame(store, [run_id], raw=True)) == 6
    assert list(to_frame(store, metrics=True)["metrics.loss.max"]) == [5.0, 9.0]


def test_listings_select_and_sort_resumed_runs(resumed: tuple[MemoryStore, Any]) -> None:
    """By the number of segments, and by the statistics of what is shown."""
    store, run_id = resumed
    assert [run.id for run in find_runs(store, "segments > 1")] == [run_id]
    assert [run.id for run in find_runs(store, "segments = 1")] == [2]
    listed = sacred_runs(
        "list", LOCATION, "--sort", "metrics.loss.max", "-c", "id,segments,metrics.loss.max",
        "--csv",
    ).output  # fmt: skip
    assert listed.splitlines()[1:] == [f"{run_id},2,5.0", "2,1,9.0"]


def test_watching_prints_new_points_of_a_resumed_run(resumed: tuple[MemoryStore, Any]) -> None:
    """The last point, although fewer points are shown than are stored."""
    _, run_id = resumed
    result = sacred_runs("watch", LOCATION, str(run_id))
    assert "loss = 2 at step 3" in result.stderr


def test_the_code_of_the_first_segment() -> None:
    """Sources that a later segment has in another version, and its packages, are left out."""
    experiment = {
        "name": "e", "sources": [["a.py", "1" * 32], [".segments/2/a.py", "2" * 32]],
        "dependencies": ["numpy==2.0", "numpy==2.1"],
    }  # fmt: skip
    segments = [Segment(dependencies=["numpy==2.0"]), Segment()]
    run = StoredRun(id=1, status="FAILED", experiment=experiment, segments=segments)
    first = with_first_code(run)
    assert first.sources == {"a.py": "1" * 32} and first.recorded_status == "FAILED"
    assert first.experiment["dependencies"] == ["numpy==2.0"] and first.name == "e"
    assert [*run.sources] == ["a.py", ".segments/2/a.py"]
    first.recorded_segments = []
    assert with_first_code(first).experiment == first.experiment
