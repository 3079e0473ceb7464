"""What a store promises to processes that start the same run."""

import functools
import os
from pathlib import Path
from typing import Any

from sacred_core.exceptions import SacredError
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.at_once import call_at_once
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.killing import kill_at
from sacred_core.testing.override_contract import OverrideContract


class ClaimContract(OverrideContract):
    """The part of `StoreContract` that is about queued runs and who starts them."""

    def test_one_of_many_starts_a_queued_run(self, tmp_path: Path) -> None:
        """If 8 threads start a queued run at once, one succeeds and the others get an error."""
        run_id = EventDriver(self.make_observer(tmp_path)).queue()
        observers = [self.make_observer(tmp_path) for _ in range(8)]

        def work(number: int, observer: Any) -> int:
            EventDriver(observer).start(_id=run_id, asked_id=run_id, config={"number": number})
            return number

        answers = call_at_once([functools.partial(work, *each) for each in enumerate(observers)])
        errors = [each for each in answers if isinstance(each, BaseException)]
        started = [each for each in answers if isinstance(each, int)]
        assert len(started) == 1, f"{len(started)} runs have the id {run_id}: {errors}"
        assert all(isinstance(error, SacredError) for error in errors), errors
        run = self.make_store(tmp_path).get(run_id)
        assert (run.recorded_status, run.config) == ("RUNNING", {"number": started[0]})

    def test_a_queued_run_can_be_started_after_a_crash(self, tmp_path: Path) -> None:
        """Another process starts it, wherever the first one was killed before its start was
        written. The points are found by bisection: the last ones are right before that.
        """
        if not hasattr(os, "fork"):
            skip_rule("processes cannot be forked here")

        def start(run_id: Any) -> None:
            observer = self.make_observer(tmp_path)
            EventDriver(observer).start(_id=run_id, asked_id=run_id, config={"by": "the first"})

        first = EventDriver(self.make_observer(tmp_path)).queue()
        calls = kill_at(None, lambda: start(first))
        assert calls is not None
        queued_at, running_at = 0, calls
        while running_at - queued_at > 1:
            call = (queued_at + running_at) // 2
            run_id = EventDriver(self.make_observer(tmp_path)).queue()
            kill_at(call, functools.partial(start, run_id))
            store = self.make_store(tmp_path)
            if store.get(run_id).status != "QUEUED":
                running_at = call
                continue
            queued_at = call
            driver = EventDriver(self.make_observer(tmp_path))
            driver.start(_id=run_id, asked_id=run_id, config={"by": "the second"})
            run = store.get(run_id)
            assert run.recorded_status == "RUNNING", f"call {call}"
            assert run.config == {"by": "the second"}, f"call {call}"
