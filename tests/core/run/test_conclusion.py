"""The end of a run whose result, exception, log or output cannot be read."""

import asyncio
import enum
import logging
import math
import sys
from collections.abc import Callable, Iterator
from traceback import extract_tb
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.exceptions import SacredError, SacredInterrupt, Terminated
from sacred_core.observers import RunObserver
from sacred_core.run import Run
from sacred_core.run.conclusion import (
    interrupt_status,
    is_successful_exit,
    result_text,
    trace_lines,
)
from sacred_core.run.plain_copies import PlainCopy
from sacred_core.serialization import message_of, plain, reason_of
from sacred_core.testing.hostile import (
    Ambiguous,
    Exit,
    RaisesExit,
    RaisesInMessageError,
    RaisesInName,
    RaisesInStatusError,
    hostile_errors,
    hostile_values,
    nested,
)


class Ends(RunObserver):
    """Records the ends of runs."""

    def __init__(self) -> None:
        self.ends: list[tuple[str, dict[str, Any]]] = []
        self.beats: list[dict[str, Any]] = []

    def heartbeat_event(self, **fields: Any) -> None:
        self.beats.append(fields)

    def completed_event(self, **fields: Any) -> None:
        self.ends.append(("COMPLETED", fields))

    def interrupted_event(self, **fields: Any) -> None:
        self.ends.append((fields["status"], fields))

    def failed_event(self, **fields: Any) -> None:
        self.ends.append(("FAILED", fields))


class RaisesInEmit(logging.Handler):
    """Raises for each line."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def emit(self, record: logging.LogRecord) -> None:
        if "Result" in record.getMessage() or " after " in record.getMessage():
            raise self.error


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    found = logging.Logger("tests.ends")
    yield found
    found.handlers.clear()


def run_of(main: Callable[..., Any], observer: Ends, logger: logging.Logger) -> Run:
    run = Run({}, None, main, [observer], logger, logger, {}, {}, (), ())
    run.capture_mode = "no"
    return run


@pytest.mark.parametrize("error", [ValueError("broken"), RuntimeError(RaisesExit())])
def test_a_log_handler_that_raises_does_not_change_the_end(
    logger: logging.Logger, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run completes; the line is on standard error, with the reason."""
    logger.addHandler(RaisesInEmit(error))
    observer = Ends()
    run = run_of(lambda: 42, observer, logger)
    assert run() == 42
    assert [status for status, _ in observer.ends] == ["COMPLETED"]
    lines = capsys.readouterr().err
    assert "Result: 42 (not logged: " in lines and type(error).__name__ in lines


@pytest.mark.parametrize("raised", [None, ValueError("main"), SacredInterrupt("main")])
def test_ctrl_c_while_the_end_is_logged_does_not_prevent_the_end(
    logger: logging.Logger, raised: Exception | None
) -> None:
    """The end of what the command did is sent, then the interrupt is raised."""
    logger.addHandler(RaisesInEmit(KeyboardInterrupt()))
    observer = Ends()

    def main() -> int:
        if raised is not None:
            raise raised
        return 42

    with pytest.raises(KeyboardInterrupt):
        run_of(main, observer, logger)()
    expected = {None: "COMPLETED", ValueError: "FAILED", SacredInterrupt: "INTERRUPTED"}
    assert [s for s, _ in observer.ends] == [expected[type(raised) if raised else None]]


def test_ctrl_c_while_the_result_is_converted_does_not_prevent_the_end(
    logger: logging.Logger,
) -> None:
    """The run is completed, without the result."""

    class Interrupts:
        def __repr__(self) -> str:
            raise KeyboardInterrupt

    observer = Ends()
    with pytest.raises(KeyboardInterrupt):
        run_of(Interrupts, observer, logger)()
    assert [(status, fields["result"]) for status, fields in observer.ends] == [("COMPLETED", None)]


