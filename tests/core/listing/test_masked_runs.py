"""Tests of runs without the secrets that Sacred recorded."""

from sacred_core.listing.masked_runs import mask_run
from sacred_core.stores import StoredRun


def recorded_run(**fields: object) -> StoredRun:
    """Return a run as Sacred records it, without a uid."""
    config = {"lr": 0.1, "db": {"password": "hunter2hunter2"}}
    return StoredRun(id=3, status="COMPLETED", **{"config": config, **fields})


def test_a_secret_of_sacred_is_masked_and_the_uid_stays() -> None:
    """The run that was read is not changed, and its store is known."""
    options = {"--mongo_db": "mongodb://u:hunter2@host/db"}
    run = recorded_run(meta={"options": options}, result={"token": "x1y2z3w4"})
    masked = mask_run(run)
    assert masked.config == {"lr": 0.1, "db": {"password": "***"}}
    assert masked.meta["options"] == {"--mongo_db": "mongodb://u:***@host/db"}
    assert masked.result == {"token": "***"}
    assert (masked.uid, masked.id, masked.store) == (run.uid, 3, run.store)
    assert run.config["db"] == {"password": "hunter2hunter2"} and "uid" not in run.meta


def test_a_run_without_secrets_or_of_sacred_core_is_returned_itself() -> None:
    """Records of sacred-core are masked when they are written, as their settings require."""
    plain = recorded_run(config={"lr": 0.1})
    assert mask_run(plain) is plain
    own = recorded_run(meta={"uid": "0" * 32})
    assert mask_run(own) is own
