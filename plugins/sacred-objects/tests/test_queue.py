"""Workers claim queued runs of a bucket by few requests."""

from typing import Any

from sacred_objects import ObjectObserver, ObjectStore, bucket_layout

from sacred_core.testing import EventDriver


def test_a_claim_needs_few_requests(bucket: Any) -> None:
    """With a listing that has been made, 3 read and replace the record, others read the rest."""
    for _ in range(5):
        EventDriver(ObjectObserver(lambda: bucket, bucket.url, "runs")).queue()
    store = ObjectStore(bucket_layout(bucket, "runs"))
    assert store.claim(None, "ann") is not None  # lists
    before = bucket.requests
    run = store.claim(None, "ann")
    assert run is not None and bucket.requests - before <= 8  # one is counted twice
    before = bucket.requests
    assert run.claim is not None and store.renew(run.id, run.claim)
    assert bucket.requests - before <= 3


def test_the_record_of_another_version_is_not_replaced(bucket: Any) -> None:
    """Of two workers that read the same record, one claims the run."""
    run_id = EventDriver(ObjectObserver(lambda: bucket, bucket.url, "runs")).queue()
    first, second = (ObjectStore(bucket_layout(bucket, "runs")) for _ in range(2))
    others = []

    class Racing(ObjectStore):
        def _write_claim(self, *arguments: Any) -> bool:
            others.append(second.claim(None, "bob"))
            return super()._write_claim(*arguments)

    first.__class__ = Racing
    assert first.claim(None, "ann") is None
    assert others[0] is not None and first.get(run_id).claim == others[0].claim
