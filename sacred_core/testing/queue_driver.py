"""What tests of the queue of a store do: queue, claim and start runs, and compare them."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.stores.digests import digest_run
from sacred_core.stores.run_queue import RunQueue
from sacred_core.stores.worker_claims import encode_claim, is_held
from sacred_core.testing.comparing import assert_metrics
from sacred_core.testing.event_driver import EventDriver
from sacred_core.transfer.copying import copy_run
from sacred_core.transfer.known_runs import Target

_META = {"command": "main", "beat_interval": 10.0}
#: Seconds of a claim whose worker is killed, and in which another one claims the run.
SHORT, _PATIENCE = 0.03, 20.0


class QueueDriver:
    """The part of `QueueContract` that tests call."""

    make_observer: Callable[[Path], Any]
    make_store: Callable[[Path], Any]

    def _copy(self, tmp_path: Path, run_id: Any, target: Target) -> Any:
        """Copy a run, and return the copy, which has the digest of the run."""
        queue = self._open_queue(tmp_path)
        copy_run(queue, queue.get(run_id), target)
        (copied,) = target.store.list()
        copied = target.store.get(copied.id)
        assert digest_run(target.store, copied) == digest_run(queue, queue.get(run_id))
        return copied

    def _claim_again(self, tmp_path: Path, run_id: Any) -> Any:
        """Claim a run as workers do: one that another worker has is put back first."""
        queue, until = self._open_queue(tmp_path), time.monotonic() + _PATIENCE
        while (run := queue.claim(None, "second", lease=SHORT)) is None:
            held = queue.get(run_id)
            if is_held(held):
                queue.requeue(run_id, "its worker is dead", expected=held, is_lost=True)
            assert time.monotonic() < until, f"run {run_id!r} cannot be claimed: {held}"
        assert run.id == run_id
        return run

    def _queue_run(self, tmp_path: Path, **fields: Any) -> tuple[Any, Any]:
        """Queue a run, and return its id and the store."""
        driver = EventDriver(self.make_observer(tmp_path))
        meta = {**_META, "uid": os.urandom(16).hex(), **fields.pop("meta_info", {})}
        return driver.queue(meta_info=meta, **fields), self._open_queue(tmp_path)

    def _open_queue(self, tmp_path: Path) -> Any:
        store = self.make_store(tmp_path)
        assert isinstance(store, RunQueue), f"{type(store).__name__} is not a RunQueue"
        return store

    def _start_claimed(self, tmp_path: Path, run_id: Any, **fields: Any) -> EventDriver:
        """Start a claimed run, as the process does that its worker starts."""
        queued = self.make_store(tmp_path).get(run_id)
        driver = EventDriver(self.make_observer(tmp_path))
        fields |= {"meta_info": {**_META, "uid": queued.uid}}
        driver.start(_id=run_id, asked_id=run_id, claim=encode_claim(queued.claim), **fields)
        return driver

    def _error_of_start(self, tmp_path: Path, run_id: Any, claim: Any) -> Exception | None:
        """Return the error of a start, which must not change the record."""
        before = self.make_store(tmp_path).get(run_id)
        driver = EventDriver(self.make_observer(tmp_path))
        fields = {"meta_info": {**_META, "uid": before.uid}, "claim": claim}
        error = error_of(lambda: driver.start(_id=run_id, asked_id=run_id, **fields))
        after = self.make_store(tmp_path).get(run_id)
        assert (after.claim, after.recorded_status) == (before.claim, "QUEUED"), repr(error)
        return error

    def _require_recorded(self, tmp_path: Path, driver: EventDriver, run_id: Any) -> None:
        """Require the output, points and files that the driver has recorded."""
        store = self._open_queue(tmp_path)
        assert store.output(run_id) == driver.output
        assert_metrics(store, run_id, driver)
        run = store.get(run_id)
        assert sorted(run.artifacts) == sorted(driver.expected.artifacts)
        for name in run.artifacts:
            with store.open_file(run_id, "artifact", name) as file:
                assert file.read().decode() == name.removesuffix(".txt")


def record_more(driver: EventDriver, tmp_path: Path, name: str) -> None:
    """Record some output, points and a file."""
    (tmp_path / f"{name}.txt").write_text(name)
    driver.artifact(f"{name}.txt", str(tmp_path / f"{name}.txt"))
    driver.print(f"{name} äöü\n")
    driver.log("loss", [0.5, 0.25], first_step=len(driver.metrics.get("loss", {}).get("steps", ())))
    driver.beat({"by": name})


def error_of(call: Callable[[], object]) -> Exception | None:
    """Return what a call raised, None if it raised nothing."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - it is returned
        return error
    return None
