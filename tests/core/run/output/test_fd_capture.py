"""Tests of recording file descriptors, in processes of their own."""

import os
import pty
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors are recorded on POSIX")

MODE = "fd"


def test_children_and_c_code_are_recorded(scripts: Any) -> None:
    """What Python does not write itself is in the record and on the screen."""
    done = scripts.run(
        """
        print("python", flush=True)
        os.system("echo child; echo child error >&2")
        os.write(1, b"raw\\n")
        ctypes.CDLL(None).puts(b"from C")
        ctypes.CDLL(None).fflush(None)
        """,
        stderr=subprocess.STDOUT,
    )
    expected = "python\nchild\nchild error\nraw\nfrom C\n"
    assert scripts.record == done.stdout.decode() == expected


def test_two_streams_are_put_together_in_pythons_order(scripts: Any) -> None:
    """Two streams are put together in Python's order, although they are different files, and stdout
    is buffered.
    """
    done = scripts.run(
        """
        for i in range(2000):
            print("out", i)
            if i % 3 == 0:
                print("err", i, file=sys.stderr)
        """
    )
    expected = [
        line for i in range(2000) for line in ([f"out {i}"] + ([f"err {i}"] if i % 3 == 0 else []))
    ]
    assert scripts.record.splitlines() == expected
    assert done.stdout.decode().splitlines() == [x for x in expected if x.startswith("out")]
    assert done.stderr.decode().splitlines() == [x for x in expected if x.startswith("err")]


def test_c_code_that_holds_the_interpreters_lock(scripts: Any) -> None:
    """5 MB in one call: no deadlock, every byte."""
    done = scripts.run(
        """
        data = b"x" * 99 + b"\\n"
        ctypes.PyDLL(None).write(1, data * 50_000, 5_000_000)
        """
    )
    assert len(done.stdout) == 5_000_000
    assert scripts.record == done.stdout.decode()


def test_half_a_character_at_a_beat(scripts: Any) -> None:
    """It is put together with the other half; what is no UTF-8 is replaced, not lost."""
    scripts.run(
        """
        os.write(1, "ä".encode()[:1])
        time.sleep(0.2)
        os.write(1, "ä".encode()[1:] + b" \\xff end\\n")
        """
    )
    assert scripts.record == "ä \ufffd end\n"


def test_a_reader_that_goes_away(scripts: Any) -> None:
    """`| head -1`: the run completes and its record is whole."""
    command = scripts.write(
        """
        for i in range(50_000):
            print("line", i)
            if i == 0:
                sys.stdout.flush()
                time.sleep(0.3)
        """
    )
    shell = subprocess.run(
        " ".join(map(str, command)) + " | head -1; exit ${PIPESTATUS[0]}",
        shell=True, executable="/bin/bash", cwd=scripts.folder, capture_output=True, timeout=60,
    )  # fmt: skip
    assert shell.stdout == b"line 0\n"
    assert scripts.record.splitlines() == [f"line {i}" for i in range(50_000)]


def test_threads_print_each_line_once(scripts: Any) -> None:
    """Eight threads: none lost, doubled or torn."""
    scripts.run(
        """
        def work(name):
            for i in range(5000):
                sys.stdout.write(f"{name} {i}\\n")
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        """
    )
    lines = scripts.record.splitlines()
    assert sorted(lines) == sorted(f"{n} {i}" for n in range(8) for i in range(5000))


def test_a_terminal_still_looks_like_one(scripts: Any) -> None:
    """`isatty` answers as before, and the text is shown there."""
    main, terminal = pty.openpty()
    scripts.run("print(sys.stdout.isatty())", stdout=terminal, stderr=terminal)
    os.close(terminal)
    assert os.read(main, 100) == b"True\r\n"
    os.close(main)
    assert scripts.record == "True\n"


def test_little_disk_ends_the_recording_not_the_run(scripts: Any) -> None:
    """The output goes where it went before, with one warning."""
    command = scripts.write(
        """
        reading.LITTLE = 1 << 62
        spool = os.fstat(1)
        print("recorded", flush=True)
        while os.path.samestat(os.fstat(1), spool):
            time.sleep(0.01)
        print("shown", flush=True)
        """
    )
    command[3] = "WARNING"
    done = subprocess.run(command, cwd=scripts.folder, capture_output=True, check=True, timeout=60)
    assert done.stdout == b"recorded\nshown\n"
    assert b"no space left on device" in done.stderr
    assert "recorded" in scripts.record
    assert "shown" not in scripts.record