def test_a_failing_output_does_not_prevent_the_end(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failing output does not prevent the end, of reading the output, and of restoring the
    streams: the last heartbeat is sent too.
    """
    observer = Ends()
    run = run_of(lambda: 42, observer, logger)

    def fail(*args: Any) -> Any:
        raise OSError("disk")

    def main() -> int:
        monkeypatch.setattr(run.output, "take", fail)
        monkeypatch.setattr(run.output, "stop", fail)
        run.info["a"] = 1
        return 42

    run.main_function = main
    assert run() == 42
    assert [status for status, _ in observer.ends] == ["COMPLETED"]
    assert observer.beats[-1]["info"] == {"a": 1}


def test_observers_whose_exceptions_cannot_be_shown_are_reported(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    """Observers whose exceptions cannot be shown are reported, by the type of the exception; the
    other observers receive the end.
    """

    class Fails(Ends):
        def completed_event(self, **fields: Any) -> None:
            raise RaisesInMessageError

    observer = Ends()
    logger.addHandler(caplog.handler)
    run = run_of(lambda: 42, observer, logger)
    run.observers.insert(0, Fails())
    assert run() == 42
    assert [status for status, _ in observer.ends] == ["COMPLETED"]
    assert "completed_event (RaisesInMessageError)" in caplog.text


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (3, "3"),
        ("a", "'a'"),
        ({"password": "hunter2"}, "{'password': '***'}"),
        ([1, math.factorial(2_000)], f"[1, '{hex(math.factorial(2_000))}']"),
        (RaisesExit(), "<RaisesExit that cannot be shown: Exit: repr>"),
        (RaisesInName(), None),
    ],
)
def test_a_result_is_shown_as_its_type_where_it_has_no_text(
    result: Any, expected: str | None
) -> None:
    """Containers of such values show their other values."""
    text = result_text(result)
    assert text == expected if expected is not None else "RaisesInName" in text


def test_a_huge_integer_is_shown_as_its_type() -> None:
    """Python refuses to write more than 4,300 digits."""
    assert result_text(math.factorial(2_000)).startswith("<int that cannot be shown: ValueError: ")


@pytest.mark.parametrize("name", hostile_values())
def test_plain_copies_raise_nothing(name: str) -> None:
    """Plain copies of whole results and of values in a dictionary raise nothing."""
    value = hostile_values()[name]
    assert PlainCopy().of({"value": value, "other": 1})["other"] == 1
    assert PlainCopy().of(value) is not None
    assert isinstance(result_text(value), str)


def test_a_copy_near_the_limit_of_recursion_is_its_type() -> None:
    """A copy near the limit of recursion is its type, where the caller has used almost all of the
    stack.
    """

    def deep(levels: int) -> Any:
        return PlainCopy().of({"a": nested(199)}) if levels == 0 else deep(levels - 1)

    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back  # type: ignore[assignment]
    found = deep(sys.getrecursionlimit() - depth - 60)
    assert "RecursionError" in str(found)


@pytest.mark.parametrize("name", hostile_errors())
def test_traces_of_exceptions_that_cannot_be_shown(name: str) -> None:
    """Traces of exceptions that cannot be shown have the type and the frame where it was raised."""
    error = hostile_errors()[name]
    try:
        raise error
    except BaseException as raised:  # noqa: BLE001 - any of them
        lines = trace_lines(raised)
    text = "".join(lines)
    assert type(error).__name__ in text and "raise error" in text
    assert all(line.endswith("\n") for line in lines)


def test_messages_of_exceptions_without_one() -> None:
    """Messages of exceptions without one are empty; the reason is the type."""
    assert message_of(RaisesInMessageError()) == ""
    assert reason_of(RaisesInMessageError()) == "RaisesInMessageError"
    assert (message_of(ValueError("a")), reason_of(ValueError(" a "))) == ("a", "ValueError: a")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Terminated(143)])
def test_interrupts_are_not_taken_for_faults_of_a_value(error: BaseException) -> None:
    """Ctrl-C and signals while a value is converted stop the program."""

    class Slow:
        def __repr__(self) -> str:
            raise error

    with pytest.raises(type(error)):
        plain({"slow": Slow()})
    with pytest.raises(type(error)):
        result_text(Slow())


class Status(enum.Enum):
    """Statuses that are not strings."""

    STOPPED = 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [("MINE", "MINE"), (None, "INTERRUPTED"), (Status.STOPPED, "Status.STOPPED")],
)
def test_the_status_of_an_interrupt_is_a_string(status: Any, expected: str) -> None:
    """The status of an interrupt is a string, also where the class has another value."""
    error = SacredInterrupt()
    error.STATUS = status
    assert interrupt_status(error) == expected


def test_a_status_that_raises() -> None:
    """The run is interrupted."""
    assert interrupt_status(RaisesInStatusError()) == "INTERRUPTED"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (SystemExit(), True), (SystemExit(0), True), (SystemExit(False), True),
        (SystemExit(1), False), (SystemExit("0"), False), (SystemExit(0.0), False),
        (SystemExit(Ambiguous()), False), (Exit(0), False),
    ],
)  # fmt: skip
def test_only_the_exit_codes_none_and_0_are_successes(error: BaseException, expected: bool) -> None:
    """Only the exit codes none and 0 are successes, as the interpreter has it: any other object is
    printed, and the code is 1.
    """
    assert is_successful_exit(error) is expected


def test_the_limit_of_the_program_for_digits_is_respected() -> None:
    """Where it is lower than the default, integers above it are strings; it is not changed."""
    before = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(700)
        assert plain([10**700, 10**699]) == [hex(10**700), 10**699]
        assert plain({10**700: 1}) == {hex(10**700): 1}
        assert sys.get_int_max_str_digits() == 700
        sys.set_int_max_str_digits(0)
        assert plain([10**4_200, 10**4_199]) == [hex(10**4_200), 10**4_199]
    finally:
        sys.set_int_max_str_digits(before)


@pytest.fixture
def prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process in which a user types the code."""
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)


