"""Tests of the question whether a run should end early."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sacred_core import Experiment, StopCheck
from sacred_core.exceptions import NoRunError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.run import stop_checks
from sacred_core.run.stop_checks import StopChecks
from sacred_core.testing import Memory, MemoryObserver, MemoryStore
from sacred_core.testing.experiments import run_main


class Clock:
    """A clock that tests advance."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(stop_checks, "monotonic", clock)
    return clock


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Offer checks in place of those of installed plugins."""

    def replace(*checks: StopCheck) -> None:
        monkeypatch.setattr(plugin_manager(), "stop_checks", list(checks))

    return replace


def test_without_a_check_a_run_never_stops(offer: Callable[..., None]) -> None:
    """The answer is False, and the info has no entry."""
    offer()
    memory = Memory()
    run = run_main(MemoryObserver(memory), lambda _run: _run.should_stop())
    assert run.result is False and MemoryStore(memory).get(run._id).info == {}


def test_without_a_check_nothing_is_imported(tmp_path: Path) -> None:
    """The module of the checks is imported when there is a check; before, that of its record."""
    code = """
import sys
from sacred_core import Experiment
from sacred_core.hooks import manager

manager.installed_plugins = lambda: []
ex = Experiment("none")

@ex.main
def main(_run):
    before = set(sys.modules)
    assert _run.should_stop() is False
    print(set(sys.modules) - before)

ex.run(options={"--unobserved": True})
"""
    script = tmp_path / "script.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert done.stdout == "{'sacred_core.hooks.worker_records'}\n", done.stderr


def test_what_a_check_decided_is_recorded(offer: Callable[..., None], clock: Clock) -> None:
    """The first check that returns True decides, and is not asked again."""
    seen: list[Any] = []

    def check(run: Any) -> bool:
        seen.append(run)
        return len(seen) == 2

    def main(_run: Any) -> list[bool]:
        answers = []
        for _ in range(4):
            answers.append(_run.should_stop())
            clock.now += 2
        return answers

    offer(StopCheck("never", lambda run: False), StopCheck("second", check))
    memory = Memory()
    run = run_main(MemoryObserver(memory), main)
    assert run.result == [False, True, True, True]
    assert MemoryStore(memory).get(run._id).info == {"stopped_early": "second"}
    assert seen == [run, run]


def stopping(*checks: Callable[[Any], Any]) -> tuple[StopChecks, list[str]]:
    """Return the checks of a run, and the warnings that it logs."""
    logged: list[str] = []
    logger = SimpleNamespace(
        warning=lambda text, *args: logged.append(text % args), info=lambda *args: None
    )
    run = SimpleNamespace(info={}, run_logger=logger)
    own = [StopCheck(f"check {n}", check) for n, check in enumerate(checks)]
    return StopChecks(run, own), logged


def test_a_tight_loop_calls_the_checks_once_in_a_second(clock: Clock) -> None:
    """Between two calls the answer is False."""
    calls: list[float] = []
    decision, _ = stopping(lambda run: calls.append(clock.now))
    for _ in range(100):
        assert decision.decide() is False
        clock.now += 0.125
    assert calls == [100 + n for n in range(13)]


def test_slow_checks_take_a_twentieth_of_the_time(clock: Clock) -> None:
    """After one that took a second, 19 seconds follow without a call."""
    calls: list[float] = []

    def check(run: Any) -> None:
        calls.append(clock.now)
        clock.now += 1

    decision, _ = stopping(check)
    for _ in range(100):
        decision.decide()
        clock.now += 0.5
    assert calls == [100, 120, 140]


def test_a_check_that_raises_is_one_warning(clock: Clock) -> None:
    """It counts as False, is called again later, and does not affect other checks."""
    answers = iter([ValueError("one"), ValueError("two"), True])

    def check(run: Any) -> Any:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    decision, logged = stopping(check, lambda run: False)
    found = []
    for _ in range(3):
        found.append(decision.decide())
        clock.now += 1
    assert found == [False, False, True]
    assert logged == ["The stop check 'check 0' failed: ValueError: one"]


def test_a_signal_passes_through_a_check(clock: Clock) -> None:
    """Ctrl-C while a store is read ends the run."""

    def check(run: Any) -> None:
        raise KeyboardInterrupt

    decision, logged = stopping(check)
    with pytest.raises(KeyboardInterrupt):
        decision.decide()
    assert logged == []


def test_a_second_thread_does_not_wait_for_the_checks() -> None:
    """While one thread asks, another one gets False."""
    entered, leave = threading.Event(), threading.Event()

    def check(run: Any) -> bool:
        entered.set()
        return leave.wait(10)

    decision, _ = stopping(check)
    thread = threading.Thread(target=decision.decide)
    thread.start()
    assert entered.wait(10) and decision.decide() is False
    leave.set()
    thread.join()
    assert decision.decide() is True


def test_it_works_only_while_the_run_is_running() -> None:
    """Before and after, it is an error as for other methods of a run."""
    ex = Experiment("ended", save_git_info=False)
    ex.main(lambda: None)
    run = ex.run(options={"--unobserved": True})
    with pytest.raises(NoRunError, match="should_stop works only while the run is running"):
        run.should_stop()


def test_only_rank_0_may_ask() -> None:
    """Ranks that end after different steps would wait for each other for ever."""

    def main(_run: Any) -> None:
        _run.writer = "rank3"
        try:
            with pytest.raises(NoRunError, match=r"cannot be used in rank3: call it in rank 0"):
                _run.should_stop()
        finally:
            _run.writer = "main"

    assert run_main(MemoryObserver(Memory()), main).status == "COMPLETED"
