"""Tests of the claims of workers, as records have them."""

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores import StoredRun
from sacred_core.stores.worker_claims import (
    CLAIM_PREFIX,
    WorkerClaim,
    beats_of,
    decode_claim,
    encode_claim,
    is_claimed_by,
    is_growing,
    is_held,
    is_waiting,
    new_claim_token,
    next_beat,
    state_of,
    with_beats,
)

CLAIM = WorkerClaim(
    worker="ann", token="claim-1", interval=2.5, beats=3, number=2, lost=1, reason="node lost"
)


def run_with(status: str, claim: WorkerClaim | None = None) -> StoredRun:
    """Return a run with a status and a claim."""
    run = StoredRun(id=1, status=status)
    run.claim = claim
    return run


def test_a_claim_comes_back() -> None:
    """What was encoded is decoded to an equal claim; missing entries have their defaults."""
    assert decode_claim(encode_claim(CLAIM)) == CLAIM
    assert decode_claim({"worker": "ann", "later": 1}) == WorkerClaim(worker="ann")
    assert decode_claim(None) is None


@pytest.mark.parametrize(
    "stored", [[], "ann", {"worker": 5}, {"beats": True}, {"interval": "1"}, {"lost": 1.5}]
)
def test_a_damaged_claim_is_an_error(stored: Any) -> None:
    """A claim of another form is damage of the record; an integer may be an interval."""
    with pytest.raises(DamagedRecordError, match="claim of a worker"):
        decode_claim(stored)
    assert decode_claim({"interval": 5}) == WorkerClaim(interval=5)


def test_tokens_of_claims_differ() -> None:
    """Each has the prefix, and fits into 64 characters."""
    tokens = {new_claim_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(each.startswith(CLAIM_PREFIX) and len(each) <= 64 for each in tokens)


@pytest.mark.parametrize(
    ("status", "claim", "waiting", "held"),
    [
        ("QUEUED", None, True, False),
        ("QUEUED", CLAIM, False, True),
        ("QUEUED", attrs.evolve(CLAIM, worker=""), True, False),
        ("RUNNING", CLAIM, False, True),
        ("RUNNING", None, False, False),
        ("FAILED", CLAIM, False, False),
    ],
)
def test_a_run_waits_or_is_held(
    status: str, claim: WorkerClaim | None, waiting: bool, held: bool
) -> None:
    """A run that was put back waits; one that has ended is not held."""
    run = run_with(status, claim)
    assert (is_waiting(run), is_held(run)) == (waiting, held)
    assert is_claimed_by(run, CLAIM) == (status == "QUEUED" and claim is not None)
    assert not is_claimed_by(run, attrs.evolve(CLAIM, token="claim-2"))


def test_the_state_changes_with_each_sign_of_life() -> None:
    """Renewals, heartbeats, a new claim, a new status: each changes the state."""
    states = {state_of(run_with("QUEUED")), state_of(run_with("QUEUED", CLAIM))}
    states.add(state_of(run_with("QUEUED", next_beat(CLAIM))))
    states.add(state_of(run_with("QUEUED", attrs.evolve(CLAIM, token="claim-2"))))
    states.add(state_of(run_with("QUEUED", attrs.evolve(CLAIM, lost=2))))
    states.add(state_of(run_with("RUNNING", CLAIM)))
    beating = run_with("RUNNING", CLAIM)
    beating.heartbeat = datetime.now(UTC)
    states.add(state_of(beating))
    assert len(states) == 7
    assert state_of(run_with("QUEUED", CLAIM)) == state_of(run_with("QUEUED", CLAIM))


def test_renewals_can_be_stored_beside_the_claim() -> None:
    """They count only for the same claim, and never reduce what the record has."""
    renewed = next_beat(next_beat(CLAIM))
    assert renewed.beats == 5 and next_beat(None).beats == 1
    assert with_beats(CLAIM, beats_of(renewed)) == renewed
    assert with_beats(renewed, beats_of(CLAIM)) == renewed
    other = attrs.evolve(CLAIM, token="claim-2")
    for stored in (
        beats_of(other),
        None,
        [],
        {"token": "claim-1"},
        {"token": "claim-1", "beats": "9"},
    ):
        assert with_beats(CLAIM, stored) == CLAIM


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"status": "RUNNING"}, True),
        ({"status": "QUEUED"}, False),
        ({"status": "QUEUED", "start_time": "now", "stop_time": None}, True),
        ({"status": "QUEUED", "start_time": "now", "stop_time": "now"}, False),
        ({"status": "FAILED", "start_time": "now"}, False),
        ({}, False),
    ],
)
def test_a_lost_run_in_the_queue_still_grows(record: dict[str, Any], expected: bool) -> None:
    """Its output and points are where a running run has them."""
    assert is_growing(record) is expected
