"""Tests of runs as plain data."""

import json
from pathlib import Path

import pytest

from sacred_core.exceptions import DamagedRecordError
from sacred_core.listing.run_data import as_data, run_as_data
from sacred_core.stores.worker_claims import WorkerClaim
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

jsonschema = pytest.importorskip("jsonschema")
SCHEMA = Path(__file__).parents[3] / "docs" / "runs.schema.json"


@pytest.fixture
def store() -> MemoryStore:
    """A store with one run."""
    memory = Memory()
    driver = EventDriver(MemoryObserver(memory))
    driver.start(config={"lr": 0.5})
    driver.log("loss", [1.0, 0.5])
    driver.print("hello")
    driver.complete(result=3)
    return MemoryStore(memory)


def test_a_run_follows_the_schema(store: MemoryStore) -> None:
    """`as_data` has the record, `run_as_data` also points and output."""
    (run,) = store.list()
    schema = json.loads(SCHEMA.read_text())
    short, whole = as_data(run), run_as_data(store, run)
    for data in (short, whole):
        jsonschema.validate(json.loads(json.dumps(data)), schema)
    assert short["summaries"]["loss"]["last"] == 0.5 and "output" not in short
    assert whole["metrics"]["loss"]["values"] == [1.0, 0.5]
    assert (whole["output"], whole["damage"]) == ("hello", None)


def test_the_claim_of_a_worker_has_no_token(store: MemoryStore) -> None:
    """A token lets its owner write: it is not printed."""
    (run,) = store.list()
    run.claim = WorkerClaim(worker="ann", token="claim-secret", number=2, reason="node lost")
    data = as_data(run)
    jsonschema.validate(json.loads(json.dumps(data)), json.loads(SCHEMA.read_text()))
    assert data["claim"]["worker"] == "ann" and data["claim"]["number"] == 2
    assert "claim-secret" not in json.dumps(data)


def test_what_cannot_be_read_is_null(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is in the entry of the damage, once."""

    def fail(run_id: int | str) -> str:
        raise DamagedRecordError("it is cut")

    monkeypatch.setattr(store, "output", fail)
    monkeypatch.setattr(store, "metrics", fail)
    data = run_as_data(store, store.get(1))
    assert (data["output"], data["metrics"], data["damage"]) == (None, None, "it is cut")
