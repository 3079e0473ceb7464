"""What a store promises to workers that change a run at the same time."""

import functools
from pathlib import Path
from typing import Any

from sacred_core.stores.worker_claims import is_waiting
from sacred_core.testing.effort import examples
from sacred_core.testing.interleaving import run_interleaved
from sacred_core.testing.queue_driver import QueueDriver


class QueueRaceContract(QueueDriver):
    """The part of `QueueContract` about calls at the same time."""

    def test_one_of_several_workers_puts_a_run_back(self, tmp_path: Path) -> None:
        """Another one may do so at any point of it: neither fails, and the loss is counted once.
        One that puts back a run that was deleted since it was read changes nothing.
        """
        calls = 0
        for number in range(1 + (count := examples(4, 6))):
            run_id, queue = self._queue_run(tmp_path)
            known = queue.claim(None, "ann")
            done: list[bool] = []

            def put_back(run_id: Any = run_id, known: Any = known, done: Any = done) -> None:
                own = self._open_queue(tmp_path)
                done.append(own.requeue(run_id, "dead", expected=known, is_lost=True))

            call = calls - (number - 1) * calls // count if number else None
            calls = max(calls, run_interleaved(call, put_back, put_back))
            run = self._open_queue(tmp_path).get(run_id)
            assert True in done and is_waiting(run), f"call {call}: {done}"
            assert run.claim.lost == 1, f"call {call}"
            assert queue.claim(None, "bob").id == run_id
        known = queue.get(run_id)
        queue.delete(run_id)
        assert not queue.requeue(run_id, "dead", expected=known)
        assert not queue.fail(run_id, ["dead\n"], expected=known)

    def test_a_renewal_during_the_start_does_not_prevent_it(self, tmp_path: Path) -> None:
        """The worker renews the claim at any point while the process of the run starts it."""
        calls = 0
        for number in range(1 + (count := examples(4, 6))):
            run_id, queue = self._queue_run(tmp_path)
            claim = queue.claim(None, "ann").claim
            renew = functools.partial(queue.renew, run_id, claim)
            start = functools.partial(self._start_claimed, tmp_path, run_id)
            call = calls - (number - 1) * calls // count if number else None
            calls = max(calls, run_interleaved(call, start, renew))
            run = self._open_queue(tmp_path).get(run_id)
            assert run.recorded_status == "RUNNING" and run.claim.worker == "ann", f"call {call}"
