"""What a store promises to the workers that execute its queued runs."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.exceptions import QueryError, RunIdError, RunRemovedError
from sacred_core.observers.documents import DocumentObserver
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.digests import digest_run
from sacred_core.stores.query import parse
from sacred_core.stores.worker_claims import encode_claim, is_held, is_waiting
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.at_once import call_at_once
from sacred_core.testing.comparing import assert_metrics, assert_refused
from sacred_core.testing.effort import examples
from sacred_core.testing.event_driver import START, EventDriver
from sacred_core.testing.interleaving import run_interleaved
from sacred_core.testing.killing import kill_at
from sacred_core.testing.memory import Memory, MemoryStore
from sacred_core.testing.queue_driver import SHORT, error_of, record_more
from sacred_core.testing.queue_race_contract import QueueRaceContract
from sacred_core.transfer.copying import copy_run
from sacred_core.transfer.known_runs import Target

#: How the segments of a run end that is put back after each, and the status that they get.
_ENDS: tuple[tuple[str, Callable[[EventDriver], None]], ...] = (
    ("DEAD", lambda driver: None),
    ("FAILED", lambda driver: driver.fail()),
    ("DEAD", lambda driver: None),
    ("INTERRUPTED", lambda driver: driver.interrupt(trace=("stopped\n",))),
)


class QueueContract(QueueRaceContract):
    """The part of `StoreContract` that is about the queue: `sacred_core.stores.RunQueue`."""

    make_observer: Callable[[Path], Any]
    make_store: Callable[[Path], Any]

    def test_a_worker_claims_a_queued_run(self, tmp_path: Path) -> None:
        """The claim is in the record of the run, which is still queued; no one else gets the run.
        A queue without runs, or without one that fulfils the condition, has none.
        """
        run_id, queue = self._queue_run(tmp_path, config={"lr": 0.5})
        assert queue.claim("config.lr > 1", "ann") is None
        try:
            queue.claim("config.lr >", "ann")
        except QueryError:
            pass
        else:
            raise AssertionError("what is not a condition was accepted")
        run = queue.claim("config.lr < 1", "ann", lease=30)
        assert run is not None and run.id == run_id and run.status == "QUEUED", run.damage
        claim = run.claim
        assert (claim.worker, claim.number, claim.lost) == ("ann", 1, 0)
        assert (claim.interval, claim.beats, claim.reason) == (10.0, 0, "")
        stored = self._open_queue(tmp_path).get(run_id)
        assert stored.claim == claim and is_held(stored) and stored.config == {"lr": 0.5}
        assert stored.damage is None, stored.damage
        (listed,) = self._open_queue(tmp_path).list()
        assert listed.claim == claim, f"listed with {listed.claim}"
        assert (
            queue.claim("", "bob") is None and self._open_queue(tmp_path).claim(None, "bob") is None
        )
        assert self._open_queue(tmp_path).claim("config.lr > 1", "bob") is None

    def test_no_run_is_claimed_twice(self, tmp_path: Path) -> None:
        """Each of several runs is claimed by one of several workers that do so at once."""
        count = examples(6, 60)
        ids = {self._queue_run(tmp_path)[0] for _ in range(count)}
        queues = [self._open_queue(tmp_path) for _ in range(4)]

        def work(number: int, queue: Any) -> list[Any]:
            found = []
            while (run := queue.claim(None, f"worker {number}")) is not None:
                found.append((run.id, run.claim.token))
            return found

        answers = call_at_once([functools.partial(work, *each) for each in enumerate(queues)])
        errors = [each for each in answers if isinstance(each, BaseException)]
        assert not errors, errors
        claimed = [each for found in answers for each in found]
        assert sorted(str(run_id) for run_id, _ in claimed) == sorted(map(str, ids))
        store = self._open_queue(tmp_path)
        assert all(store.get(run_id).claim.token == token for run_id, token in claimed)

    def test_a_run_that_several_processes_queue_is_claimed_once(self, tmp_path: Path) -> None:
        """Of the runs with one uid one stays, and no worker gets one of the others."""
        uids = [os.urandom(16).hex() for _ in range(examples(2, 30))]
        is_queueing = [True, True]

        def queue(number: int) -> None:
            try:
                for uid in uids:
                    self._queue_run(tmp_path, replayed=True, meta_info={"uid": uid})
            finally:
                is_queueing[number] = False

        def work() -> list[str]:
            found, store = [], self._open_queue(tmp_path)
            while True:
                is_last = not any(is_queueing)
                run = store.claim(None, "ann")
                if run is not None:
                    found.append(run.uid)
                elif is_last:
                    return found

        self._queue_run(tmp_path)  # a queue that does not exist yet cannot be opened
        *answers, claimed = call_at_once([*(functools.partial(queue, n) for n in (0, 1)), work])
        assert answers == [None, None], answers
        assert isinstance(claimed, list), claimed
        assert sorted(uid for uid in claimed if uid in uids) == sorted(uids)
        stored = [run.uid for run in self._open_queue(tmp_path).list()]
        assert sorted(stored) == sorted(claimed)

    def test_open_runs_have_not_ended(self, tmp_path: Path) -> None:
        """Queued and running runs are found, also one that failed and is put back; no others."""
        run_id, queue = self._queue_run(tmp_path, config={"lr": 0.5})
        other_id, _ = self._queue_run(tmp_path, config={"lr": 2.0})

        def open_ids(where: Any = None) -> list[Any]:
            return sorted(run.id for run in queue.open_runs(where))

        assert open_ids() == sorted([run_id, other_id])
        assert open_ids(parse("config.lr > 1")) == [other_id]
        assert queue.claim("config.lr < 1", "ann").id == run_id
        driver = self._start_claimed(tmp_path, run_id)
        assert open_ids() == sorted([run_id, other_id])
        driver.fail()
        assert open_ids() == [other_id]
        assert queue.requeue(run_id, "again") and open_ids() == sorted([run_id, other_id])
        assert queue.claim("config.lr > 1", "ann").id == other_id
        self._start_claimed(tmp_path, other_id).complete()
        assert open_ids() == [run_id] and open_ids() == [run_id]
        queue.delete(other_id)
        assert open_ids() == [run_id]

    def test_a_higher_priority_is_claimed_first(self, tmp_path: Path) -> None:
        """The number in the metadata counts, 0 where there is none; damaged values are ignored."""
        expected = {}
        for number in (None, 2, -1, 3.5, "high"):
            meta = {} if number is None else {"priority": number}
            expected[self._queue_run(tmp_path, meta_info=meta)[0]] = meta.get("priority", 0)
        queue = self._open_queue(tmp_path)
        claimed = [queue.claim(None, "ann").id for _ in expected]
        found = [expected[run_id] for run_id in claimed]
        assert [0 if each == "high" else each for each in found] == [3.5, 2, 0, 0, -1], found

    def test_a_claim_is_renewed_until_the_run_starts(self, tmp_path: Path) -> None:
        """Each renewal is counted; neither the claim of another worker nor an earlier one can be
        renewed, nor one of a run that has started or was deleted.
        """
        run_id, queue = self._queue_run(tmp_path)
        claim = queue.claim(None, "ann").claim
        for beats in (1, 2, 3):
            assert self._open_queue(tmp_path).renew(run_id, claim)
            assert self._open_queue(tmp_path).get(run_id).claim.beats == beats
        other = type(claim)(**{**encode_claim(claim), "token": "claim-0"})
        assert not queue.renew(run_id, other)
        assert self._open_queue(tmp_path).get(run_id).claim.beats == 3
        driver = self._start_claimed(tmp_path, run_id)
        assert not queue.renew(run_id, claim)
        driver.complete()
        assert not queue.renew(run_id, claim)
        queue.delete(run_id)
        assert not queue.renew(run_id, claim)

    def test_a_worker_starts_the_run_that_it_claimed(self, tmp_path: Path) -> None:
        """The record keeps the claim, tags and queue time, and the run can write; the process of
        another worker, and one without a claim, cannot start the run before.
        """
        run_id, queue = self._queue_run(tmp_path, config={"by": "queue"})
        queue.annotate(run_id, Annotation(time=START, user="ann", added=("mine",)))
        queued = queue.claim(None, "ann")
        foreign = {**encode_claim(queued.claim), "token": "claim-0"}
        for claim in (None, foreign):
            error = self._error_of_start(tmp_path, run_id, claim)
            assert isinstance(error, RunIdError) and "'ann'" in str(error), repr(error)
        driver = self._start_claimed(tmp_path, run_id, config={"by": "the worker"})
        run = self._open_queue(tmp_path).get(run_id)
        assert (run.recorded_status, run.config) == ("RUNNING", {"by": "the worker"})
        assert is_held(run) and run.claim == queued.claim and run.tags == ["mine"]
        assert run.queue_time == queued.queue_time
        driver.print("text\n")
        driver.log("loss", [1, 2])
        driver.beat({"a": 1})
        driver.complete(5)
        run = self._open_queue(tmp_path).get(run_id)
        assert (run.recorded_status, run.result, run.info) == ("COMPLETED", 5, {"a": 1})
        assert run.claim == queued.claim and not is_held(run)
        assert self._open_queue(tmp_path).output(run_id) == "text\n"
        assert_metrics(self._open_queue(tmp_path), run_id, driver)

    def test_a_claimed_run_is_put_back(self, tmp_path: Path) -> None:
        """It is waiting again, with the reason, and what it was claimed for before counts; the
        former worker can neither renew its claim nor start the run.
        """
        run_id, queue = self._queue_run(tmp_path)
        first = queue.claim(None, "ann").claim
        assert queue.requeue(run_id, "its worker is dead", is_lost=True)
        run = self._open_queue(tmp_path).get(run_id)
        assert is_waiting(run) and run.start_time is None and run.recorded_segments == []
        assert (run.claim.lost, run.claim.reason) == (1, "its worker is dead")
        assert not queue.renew(run_id, first)
        error = self._error_of_start(tmp_path, run_id, encode_claim(first))
        assert isinstance(error, RunIdError), repr(error)
        second = self._open_queue(tmp_path).claim(None, "bob")
        assert second.id == run_id and second.claim.token != first.token
        assert (second.claim.number, second.claim.lost, second.claim.worker) == (2, 1, "bob")
        assert queue.requeue(run_id, "stopped") and queue.get(run_id).claim.lost == 1

    def test_a_run_is_put_back_in_an_expected_state_only(self, tmp_path: Path) -> None:
        """If its worker or its process has written since, nothing changes. A completed run, and one
        that does not exist, raise an error.
        """
        run_id, queue = self._queue_run(tmp_path)
        known = queue.claim(None, "ann")
        assert queue.renew(run_id, known.claim)
        assert not queue.requeue(run_id, "dead", expected=known)
        assert not queue.fail(run_id, ["dead\n"], expected=known)
        known = queue.get(run_id)
        driver = self._start_claimed(tmp_path, run_id)
        assert not queue.requeue(run_id, "dead", expected=known)
        driver.beat()
        known = queue.get(run_id)
        driver.beat({"more": 1})
        assert not queue.requeue(run_id, "dead", expected=known)
        driver.complete(3)
        assert not queue.requeue(run_id, "dead", expected=known)
        run = queue.get(run_id)
        assert (run.recorded_status, run.result, run.claim.reason) == ("COMPLETED", 3, "")
        assert_refused(lambda: queue.requeue(run_id, "again"))
        assert_refused(lambda: queue.requeue("no such run", "again"))

    def test_a_run_that_had_started_is_continued(self, tmp_path: Path) -> None:
        """After each end, it is put back with points, output and files, claimed, and resumed by its
        worker as the next segment; its former process can write nothing more.
        """
        run_id, queue = self._queue_run(tmp_path)
        claim = queue.claim(None, "worker 0").claim
        driver = self._start_claimed(tmp_path, run_id)
        for number, (status, end) in enumerate(_ENDS, 1):
            record_more(driver, tmp_path, f"part{number}")
            end(driver)
            assert queue.requeue(run_id, status, expected=queue.get(run_id), is_lost=number == 1)
            run = self._open_queue(tmp_path).get(run_id)
            assert is_waiting(run) and run.start_time is not None and not run.fail_trace, number
            assert [each.status for each in run.segments] == [each for each, _ in _ENDS[:number]]
            self._require_recorded(tmp_path, driver, run_id)
            if status == "DEAD":
                late = functools.partial(driver.observer.heartbeat_event, {"late": 1})
                error = error_of(late)
                assert isinstance(error, RunRemovedError), f"{number}: {error!r}"
            former, queued = claim, self._open_queue(tmp_path).claim(None, f"worker {number}")
            claim = queued.claim
            assert (queued.id, claim.number, claim.reason) == (run_id, number + 1, status)
            assert not queue.renew(run_id, former) and queue.renew(run_id, claim), number
            self._require_recorded(tmp_path, driver, run_id)
            driver.expected = self._open_queue(tmp_path).get(run_id)
            driver.resume(self.make_observer(tmp_path), claim=encode_claim(claim))
            self._require_recorded(tmp_path, driver, run_id)
        record_more(driver, tmp_path, "last")
        driver.complete("done")
        self._require_recorded(tmp_path, driver, run_id)
        run = self._open_queue(tmp_path).get(run_id)
        statuses = [each.status for each in run.segments]
        assert statuses == [*(each for each, _ in _ENDS), "COMPLETED"], statuses
        assert (run.recorded_status, run.claim.worker, run.claim.lost) == (
            "COMPLETED", f"worker {len(_ENDS)}", 1,
        )  # fmt: skip
        assert not queue.renew(run_id, claim)

    def test_a_run_that_cannot_be_executed_fails(self, tmp_path: Path) -> None:
        """A claimed run that did not start, and one whose process was lost, are FAILED with the
        reason; nothing more is written to them.
        """
        for has_started in (False, True):
            run_id, queue = self._queue_run(tmp_path)
            claim = queue.claim(None, "ann").claim
            driver = self._start_claimed(tmp_path, run_id) if has_started else None
            if driver is not None:
                record_more(driver, tmp_path, "first")
            assert queue.fail(run_id, ["no module named x\n"], queue.get(run_id))
            run = self._open_queue(tmp_path).get(run_id)
            assert (run.recorded_status, run.fail_trace) == ("FAILED", ["no module named x\n"])
            assert run.stop_time is not None and run.claim == claim
            assert queue.claim(None, "bob") is None and not queue.renew(run_id, claim)
            if driver is not None:
                self._require_recorded(tmp_path, driver, run_id)
                error = error_of(driver.beat)
                assert isinstance(error, RunRemovedError), repr(error)

    def test_a_copy_of_a_run_that_was_put_back_has_everything(self, tmp_path: Path) -> None:
        """Its copy is in the queue of the other store, without a worker; it is continued by the
        next copy, and has the digest of the run each time, in the other store and back.
        """
        run_id, queue = self._queue_run(tmp_path)
        if not isinstance(self.make_observer(tmp_path), DocumentObserver):
            skip_rule("the observer is not a DocumentObserver")
        queue.claim(None, "ann")
        driver = self._start_claimed(tmp_path, run_id)
        record_more(driver, tmp_path, "first")
        other = MemoryStore(Memory())
        target = Target(other)
        assert not is_held(self._copy(tmp_path, run_id, target))
        driver.fail()
        assert queue.requeue(run_id, "try again")
        copied = self._copy(tmp_path, run_id, target)
        assert is_waiting(copied) and copied.claim.reason == "try again", copied.claim
        claim = queue.claim(None, "bob").claim
        assert is_waiting(self._copy(tmp_path, run_id, target))
        driver.expected = queue.get(run_id)
        driver.resume(self.make_observer(tmp_path), claim=encode_claim(claim))
        record_more(driver, tmp_path, "second")
        assert not is_held(self._copy(tmp_path, run_id, target))
        driver.complete()
        copied = self._copy(tmp_path, run_id, target)
        assert (copied.claim.worker, copied.recorded_status) == ("bob", "COMPLETED")
        queue.delete(run_id)
        copy_run(other, copied, Target(queue))
        (back,) = queue.list()
        assert digest_run(queue, queue.get(back.id)) == digest_run(other, copied)

    def test_a_start_without_a_claim_clears_it(self, tmp_path: Path) -> None:
        """A run that a worker put back can be started by its id; the record has no claim then."""
        run_id, queue = self._queue_run(tmp_path)
        first = queue.claim(None, "ann").claim
        queue.requeue(run_id, "stopped")
        driver = EventDriver(self.make_observer(tmp_path))
        driver.start(_id=run_id, asked_id=run_id)
        driver.beat({"a": 1})
        run = self._open_queue(tmp_path).get(run_id)
        assert run.claim is None and run.recorded_status == "RUNNING"
        assert not queue.renew(run_id, first)
        driver.complete()
        assert self._open_queue(tmp_path).get(run_id).recorded_status == "COMPLETED"

    def test_a_renewal_does_not_disturb_the_start(self, tmp_path: Path) -> None:
        """The process of the run starts it while its worker renews the claim, and the worker renews
        it while the process starts: at any point of it the run is running then, and can write.
        """
        for is_start in (False, True):
            calls: int | None = None
            for number in range((count := examples(2, 20)) + 1):
                run_id, queue = self._queue_run(tmp_path)
                renew = functools.partial(queue.renew, run_id, queue.claim(None, "ann").claim)
                started: list[EventDriver] = []

                def start(run_id: Any = run_id, started: list[EventDriver] = started) -> None:
                    started.append(self._start_claimed(tmp_path, run_id))

                call = None if calls is None else calls * number // (count + 1)
                calls = run_interleaved(call, *((start, renew) if is_start else (renew, start)))
                run = self._open_queue(tmp_path).get(run_id)
                assert run.recorded_status == "RUNNING" and run.claim.worker == "ann", call
                started[0].beat({"number": number})
                started[0].complete()
                run = self._open_queue(tmp_path).get(run_id)
                assert (run.recorded_status, run.info) == ("COMPLETED", {"number": number}), call

    def test_a_killed_worker_leaves_a_run_that_can_be_claimed(self, tmp_path: Path) -> None:
        """Wherever a worker is killed while it claims a run or puts it back, another one can claim
        it, and start or resume it.
        """
        if not hasattr(os, "fork"):
            skip_rule("processes cannot be forked here")

        def claim() -> None:
            self._open_queue(tmp_path).claim(None, "killed", lease=SHORT)

        def requeue(run_id: Any) -> None:
            self._open_queue(tmp_path).requeue(run_id, "stopped")

        for is_requeued in (False, True):
            calls: int | None = None
            for number in range((count := examples(1, 20)) + 1):
                run_id, queue = self._queue_run(tmp_path)
                driver = None
                if is_requeued:
                    queue.claim(None, "first")
                    driver = self._start_claimed(tmp_path, run_id)
                    driver.print("first\n")
                    driver.beat()
                work = functools.partial(requeue, run_id) if is_requeued else claim
                at = None if calls is None else calls * number // (count + 1)
                calls = kill_at(at, work) or calls
                run = self._claim_again(tmp_path, run_id)
                if driver is None:
                    self._start_claimed(tmp_path, run_id).complete()
                else:
                    driver.expected = self._open_queue(tmp_path).get(run_id)
                    driver.resume(self.make_observer(tmp_path), claim=encode_claim(run.claim))
                    driver.complete()
                    assert self._open_queue(tmp_path).output(run_id) == driver.output, f"call {at}"
                run = self._open_queue(tmp_path).get(run_id)
                assert run.recorded_status == "COMPLETED", f"call {at}"
