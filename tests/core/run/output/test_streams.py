"""Tests of the proxies of Python's streams, in processes of their own."""

import io
import os
import pty
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.run.output.stream_proxy import StreamProxy
from sacred_core.testing.memory import Memory, MemoryObserver

MODE = "sys"


def test_a_forked_child_writes_once(scripts: Any) -> None:
    """What the parent had printed is not printed again by the child, whose own text is shown."""
    out, _ = scripts.shown(
        """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12: there are threads
        print("before")
        pid = os.fork()
        if pid == 0:
            print("child")
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(pid, 0)
        print("after")
        """
    )
    assert sorted(out.split()) == ["after", "before", "child"]
    assert scripts.record == "before\nafter\n"


def test_a_pool_of_processes_prints(scripts: Any) -> None:
    """Workers that were forked show what they print, each line once."""
    out, _ = scripts.shown(
        """
        import multiprocessing
        print("parent")
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(print, [f"task {i}" for i in range(20)], chunksize=1)
            pool.close()
            pool.join()
        """
    )
    assert sorted(out.splitlines()) == sorted(["parent", *(f"task {i}" for i in range(20))])


def test_bytes_and_text_retain_their_order(scripts: Any) -> None:
    """What is written to ``sys.stdout.buffer`` is recorded, as it was when it was written."""
    process = scripts.start(
        """
        print("one")
        data = bytearray(b"two\\n")
        assert sys.stdout.buffer.write(data) == 4
        data[:3] = b"bad"
        print("three")
        sys.stdout.buffer.write(b"\\xff\\n")
        sys.stdout.buffer.flush()
        """
    )
    assert process.communicate(timeout=60)[0] == b"one\ntwo\nthree\n\xff\n"
    assert scripts.record == "one\ntwo\nthree\n\ufffd\n"


def test_text_is_there_before_a_child_writes(scripts: Any) -> None:
    """After a flush, and on a terminal at the end of each line."""
    out, _ = scripts.shown("print('first', flush=True)\nos.system('echo second')")
    assert out == "first\nsecond\n"
    main, terminal = pty.openpty()
    process = scripts.start("print('first')\nos.system('echo second')", stdout=terminal)
    process.communicate(timeout=60)
    os.close(terminal)
    assert os.read(main, 100) == b"first\r\nsecond\r\n"
    os.close(main)


def test_eight_threads(scripts: Any) -> None:
    """Each line and each point once, none torn, at many beats."""
    count = 20_000
    scripts.shown(
        f"""
        def work(name):
            for i in range({count}):
                sys.stdout.write(f"{{name}} {{i}}\\n")
                if i % 1000 == 0:
                    sys.stderr.write(f"{{name}} error {{i}}\\n")
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        """,
        stdout=subprocess.DEVNULL,
    )
    expected = [f"{n} {i}" for n in range(8) for i in range(count)]
    expected += [f"{n} error {i}" for n in range(8) for i in range(0, count, 1000)]
    assert sorted(scripts.record.splitlines()) == sorted(expected)