def frames_of(error: BaseException | None) -> list[str]:
    """Return the names of the functions in the traceback, without that of the test."""
    found = [] if error is None else [frame.name for frame in extract_tb(error.__traceback__)]
    return [name for name in found if not name.startswith("test_")]


def failing() -> Experiment:
    """Return an experiment whose main function raises a ValueError."""
    ex = Experiment("name", interactive=True)

    def fail() -> None:
        raise ValueError("failed")

    @ex.capture
    def captured() -> None:
        fail()

    @ex.main
    def main() -> None:
        captured()

    return ex


def test_a_notebook_shows_frames_of_the_user(prompt: None) -> None:
    """Those of sacred-core are not in the traceback, that of the function which failed is."""
    with pytest.raises(ValueError, match="failed") as info:
        failing().run()
    assert frames_of(info.value) == ["main", "captured", "fail"]
    with pytest.raises(ValueError, match="failed") as info:
        failing().run_command("main")
    assert frames_of(info.value) == ["main", "captured", "fail"]
    with pytest.raises(ValueError, match="failed") as info:
        failing().create_run()()
    assert frames_of(info.value) == ["main", "captured", "fail"]


def test_causes_have_frames_of_the_user_as_well(prompt: None) -> None:
    """Exceptions that it came from, and those of a group, are shown in the same way."""
    ex = Experiment("name", interactive=True)

    @ex.capture
    def inner() -> None:
        raise KeyError("inner")

    @ex.main
    def main(kind: str = "group") -> None:
        try:
            inner()
        except KeyError as error:
            if kind == "group":
                raise ExceptionGroup("several", [error]) from error
            raise ValueError("failed") from error

    with pytest.raises(ExceptionGroup) as group:
        ex.run()
    assert frames_of(group.value) == ["main"]
    assert frames_of(group.value.exceptions[0]) == ["main", "inner"]
    with pytest.raises(ValueError, match="failed") as info:
        ex.run(config_updates={"kind": "cause"})
    assert frames_of(info.value.__cause__) == ["main", "inner"]


def test_a_mistake_has_no_frames_of_sacred_core(prompt: None) -> None:
    """Its sentence is below the cell that made it."""
    for arguments in ({"command_name": "other"}, {"config_updates": {"entry": 1}}):
        with pytest.raises(SacredError) as info:
            failing().run(**arguments)
        assert frames_of(info.value) == []


def test_a_debugger_has_all_frames(prompt: None) -> None:
    """With --debug the traceback is not changed; the record is the same in all cases."""
    ex = failing()
    with pytest.raises(ValueError, match="failed") as info:
        ex.run(options={"--debug": True})
    assert {"run", "__call__", "main", "captured", "fail"} <= set(frames_of(info.value))


def test_a_script_has_all_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no user types the code, an exception is not changed."""
    monkeypatch.delattr(sys, "ps1", raising=False)
    with pytest.raises(ValueError, match="failed") as info:
        failing().run()
    assert {"run", "__call__", "main", "captured", "fail"} <= set(frames_of(info.value))


def test_an_error_in_sacred_core_has_all_frames(
    prompt: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing else to show."""

    def broken(self: Any) -> None:
        raise RuntimeError("broken")

    code = broken.__code__.replace(co_filename=sys.modules[Run.__module__].__file__ or "")
    broken.__code__ = code
    monkeypatch.setattr(Run, "warn_if_unobserved", broken)
    with pytest.raises(RuntimeError, match="broken") as info:
        failing().run()
    assert frames_of(info.value)[-1] == "broken"


async def _awaited(ex: Experiment) -> None:
    await ex.run()


def test_an_asynchronous_command_has_frames_of_the_user(prompt: None) -> None:
    """Neither those of sacred-core nor those of the event loop are in the traceback."""
    ex = Experiment("name", interactive=True)

    @ex.main
    async def main() -> None:
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed") as info:
        ex.run()
    assert frames_of(info.value) == ["main"]
    with pytest.raises(ValueError, match="failed") as info:
        asyncio.run(_awaited(ex))
    assert [name for name in frames_of(info.value) if "run" not in name] == ["_awaited", "main"]