def test_a_child_that_outlives_the_run_is_shown(scripts: Any) -> None:
    """It is neither killed nor mute, and the record is that of the run; then all is gone."""
    done = scripts.run(
        """
        print("run")
        code = (
            "import os, sys, time\\n"
            "while os.getppid() == int(sys.argv[1]): time.sleep(0.01)\\n"
            "print('late')"
        )
        subprocess.Popen([sys.executable, "-c", code, str(os.getpid())])
        """,
        stderr=subprocess.STDOUT,
    )
    assert done.stdout == b"run\nlate\n"
    assert scripts.record == "run\n"


def test_filters_apply(scripts: Any) -> None:
    """A progress bar over many beats is recorded as its last state."""
    scripts.run(
        """
        from sacred_core.utils import apply_backspaces_and_linefeeds
        print("before")
        for i in range(101):
            sys.stdout.write(f"\\rprogress {i} %")
            sys.stdout.flush()
            time.sleep(0.002)
        print("\\nafter")
        """
    )
    assert "progress 0 %" in scripts.record
    source = (scripts.folder / "script.py").read_text().replace(
        "ex.observers", "from sacred_core.utils import apply_backspaces_and_linefeeds as f\n"
        "ex.captured_out_filter = f\nex.observers", 1
    )  # fmt: skip
    (scripts.folder / "script.py").write_text(source)
    command = [sys.executable, "script.py", "-l", "ERROR", "-b", "0.05"]
    subprocess.run(command, cwd=scripts.folder, check=True, capture_output=True, timeout=60)
    assert scripts.record == "before\nprogress 100 %\nafter\n"


def test_a_nested_run_has_its_own_part(scripts: Any) -> None:
    """What Python writes in it belongs to both."""
    scripts.run(
        """
        inner = Experiment("inner", save_git_info=False)
        record = type(ex.observers[0])()
        record.join = lambda: None
        inner.observers.append(record)
        inner.main(lambda: print("inside"))
        print("before")
        inner.run(options={"-l": "ERROR"})
        print("after")
        assert record.text == "inside\\n", record.text
        """
    )
    assert scripts.record == "before\ninside\nafter\n"


#: Children write to both files by turns; each writes when the line before it was shown.
WAITING_CHILDREN = """
    for number in range(6):
        os.system(f"echo out {number}")
        sys.stdin.readline()
        os.system(f"echo err {number} >&2")
        sys.stdin.readline()
"""


def assert_order_of_children(scripts: Any, command: list[Any]) -> None:
    """Run a script of `WAITING_CHILDREN` and compare its record with what was shown."""
    with subprocess.Popen(
        command, cwd=scripts.folder, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        expected = []
        for number in range(6):
            for kind, stream in (("out", process.stdout), ("err", process.stderr)):
                expected.append(f"{kind} {number}")
                assert stream is not None and stream.readline() == expected[-1] + "\n"
                process.stdin.write("\n")
                process.stdin.flush()
    assert process.returncode == 0
    assert scripts.record.splitlines() == expected


def test_children_that_write_to_two_files_retain_their_order(scripts: Any) -> None:
    """What is written after a line was shown comes after it in the record."""
    assert_order_of_children(scripts, scripts.with_long_beats(WAITING_CHILDREN))


def test_python_comes_behind_what_its_children_wrote(scripts: Any) -> None:
    """Exactly, for the sizes of both files are noted when Python writes."""
    scripts.run(
        """
        for number in range(50):
            os.system(f"echo child error {number} >&2")
            print("out", number, flush=True)
            os.system(f"echo child out {number}")
            print("err", number, file=sys.stderr)
        """
    )
    kinds = ("child error", "out", "child out", "err")
    expected = [f"{kind} {number}" for number in range(50) for kind in kinds]
    assert scripts.record.splitlines() == expected


def test_order_without_the_process_that_shows(scripts: Any) -> None:
    """A thread notes the sizes in its place."""
    assert_order_of_children(scripts, scripts.with_head("sys.frozen = True", WAITING_CHILDREN))