@pytest.mark.parametrize("seed", range(3))
def test_an_interrupt_loses_and_doubles_nothing(scripts: Any, seed: int) -> None:
    """Lines that are shown at once, on a terminal, and Ctrl-C in the midst of them."""
    main, terminal = pty.openpty()
    process = scripts.start(
        f"""
        import signal
        n = 0
        signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        for attempt in range(50):
            signal.setitimer(signal.ITIMER_REAL, 0.001 + {seed} * 0.0003 + attempt * 0.00001)
            try:
                while True:
                    n += 1
                    sys.stdout.write(f"line {{n}}\\n")
            except KeyboardInterrupt:
                pass
        """,
        stdout=terminal,
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            part = os.read(main, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(main)
    process.communicate(timeout=60)
    recorded = [int(line.split()[1]) for line in scripts.record.splitlines()]
    assert recorded == sorted(set(recorded)), "doubled or out of order"
    # The write that was interrupted may not have begun; any other is there.
    missing = set(range(1, recorded[-1])) - set(recorded)
    assert len(missing) <= 50
    assert shown.decode().split() == scripts.record.split()


def test_no_thread_is_left_of_a_run() -> None:
    """The thread that shows what is printed has ended when the last of several runs ends."""
    outer, inner = (Experiment(name, save_git_info=False) for name in ("outer", "inner"))
    for ex in (outer, inner):
        ex.observers.append(MemoryObserver(Memory()))
    names = []

    def threads() -> list[str]:
        return [each.name for each in threading.enumerate() if each.name == "sacred-output"]

    inner.main(lambda: print("inner"))

    @outer.main
    def outer_main() -> None:
        print("outer")
        inner.run(options={"--capture": "sys"})
        while not names:
            names.extend(threads())

    outer.run(options={"--capture": "sys"})
    assert (names, threads()) == (["sacred-output"], [])


def test_memory_is_flat(scripts: Any) -> None:
    """Of 240 MB that are printed as fast as possible, only a part waits in memory."""
    _, err = scripts.shown(
        """
        import resource
        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print("first")
        before = peak()
        for line in range(2_400_000):
            print("x" * 99)
        print(peak() - before, file=sys.stderr)
        """,
        stdout=subprocess.DEVNULL,
    )
    # In KiB. A write waits if more than some MB are not recorded or not shown yet.
    assert int(err) < 100_000


def test_a_print_runs_no_python_code(scripts: Any) -> None:
    """What it looks up of the proxy is in its class, and no attribute of ours comes before."""
    scripts.shown(
        """
        proxy = sys.stdout
        assert type(proxy).__module__.startswith("sacred_core")
        assert vars(proxy) == {} and not hasattr(type(proxy), "__getattr__")
        assert proxy.mode == sys.__stdout__.mode == "w"
        calls = []
        sys.setprofile(lambda frame, event, argument: calls.append(event))
        print("line", 1)
        sys.setprofile(None)
        assert calls.count("call") == 0, calls
        """
    )
    assert scripts.record == "line 1\n"


@pytest.mark.parametrize("mode", ["fd", "sys"])
def test_a_flushed_line_is_one_write_of_ours(scripts: Any, tmp_path: Path, mode: str) -> None:
    """Its thread writes once to the spool, with 17 Python calls, and rarely checks the disk."""
    script = type(scripts)(tmp_path, mode)
    out, _ = script.shown(
        """
        here, writes, events, write = threading.get_ident(), [], [], os.write
        def count(*arguments):
            if threading.get_ident() == here:
                writes.append(1)
            return write(*arguments)
        os.write = count
        sys.setprofile(lambda frame, event, argument: events.append((event, argument)))
        for line in range(100):
            print("line", line, flush=True)
        sys.setprofile(None)
        os.write = write
        calls = [argument for event, argument in events if event == "call"]
        assert 0 < len(writes) <= 100, len(writes)
        assert len(calls) - len(writes) <= 1700, len(calls)
        assert sum(each in (os.fstat, os.fstatvfs) for _, each in events) < 50
        """
    )
    assert script.record.splitlines() == [f"line {line}" for line in range(100)]
    assert out == script.record


def test_a_stream_with_more_attributes_has_them_during_a_run(scripts: Any) -> None:
    """A stream of another class, or with attributes that were set, has them during a run."""
    scripts.run_with_head(
        """
        class Coloured(io.TextIOWrapper):
            colour = "red"

        sys.stdout = Coloured(sys.stdout.buffer)
        sys.stderr.theme = "dark"
        """,
        "print(sys.stdout.colour, sys.stderr.theme, sys.stderr.mode)",
    )
    assert scripts.record == "red dark w\n"


@pytest.mark.parametrize(("mode", "function"), [("sys", "fstatvfs"), ("fd", "fstat")])
def test_a_line_that_is_flushed_costs_few_system_calls(
    scripts: Any, mode: str, function: str
) -> None:
    """The free space is checked five times a second, not for each line; of two files in mode `fd`
    only the size of stderr is looked up for each line.
    """
    scripts.run_with_head(
        f"SETTINGS.CAPTURE_MODE = {mode!r}",
        f"""
        calls, own, original = [], threading.get_ident(), os.{function}
        def counted(descriptor):
            if threading.get_ident() == own:
                calls.append(descriptor)
            return original(descriptor)
        os.{function} = counted
        start = time.monotonic()
        for i in range(1000):
            print("line", i, flush=True)
        elapsed = time.monotonic() - start
        os.{function} = original
        limit = 1001 if {mode!r} == "fd" else 2 + elapsed / 0.2
        assert len(calls) <= limit, (len(calls), elapsed)
        """,
    )
    assert scripts.record.splitlines() == [f"line {i}" for i in range(1000)]


def test_a_proxy_of_a_closed_stream_can_be_closed() -> None:
    """Python closes garbage, and prints what this raises; nothing can be flushed any more."""
    original = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    proxy = StreamProxy(original, original.flush, False, lambda: False)
    proxy.write("held back")
    original.close()
    with pytest.raises(ValueError, match="closed"):
        proxy.flush()
    proxy.buffer.close()
    proxy.close()
