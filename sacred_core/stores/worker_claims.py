"""Which worker has a queued run, as the record of the run has it."""

import os
from collections.abc import Mapping
from typing import Any, TypeAlias

import attrs

from sacred_core.exceptions import DamagedRecordError
from sacred_core.shared_methods import ValueMethods

#: A `sacred_core.stores.model.StoredRun`, whose module imports this one.
Run: TypeAlias = Any
#: The beginning of the token of a queued run that a worker has claimed; see
#: `sacred_core.stores.tokens`. Other tokens are hexadecimal.
CLAIM_PREFIX = "claim-"
#: In place of a worker, while a process stores a queued run and compares it with others.
QUEUEING = "queueing"
#: A worker that has renewed its claim, or sent a heartbeat, not once during this many intervals is
#: dead.
MISSED_INTERVALS = 3


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WorkerClaim(ValueMethods):
    """The claim of a worker on a run of a queue.

    It remains in the record when the run has started or ended, so that it names the last worker.

    Attributes:
        worker: The name of the worker; empty if the run was put back into the queue.
        token: Of this claim: no other one has it.
        interval: Seconds between two renewals of the claim.
        beats: The number of renewals before the run started; then its heartbeats count.
        number: How often the run was claimed, this time included.
        lost: How often its process, or that of its worker, was lost.
        reason: Why it was put back into the queue last; empty if it never was.
    """

    worker: str = ""
    token: str = ""
    interval: float = 10.0
    beats: int = 0
    number: int = 0
    lost: int = 0
    reason: str = ""


def new_claim_token() -> str:
    """Return a token that differs from every other one."""
    return CLAIM_PREFIX + os.urandom(13).hex()


def new_claim(worker: str, lease: float) -> WorkerClaim:
    """Return a claim with a new token; see `sacred_core.stores.RunQueue` for the arguments."""
    interval = lease / MISSED_INTERVALS
    return WorkerClaim(worker=worker, token=new_claim_token(), interval=interval)


def following_claim(claim: WorkerClaim, known: WorkerClaim | None) -> WorkerClaim:
    """Return a new claim with what is known of those before it."""
    known = known or WorkerClaim()
    return attrs.evolve(claim, number=known.number + 1, lost=known.lost, reason=known.reason)


def is_waiting(run: Run) -> bool:
    """Return whether a run is queued, and no worker has it."""
    return run.recorded_status == "QUEUED" and not (run.claim and run.claim.worker)


def is_held(run: Run) -> bool:
    """Return whether a worker has claimed a run that has not ended."""
    has_worker = run.claim is not None and bool(run.claim.worker)
    return has_worker and run.recorded_status in ("QUEUED", "RUNNING")


def is_being_queued(run: Run) -> bool:
    """Return whether the process that stores a queued run has it, and no worker has had it yet."""
    return is_held(run) and run.claim.worker == QUEUEING and not run.claim.token


def is_claimed_by(run: Run, claim: WorkerClaim) -> bool:
    """Return whether a run is queued, and has this claim."""
    is_own = run.claim is not None and run.claim.token == claim.token
    return is_own and run.recorded_status == "QUEUED"


def next_beat(claim: WorkerClaim | None) -> WorkerClaim:
    """Return a claim after one more renewal."""
    known = claim or WorkerClaim()
    return attrs.evolve(known, beats=known.beats + 1)


def beats_of(claim: WorkerClaim) -> dict[str, Any]:
    """Return what a store writes for a renewal that has its record and renewals in two places."""
    return {"token": claim.token, "beats": claim.beats}


def with_beats(claim: WorkerClaim, stored: Any) -> WorkerClaim:
    """Return a claim with the renewals that were stored; those of another claim do not count."""
    if not isinstance(stored, Mapping) or stored.get("token") != claim.token:
        return claim
    beats = stored.get("beats")
    return attrs.evolve(claim, beats=max(claim.beats, beats)) if type(beats) is int else claim


def is_growing(record: Mapping[str, Any]) -> bool:
    """Return whether output and points are where a run writes them, and not yet completed.

    Args:
        record: The fields of a run: of one that is running, or that was lost before its end and is
            in the queue again, this is so.
    """
    status = record.get("status")
    is_interrupted = bool(record.get("start_time")) and not record.get("stop_time")
    return status == "RUNNING" or (status == "QUEUED" and is_interrupted)


def state_of(run: Run) -> tuple[Any, ...]:
    """Return what changes whenever a worker, or the process of the run, shows that it is alive.

    Two values are only compared: times in them are those of other machines.
    """
    claim = run.claim or WorkerClaim()
    own = (claim.token, claim.number, claim.beats, claim.lost)
    return (run.recorded_status, run.heartbeat, len(run.recorded_segments), *own)


def priority_of(run: Run) -> float:
    """Return the priority of a queued run, 0 if it has none."""
    value = run.meta.get("priority")
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value != value:
        return 0.0
    return float(value)


def encode_claim(claim: WorkerClaim) -> dict[str, Any]:
    """Return a claim as plain data."""
    return attrs.asdict(claim)


def decode_claim(stored: Any) -> WorkerClaim | None:
    """Return a claim from what `encode_claim` returned; None if there is none.

    Raises:
        DamagedRecordError: it has another form.
    """
    if stored is None:
        return None
    fields = {field.name: type(field.default) for field in attrs.fields(WorkerClaim)}
    is_sound = isinstance(stored, Mapping) and all(
        name not in stored or _is_of(stored[name], kind) for name, kind in fields.items()
    )
    if not is_sound:
        raise DamagedRecordError("the claim of a worker on the run is damaged")
    return WorkerClaim(**{name: stored[name] for name in fields if name in stored})


def _is_of(value: Any, kind: type) -> bool:
    if kind is float:
        return type(value) in (int, float)
    return type(value) is kind
