"""What an observer of a server promises where the connection fails."""

import logging
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

import attrs
import pytest

from sacred_core.delivery.loading import load_folders
from sacred_core.observers.retry_policy import RetryPolicy
from sacred_core.stores import RunStore
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.comparing import assert_metrics
from sacred_core.testing.event_driver import DispatchingDriver
from sacred_core.testing.secret_contract import SecretContract
from sacred_core.testing.servers import FAILURES, Proxy

#: Short times, so that the tests are fast. What they limit is the same with the default ones.
QUICK = RetryPolicy(wait=0.3, retry_interval=0.1, end_timeout=1.0, call_timeout=0.5)
#: Seconds for what is not a wait: copies of files, threads that end, a loaded machine.
_LOADED = 15.0
#: Seconds after which a call hangs.
_HANGING = 120.0


class OutageContract(SecretContract):
    """The part of `StoreContract` that is about the connection to a server: nothing is lost."""

    def make_proxied_observer(self, tmp_path: Path) -> tuple[Any, Proxy] | None:
        """Return an observer and the open proxy through which it reaches its server.

        The proxy leads to the server of `make_store`; the test closes it. None, by default, where
        there is no server.
        """
        return None

    def end_calls(self, observer: Any) -> None:
        """End calls of an observer that wait for its server, as the end of the process does.

        By default they end by themselves, in a few seconds.
        """

    @pytest.mark.parametrize("when", ["in the middle", "at the end"])
    @pytest.mark.parametrize("failure", FAILURES)
    def test_nothing_is_lost_when_the_connection_fails(
        self, failure: str, when: str, tmp_path: Path
    ) -> None:
        """The run waits for a bounded time; all is stored, or in the folder and loaded from it."""
        found = self.make_proxied_observer(tmp_path)
        if found is None:
            skip_rule("make_proxied_observer() returns None")
        observer, proxy = found
        made = tmp_path / "made"
        made.write_bytes(b"content" * 1000)
        others = _observer_threads()
        with proxy:
            observer.retry_policy = QUICK
            observer.failure_dir = tmp_path / "failed"
            driver = DispatchingDriver(observer, logging.getLogger("outage"))
            run_id = driver.start()
            _record_some(driver, made, "before")
            waited = 0.0
            if when == "in the middle":
                proxy.fail(failure)
                began = time.monotonic()
                _record_some(driver, made, "after")
                waited = time.monotonic() - began
            else:
                _record_some(driver, made, "after")
                proxy.fail(failure)
            began = time.monotonic()
            driver.complete(result=7)
            ended = time.monotonic() - began
            proxy.close()
            self.end_calls(observer)
            _join_calls(others)
            proxy.open()
            store = self.make_store(tmp_path)
            if (tmp_path / "failed").exists():
                for done in load_folders(tmp_path / "failed", store):
                    assert done.left == (), f"not loaded: {done.left}"
            _assert_whole(store, run_id, driver, made)
        assert waited <= 3 * QUICK.wait + _LOADED, f"the run waited for {waited:.1f} s"
        limit = QUICK.wait + QUICK.end_timeout + QUICK.call_timeout + _LOADED
        assert ended <= limit, f"the end took {ended:.1f} s"

    def test_a_server_that_comes_back_has_everything_before_the_end(self, tmp_path: Path) -> None:
        """The end of a run waits for the server, and writes no folder."""
        found = self.make_proxied_observer(tmp_path)
        if found is None:
            skip_rule("make_proxied_observer() returns None")
        observer, proxy = found
        made = tmp_path / "made"
        made.write_bytes(b"content")
        with proxy:
            observer.retry_policy = attrs.evolve(QUICK, end_timeout=60.0, call_timeout=60.0)
            observer.failure_dir = tmp_path / "failed"
            driver = DispatchingDriver(observer, logging.getLogger("outage"))
            run_id = driver.start()
            _record_some(driver, made, "before")
            proxy.close()
            _record_some(driver, made, "after")
            proxy.open()
            driver.complete(result=7)
            assert not (tmp_path / "failed").exists()
            _assert_whole(self.make_store(tmp_path), run_id, driver, made)


def _observer_threads() -> set[threading.Thread]:
    """Return the threads that call an observer now; a thread may serve another one later."""
    return {thread for thread in threading.enumerate() if thread.name == "sacred-observer"}


def _join_calls(others: set[threading.Thread]) -> None:
    """Wait for calls that were abandoned, as if the process had ended; not for other threads."""
    until = time.monotonic() + _HANGING
    while left := _observer_threads() - others:
        if time.monotonic() > until:
            stack = sys._current_frames().get(left.pop().ident or 0)
            where = "".join(traceback.format_stack(stack))
            raise AssertionError(f"a call does not end where the connection is closed:\n{where}")
        time.sleep(0.01)


def _record_some(driver: DispatchingDriver, file: Path, name: str) -> None:
    driver.artifact(f"{name} 1", str(file))
    driver.print(f"{name}\n")
    driver.annotate(f"note {name}", [name])
    driver.log("loss", [1.0, 2.0])
    driver.beat(info={"name": name})
    driver.artifact(f"{name} 2", str(file))


def _assert_whole(store: RunStore, run_id: Any, driver: DispatchingDriver, file: Path) -> None:
    run = store.get(run_id)
    assert (run.status, run.result) == ("COMPLETED", 7)
    assert run.info == {"name": "after"}, f"info is {run.info}"
    assert (run.tags, len(run.notes)) == (["before", "after"], 2)
    assert store.output(run_id) == driver.output
    assert_metrics(store, run_id, driver)
    assert sorted(run.artifacts) == ["after 1", "after 2", "before 1", "before 2"]
    for name in run.artifacts:
        with store.open_file(run_id, "artifact", name) as stream:
            assert stream.read() == file.read_bytes(), f"the artifact {name!r}"
