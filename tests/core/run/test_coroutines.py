"""Tests of commands and hooks that are coroutine functions."""

import asyncio
import contextvars
import functools
import inspect
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment, Ingredient
from sacred_core.exceptions import (
    FunctionKindError,
    MissingConfigError,
    RunningLoopError,
    RunStartedTwiceError,
    SacredInterrupt,
    Terminated,
)
from sacred_core.testing.memory import Memory, MemoryObserver


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def ex(memory: Memory) -> Experiment:
    experiment = Experiment("asynchronous", save_git_info=False)
    experiment.add_config(a=1, b=2)
    experiment.observers.append(MemoryObserver(memory))
    return experiment


def the_run(memory: Memory) -> Any:
    (stored,) = memory.runs.values()
    return stored.run


async def double(a: int, b: int = 0) -> int:
    await asyncio.sleep(0)
    return 2 * a + b


def test_an_asynchronous_command_runs_to_its_end(ex: Experiment, memory: Memory) -> None:
    """Without a running loop `ex.run` returns the finished run, as for any command."""
    ex.main(double)
    run = ex.run(config_updates={"a": 5})
    assert (run.result, run.status) == (12, "COMPLETED")
    assert (the_run(memory).result, the_run(memory).status) == (12, "COMPLETED")


def test_in_a_running_loop_the_run_is_awaited(ex: Experiment, memory: Memory) -> None:
    """`await ex.run()` returns the finished run; nothing starts before."""
    ex.main(double)

    async def notebook() -> Any:
        pending = ex.run()
        assert not memory.runs
        return await pending

    run = asyncio.run(notebook())
    assert (run.result, run.status) == (4, "COMPLETED")
    assert the_run(memory).status == "COMPLETED"


@pytest.mark.parametrize("function", [double, lambda a: a], ids=["async", "sync"])
def test_awaiting_is_right_for_every_command(ex: Experiment, function: Any) -> None:
    """In a running loop a command that is not asynchronous has run when `ex.run` returns."""
    ex.main(function)

    async def notebook() -> Any:
        return await ex.run(), await ex.run_command(function.__name__)

    first, second = asyncio.run(notebook())
    assert first.status == second.status == "COMPLETED"
    assert first is not second


def test_captured_coroutine_functions_are_recognised(ex: Experiment) -> None:
    """Captured coroutine functions are recognised, by `inspect` and `asyncio`, as methods, partials
    and commands too; others are not.
    """
    captured = ex.capture(double)
    assert inspect.iscoroutinefunction(captured)
    assert inspect.iscoroutinefunction(functools.partial(captured, 1))
    assert inspect.iscoroutinefunction(ex.command(double))
    assert not inspect.iscoroutinefunction(ex.capture(lambda a: a))

    class Model:
        @ex.capture
        async def step(self, a: int) -> int:
            return a

    assert inspect.iscoroutinefunction(Model().step)
    assert not inspect.iscoroutinefunction(ex.capture(Model))
    assert list(inspect.signature(captured).parameters) == ["a", "b"]


def test_captured_coroutine_functions_take_their_configuration(ex: Experiment) -> None:
    """Captured coroutine functions take their configuration, wherever they are called from: the
    command, tasks, gather, other threads' loops.
    """
    twice = ex.capture(double)

    @ex.capture
    async def seeded(_seed: int, _run: Any) -> tuple[int, Any]:
        return _seed, _run

    @ex.main
    async def main(_run: Any) -> Any:
        values = [await twice(), await asyncio.create_task(twice(3))]
        values += await asyncio.gather(twice(b=0), twice(1, 1))
        values.append(await asyncio.to_thread(lambda: asyncio.run(twice())))
        (one, owner), (two, _) = await seeded(), await seeded()
        assert one != two and owner is _run
        return values

    assert ex.run().result == [4, 8, 2, 3, 4]


def test_a_missing_value_is_the_usual_error(ex: Experiment, memory: Memory) -> None:
    """It names the entry, and the run has failed."""

    @ex.main
    async def main(missing: int) -> None:
        pass

    with pytest.raises(MissingConfigError, match="missing a value for 'missing'"):
        ex.run()
    assert the_run(memory).status == "FAILED"


