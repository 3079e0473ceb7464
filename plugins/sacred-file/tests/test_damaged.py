"""Tests of ``sacred runs`` over a folder with a damaged run."""

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result
from sacred_file import FileStorageObserver

from sacred_core import find_runs, open_store, to_frame
from sacred_core.cli.main import sacred
from sacred_core.testing import EventDriver

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "runs.schema.json").read_text())


@pytest.fixture
def runs(tmp_path: Path) -> str:
    """A folder of two runs, of which the second is damaged."""
    folder = tmp_path / "runs"
    for _ in range(2):
        driver = EventDriver(FileStorageObserver(folder))
        driver.start(config={"name": "x"})
        driver.log("accuracy", [1.0])
        driver.print("a\x1b[31mred\x1b[0m\n")
        driver.fail()
    (folder / "2" / "config.json").write_text("[")
    (folder / "2" / "metrics.json").write_text("[]")
    return str(folder)


def sacred_runs(*args: str) -> Result:
    """Return the answer of the command."""
    return CliRunner().invoke(sacred, ["runs", *args])


def found_ids(location: str, query: str | None = None) -> list[str]:
    return [str(run.id) for run in find_runs(open_store(location), query)]


def test_a_damaged_run_in_every_form(runs: str) -> None:
    """Listed with the reason on stderr, shown as far as it can be read, in the schema, deleted."""
    result = sacred_runs("list", runs)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[2].startswith("2   DAMAGED")
    assert result.stderr.startswith("Run 2 is damaged: ") and "2/config.json" in result.stderr
    for args in (("-s", "config.lr"), ("-c", "id,damage,config.lr", "--csv"), ("--json",)):
        assert "config.json" in sacred_runs("list", runs, *args).output
    assert found_ids(runs, "status = DAMAGED and damage has 'config.json'") == ["2"]
    assert found_ids(runs, "config.name missing or metrics.loss.last > 0") == ["2"]
    shown = sacred_runs("show", runs, "2")
    assert shown.exit_code == 0
    assert "DAMAGED" in shown.output and "Damage:" in shown.output
    assert "the metrics of run '2' cannot be read" in shown.output and "Traceback:" in shown.output
    data = json.loads(sacred_runs("show", runs, "2", "--json").output)
    jsonschema.validate(data, SCHEMA)
    assert (data["status"], data["recorded_status"], data["metrics"]) == ("DAMAGED", "FAILED", None)
    assert "the metrics of run '2'" in data["damage"] and data["output"].startswith("a\x1b[31m")
    for line in sacred_runs("list", runs, "--json").output.splitlines()[:2]:
        jsonschema.validate(json.loads(line), SCHEMA)
    assert sacred_runs("delete", runs, "-w", "status = DAMAGED", "--yes").exit_code == 0
    assert found_ids(runs) == ["1"]


def test_a_frame_has_damaged_runs(runs: str) -> None:
    """A frame has damaged runs, with the reason in a column."""
    pytest.importorskip("pandas")
    frame = to_frame(runs, metrics=True)
    assert list(frame["status"]) == ["FAILED", "DAMAGED"]
    assert "config.json" in frame["damage"][1]
