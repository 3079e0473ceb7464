"""Tests of recording what is written to ``sys.stdout`` and ``sys.stderr``."""

import contextvars
import io
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from typing import Any

import pytest

from sacred_core.observers import RunObserver
from sacred_core.run import Run

MODE = "sys"


class OutputLog(RunObserver):
    """Joins the output from the events that it receives."""

    def __init__(self) -> None:
        self.text = ""
        self.changes: list[tuple[int, str]] = []

    def started_event(self) -> None:
        self.__init__()  # type: ignore[misc]

    def output_event(self, text: str, offset: int) -> None:
        self.changes.append((offset, text))
        self.text = self.text[:offset] + text


def run_of(main: Callable[..., Any], *observers: Any, **attributes: Any) -> Run:
    logger = logging.getLogger("tests.output")
    run = Run({}, None, main, observers or [OutputLog()], logger, logger, {}, {}, (), ())
    run.capture_mode = "sys"
    for name, value in attributes.items():
        setattr(run, name, value)
    return run


@pytest.fixture(autouse=True)
def streams() -> Iterator[tuple[Any, Any]]:
    before = sys.stdout, sys.stderr
    yield before
    assert (sys.stdout, sys.stderr) == before, "the streams were not restored"


def test_both_streams_are_recorded_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    """The text is shown as before, and sent to the observers."""

    def main() -> None:
        for i in range(3):
            print("out", i)
            print("err", i, file=sys.stderr)

    log = OutputLog()
    run = run_of(main, log)
    run()
    expected = "out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n"
    assert run.captured_out == log.text == expected
    shown = capsys.readouterr()
    assert shown.out == "out 0\nout 1\nout 2\n"


def test_only_new_output_is_delivered() -> None:
    """Each change begins where the last one ended."""
    log = OutputLog()

    def main() -> None:
        for line in ("one\n", "two\n"):
            print(line, end="")
            run.lifecycle.beat()  # type: ignore[union-attr]

    run = run_of(main, log)
    run()
    assert log.changes == [(0, "one\n"), (4, "two\n")]


def test_output_before_a_failure_is_stored() -> None:
    """The last printed line of a failing run is in the record."""
    log = OutputLog()

    def main() -> None:
        print("last words", end="")
        raise ValueError("broke")

    with pytest.raises(ValueError, match="broke"):
        run_of(main, log)()
    assert log.text == "last words"


def test_passwords_in_urls_never_reach_an_observer() -> None:
    """Passwords in URLs never reach an observer, not even when a beat falls into the
    middle of one.
    """
    log = OutputLog()

    def main() -> None:
        for part in ("connecting to db:/", "/ann:pass", "word@host/x ", "done"):
            sys.stdout.write(part)
            run.lifecycle.beat()  # type: ignore[union-attr]

    run = run_of(main, log)
    run()
    assert log.text == "connecting to db://ann:***@host/x done"
    assert not any("pass" in text for _, text in log.changes)


def test_a_filter_may_rewrite_what_was_delivered() -> None:
    """A progress bar ends as its last state."""

    def last_state(text: str) -> str:
        return "\n".join(line.rpartition("\r")[2] for line in text.split("\n"))

    log = OutputLog()

    def main() -> None:
        for i in range(3):
            print(f"\rstep {i} ", end="")
            run.lifecycle.beat()  # type: ignore[union-attr]
        print()

    run = run_of(main, log, captured_out_filter=last_state)
    run()
    assert log.text == run.captured_out == "step 2 \n"


def test_output_of_a_nested_run_belongs_to_both() -> None:
    """The inner run's text is part of the outer run's."""
    inner_log, outer_log = OutputLog(), OutputLog()
    inner = run_of(lambda: print("inner"), inner_log)

    def main() -> None:
        print("before")
        inner()
        print("after")

    run_of(main, outer_log)()
    assert inner_log.text == "inner\n"
    assert outer_log.text == "before\ninner\nafter\n"