HOOKED = """
pre sync
pre async
ingredient command
post async
post sync
"""


def hooked(steps: list[str]) -> Experiment:
    part = Ingredient("part")
    part.add_config(n=3)
    ex = Experiment("hooked", ingredients=[part], save_git_info=False)

    @part.pre_run_hook
    def pre_sync(n: int) -> None:
        steps.append("pre sync")

    @ex.pre_run_hook
    async def pre_async() -> None:
        await asyncio.sleep(0)
        steps.append("pre async")
        LOOPS.append(asyncio.get_running_loop())

    @part.command
    async def work(n: int) -> int:
        await asyncio.sleep(0)
        steps.append("ingredient command")
        LOOPS.append(asyncio.get_running_loop())
        return n

    @ex.post_run_hook
    async def post_async() -> None:
        await asyncio.sleep(0)
        steps.append("post async")

    @ex.post_run_hook
    def post_sync() -> None:
        steps.append("post sync")

    return ex


LOOPS: list[Any] = []


@pytest.mark.parametrize("in_loop", [False, True])
def test_hooks_and_commands_of_ingredients_run_in_order_in_one_loop(in_loop: bool) -> None:
    """Asynchronous or not, also those of ingredients."""
    steps: list[str] = []
    LOOPS.clear()
    ex = hooked(steps)

    async def notebook() -> Any:
        return await ex.run("part.work")

    run = asyncio.run(notebook()) if in_loop else ex.run("part.work")
    assert run.result == 3
    assert steps == HOOKED.strip().splitlines()
    assert LOOPS[0] is LOOPS[1]


def test_an_asynchronous_hook_of_an_ordinary_command(ex: Experiment) -> None:
    """The command is called outside the loop: it may start one of its own."""
    seen: list[str] = []

    @ex.pre_run_hook
    async def prepare() -> None:
        seen.append("hook")

    ex.main(lambda: asyncio.run(double(4)))
    assert ex.run().result == 8
    assert seen == ["hook"]


def test_context_variables_of_hooks_reach_the_command(ex: Experiment) -> None:
    """What a hook binds before the loop is made is seen in it."""
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")
    ex.pre_run_hook(lambda: variable.set("bound"))

    @ex.main
    async def main() -> str:
        return variable.get()

    assert ex.run().result == "bound"


@pytest.mark.parametrize("in_loop", [False, True])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ValueError("wrong"), "FAILED"),
        (SystemExit(3), "FAILED"),
        (SystemExit(0), "COMPLETED"),
        (KeyboardInterrupt(), "INTERRUPTED"),
        (asyncio.CancelledError(), "INTERRUPTED"),
        (SacredInterrupt(), "INTERRUPTED"),
    ],
    ids=lambda value: repr(value),
)
def test_every_end_is_recorded(
    ex: Experiment, memory: Memory, error: BaseException, status: str, in_loop: bool
) -> None:
    """What the coroutine raises is recorded as for any command, and raised again."""

    @ex.main
    async def main() -> None:
        await asyncio.sleep(0)
        raise type(error)(*error.args)

    async def notebook() -> Any:
        return await ex.run()

    with pytest.raises(type(error)):
        asyncio.run(notebook()) if in_loop else ex.run()
    assert the_run(memory).status == status
    if status == "FAILED":
        trace = "".join(the_run(memory).fail_trace)
        assert (
            "raise type(error)" in trace
            and "runners.py" not in trace
            and "sacred_core" not in trace
        )


def test_cancelling_the_task_interrupts_the_run(ex: Experiment, memory: Memory) -> None:
    """The command cleans up first; a timeout of the caller's is such a cancellation."""
    cleaned: list[str] = []

    @ex.main
    async def main() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append("up")

    async def notebook() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await ex.run()
        task = asyncio.ensure_future(ex.run())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(notebook())
    assert [stored.run.status for stored in memory.runs.values()] == ["INTERRUPTED"] * 2
    assert cleaned == ["up", "up"]


def test_a_coroutine_that_is_closed_is_an_interrupted_run(ex: Experiment, memory: Memory) -> None:
    """A loop that is dropped leaves no run RUNNING."""

    @ex.main
    async def main() -> None:
        await asyncio.Event().wait()

    async def start() -> Any:
        pending: Any = ex.run()
        pending.send(None)
        return pending

    asyncio.run(start()).close()
    assert the_run(memory).status == "INTERRUPTED"


def test_runs_that_overlap_in_one_loop_are_separate(memory: Memory) -> None:
    """Each has its configuration, its output and its metrics."""
    ex = Experiment("overlapping", save_git_info=False)
    ex.observers.append(MemoryObserver(memory))
    others = [MemoryObserver(memory) for _ in range(3)]
    barrier: dict[str, Any] = {}

    @ex.capture
    async def report(n: int, _run: Any) -> None:
        print("this is", n)
        _run.log_scalar("n", n)

    @ex.main
    async def main(n: int) -> int:
        barrier["count"] = barrier.get("count", 0) + 1
        while barrier["count"] < 3:  # all of them are running
            await asyncio.sleep(0)
        await report()
        await asyncio.sleep(0.01 * (3 - n))
        await report()
        return n

    async def all_of_them() -> Any:
        runs = []
        for n in range(3):
            ex.observers[:] = [others[n]]
            runs.append(ex.create_run(config_updates={"n": n}, options={"--capture": "sys"}))
        return await asyncio.gather(*(run() for run in runs))

    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    assert asyncio.run(all_of_them()) == [0, 1, 2]
    assert before == [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    for stored in memory.runs.values():
        n = stored.run.config["n"]
        assert stored.output.count(f"this is {n}\n") == stored.output.count("this is") == 2
        assert stored.metrics["n"]["values"] == [n, n]


def test_handlers_stay_until_the_last_overlapping_run_ends(ex: Experiment, memory: Memory) -> None:
    """A signal still interrupts the run that is left."""
    ended = []

    @ex.main
    async def main(a: int) -> None:
        if a == 1:
            return
        while not ended:
            await asyncio.sleep(0)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    async def both() -> None:
        long = asyncio.ensure_future(ex.run(config_updates={"a": 2}))
        await asyncio.sleep(0)
        await ex.run()
        ended.append(True)
        await long

    with pytest.raises(Terminated):
        asyncio.run(both())
    statuses = {s.run.config["a"]: s.run.status for s in memory.runs.values()}
    assert statuses == {1: "COMPLETED", 2: "INTERRUPTED"}
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_function_that_returns_a_coroutine(ex: Experiment, memory: Memory) -> None:
    """It is run too; in a running loop the error describes how to declare the command."""
    ex.main(lambda a: double(a))
    assert ex.run().result == 2

    async def notebook() -> None:
        ex.run()

    with pytest.raises(RunningLoopError, match=r"declare the command with 'async def'"):
        asyncio.run(notebook())
    assert [stored.run.status for stored in memory.runs.values()] == ["COMPLETED", "FAILED"]


def test_a_run_that_is_awaited_twice_is_refused(ex: Experiment) -> None:
    """A run that is awaited twice is refused, as one that is called twice."""
    ex.main(double)

    async def notebook() -> None:
        run = ex.create_run()
        first = run()
        with pytest.raises(RunStartedTwiceError):
            run()
        assert await first == 4

    asyncio.run(notebook())


def test_queueing_in_a_running_loop(ex: Experiment, memory: Memory) -> None:
    """The run is queued when it is awaited, and its command is not called."""
    ex.main(double)

    async def notebook() -> Any:
        return await ex.run(options={"--queue": True})

    assert asyncio.run(notebook()).status == "QUEUED"
    assert the_run(memory).status == "QUEUED"


def test_a_command_line_in_a_running_loop(
    ex: Experiment, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is awaited too, and ends with the usual exit codes."""
    ex.main(double)

    @ex.command
    async def fail() -> None:
        raise ValueError("wrong")

    async def notebook() -> Any:
        run = await ex.run_commandline(["prog", "with", "a=3"])
        with pytest.raises(SystemExit) as caught:
            await ex.run_commandline(["prog", "fail"])
        return run.result, caught.value.code

    assert asyncio.run(notebook()) == (8, 1)
    assert "ValueError: wrong" in capsys.readouterr().err


def test_without_a_running_loop_in_another_thread(ex: Experiment) -> None:
    """A loop of the main thread is of no concern to a run in another one."""
    ex.main(double)

    async def notebook() -> Any:
        return await asyncio.to_thread(ex.run)

    assert asyncio.run(notebook()).result == 4
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(ex.run().result))
    thread.start()
    thread.join()
    assert results == [4]


def generator() -> Iterator[int]:
    yield 1


async def asynchronous_generator() -> AsyncIterator[int]:
    yield 1


async def hook(config: Any, command_name: str, logger: Any) -> dict[str, Any]:
    return {}


async def options_hook(options: Any) -> None:
    pass


@pytest.mark.parametrize("function", [generator, asynchronous_generator])
@pytest.mark.parametrize("method", ["main", "automain", "command", "pre_run_hook", "post_run_hook"])
def test_generator_functions_are_refused(ex: Experiment, method: str, function: Any) -> None:
    """When they are declared; otherwise nothing of them would run."""
    with pytest.raises(FunctionKindError, match=rf"{function.__name__}' is a generator function"):
        getattr(ex, method)(function)
    assert not ex.commands


@pytest.mark.parametrize(
    ("method", "function"), [("config_hook", hook), ("option_hook", options_hook)]
)
def test_hooks_that_are_not_awaited_are_refused(ex: Experiment, method: str, function: Any) -> None:
    """The configuration and the options are resolved without a loop."""
    with pytest.raises(FunctionKindError, match="declare it with 'def' instead of 'async def'"):
        getattr(ex, method)(function)


def test_generator_functions_can_be_captured(ex: Experiment) -> None:
    """They take the configuration when they are called, and a command may use them."""

    @ex.capture
    def numbers(a: int) -> Iterator[int]:
        yield a

    @ex.capture
    async def later(b: int) -> AsyncIterator[int]:
        yield b

    @ex.main
    async def main() -> Any:
        return [*numbers(), *[n async for n in later()]]

    assert inspect.isgeneratorfunction(numbers)
    assert inspect.isasyncgenfunction(later)
    assert ex.run().result == [1, 2]


SCRIPT = """
    import asyncio, os, signal, sys
    from sacred_core import Experiment
    from sacred_core.observers import RunObserver

    class Report(RunObserver):
        def interrupted_event(self, status, interrupt_time):
            print("recorded", status, flush=True)
        def completed_event(self, result, stop_time):
            print("recorded COMPLETED", result, flush=True)
        def failed_event(self, fail_time, fail_trace):
            print("recorded FAILED", flush=True)

    ex = Experiment("script", save_git_info=False)
    ex.observers.append(Report())
    ex.add_config(kind="none", idle=True)

    @ex.automain
    async def main(kind, idle):
        try:
            if kind == "return":
                return 7
            if kind == "raise":
                raise ValueError("wrong")
            loop = asyncio.get_running_loop()
            number = getattr(signal, kind)
            if not idle:
                os.kill(os.getpid(), number)
            loop.call_later(0.05, os.kill, os.getpid(), number)
            await asyncio.sleep(60)
        finally:
            print("cleaned up", flush=True)
"""


@pytest.mark.parametrize(
    ("updates", "code", "recorded"),
    [
        (["kind=return"], 0, "recorded COMPLETED 7"),
        (["kind=raise"], 1, "recorded FAILED"),
        (["kind=SIGINT"], 130, "recorded INTERRUPTED"),
        (["kind=SIGINT", "idle=False"], 130, "recorded INTERRUPTED"),
        (["kind=SIGTERM"], 143, "recorded INTERRUPTED"),
        (["kind=SIGTERM", "idle=False"], 143, "recorded INTERRUPTED"),
    ],
    ids=lambda value: str(value),
)
def test_scripts_end_as_those_of_ordinary_commands(
    tmp_path: Path, updates: list[str], code: int, recorded: str
) -> None:
    """Exit codes and statuses of docs/run-lifecycle.md; the command cleans up before."""
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    # A shell that starts the tests in the background ignores SIGINT for its children.
    done = subprocess.run(
        [sys.executable, "script.py", "with", *updates],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines() == ["cleaned up", recorded], done.stderr