def test_runs_in_threads_do_not_mix() -> None:
    """Each run has its own lines, also from threads that carry its context."""
    barrier = threading.Barrier(2)
    logs = [OutputLog(), OutputLog()]

    def run_in_thread(i: int) -> None:
        def main() -> None:
            for n in range(20):
                barrier.wait(5)
                print(f"run {i} line {n}")
            context = contextvars.copy_context()
            child = threading.Thread(target=context.run, args=(print, f"child of {i}"))
            child.start()
            child.join()

        run_of(main, logs[i])()

    threads = [threading.Thread(target=run_in_thread, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, log in enumerate(logs):
        lines = log.text.splitlines()
        assert lines == [*(f"run {i} line {n}" for n in range(20)), f"child of {i}"]


def test_a_stream_of_the_users_own_stays() -> None:
    """Redirected text goes where the user sends it and is not recorded."""
    target = io.StringIO()

    def main() -> None:
        with redirect_stdout(target):
            print("redirected")

    run = run_of(main)
    run()
    assert target.getvalue() == "redirected\n"
    assert run.captured_out == ""


def test_nothing_is_recorded_in_mode_no_or_without_observers() -> None:
    """The output is shown, and ``captured_out`` is empty (section 1.2.5)."""
    logger = logging.getLogger("tests.output")
    unobserved = Run({}, None, lambda: print("x"), [], logger, logger, {}, {}, (), ())
    unobserved()
    off = run_of(lambda: print("x"), capture_mode="no")
    off()
    assert unobserved.captured_out == off.captured_out == ""


def test_the_stream_still_looks_like_the_original() -> None:
    """Encoding, descriptor and terminal-ness are the original's."""

    def main() -> Any:
        return sys.stdout.encoding, sys.stdout.isatty(), sys.stdout.writable()

    original = sys.stdout
    assert run_of(main)() == (original.encoding, original.isatty(), original.writable())


def test_handlers_made_before_the_run_are_recorded(scripts: Any) -> None:
    """`logging.basicConfig()` at the top of a script, a stream in a sink of loguru."""
    done = scripts.run_with_head(
        """
        import logging
        logging.basicConfig(format="%(message)s", level="INFO")

        class Sink:
            def __init__(self, stream):
                self.stream = stream

            def __call__(self, message):
                self.stream.write(message)
                self.stream.flush()

        sinks = [Sink(sys.stderr), Sink(sys.stdout), Sink(sys.__stdout__)]
        """,
        """
        print("one")
        logging.error("two")
        sinks[0]("three\\n")
        sinks[1]("four\\n")
        sinks[2]("five\\n")
        sys.__stderr__.writelines(["six\\n", "seven\\n"])
        """,
        stderr=subprocess.STDOUT,
    )
    expected = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"
    assert scripts.record == expected
    assert done.stdout.decode() == expected


@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_the_original_streams_are_restored(scripts: Any, mode: str) -> None:
    """What was written to them after the run is shown, and is in no record."""
    done = scripts.run_with_head(
        f"""
        SETTINGS.CAPTURE_MODE = "{mode}"
        before = [(vars(stream), stream.write) for stream in (sys.stdout, sys.stderr)]
        saved = sys.stdout

        import atexit
        @atexit.register
        def check():
            after = [(vars(stream), stream.write) for stream in (sys.stdout, sys.stderr)]
            assert after == before, after
            saved.write("after\\n")
        """,
        'saved.write("inside\\n")',
    )
    assert done.stdout == b"inside\nafter\n", done.stderr
    assert done.stderr == b""
    assert scripts.record == "inside\n"


def test_a_stream_that_writes_to_the_other_is_recorded_once(scripts: Any) -> None:
    """A tee in place of stdout, whose terminal is what stderr writes to."""
    done = scripts.run_with_head(
        """
        class Tee:
            def __init__(self, terminal):
                self.terminal = terminal
            def write(self, text):
                return self.terminal.write(text)
            def flush(self):
                self.terminal.flush()

        sys.stdout = Tee(sys.__stdout__)
        sys.stderr = sys.__stdout__
        """,
        """
        print("once")
        print("error", file=sys.stderr)
        """,
    )
    assert done.stdout == b"once\nerror\n"
    assert scripts.record == "once\nerror\n"


@pytest.mark.parametrize(
    ("change", "back", "reason"),
    [
        ("sys.stdout = io.StringIO()", "sys.stdout = sys.__stdout__", "sys.stdout does not write"),
        (
            "saved = os.dup(2); os.close(2)",
            "os.dup2(saved, 2)",
            "sys.stderr has no open descriptor",
        ),
        ("claim.take(other)", "claim.release(other)", "another run records them"),
    ],
)
def test_one_line_reports_that_descriptors_are_not_recorded(
    scripts: Any, change: str, back: str, reason: str
) -> None:
    """Once for each reason, however many runs there are."""
    scripts.run_with_head(
        f"""
        import logging
        from sacred_core.run.output.fd_capture import FdCapture, claim
        logging.basicConfig(filename="log.txt", format="%(levelname)s %(message)s", level="INFO")
        SETTINGS.CAPTURE_MODE = "fd"
        inner = Experiment("inner", save_git_info=False)
        inner.main(lambda: print("text"))
        inner.observers.append(RunObserver())
        other = FdCapture()
        {change}
        for _ in range(3):
            assert inner.run().captured_out.count("text") == 1
        {back}
        SETTINGS.CAPTURE_MODE = "sys"
        """,
        "pass",
    )
    lines = (scripts.folder / "log.txt").read_text().splitlines()
    about = [line for line in lines if "mode 'sys'" in line]
    assert len(about) == 1, lines
    assert about[0].startswith("INFO ")
    assert reason in about[0]
