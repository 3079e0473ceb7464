"""Tests of the file that holds what a run printed."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sacred_core.run.output.spool import Spool, SpoolReader


def test_it_is_read_while_it_moves(tmp_path: Path) -> None:
    """It is read while it moves, by another thread, which meets neither a closed file nor one that
    is not this one.
    """
    spool = Spool()
    spool.append(b"x" * 1000, [])
    wrong: list[object] = []
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            try:
                found = (spool.size, spool.read(0), spool.free > 0)
            except OSError as error:
                found = (0, repr(error).encode(), False)
            if found != (1000, b"x" * 1000, True):
                wrong.append(found)
                return

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(300):
        spool.move(tmp_path / str(number), lambda descriptor: None)
    is_over.set()
    for thread in threads:
        thread.join()
    spool.end_writing()
    assert wrong == []


@pytest.mark.parametrize("size", [0, 10, 1 << 16])
def test_a_small_content_needs_no_file(size: int) -> None:
    """After the end it is in memory, with the same positions."""
    spool = Spool()
    data = os.urandom(size)
    spool.append(data, [])
    descriptor = spool.reader
    spool.end_writing()
    spool.release()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    assert (spool.size, spool.read(0), spool.read(3, 7)) == (size, data, data[3:7])
    assert spool.read(size) == b""


def test_a_large_content_stays_in_its_file() -> None:
    """It may be larger than the memory."""
    spool = Spool()
    data = b"x" * ((1 << 16) + 1)
    spool.append(data, [])
    spool.end_writing()
    spool.release()
    assert spool.read(0) == data and os.fstat(spool.reader).st_size == len(data)


def test_output_that_was_not_put_together_is_kept() -> None:
    """On a full disk, the spools of both streams have what the record does not have."""
    spools = [Spool(), Spool()]
    reader = SpoolReader(spools, None)
    spools[0].append(b"out", [])
    for spool in (*spools, reader.turns):
        assert spool is not None
        spool.end_writing()
    reader.close()
    reader.release()
    assert reader.whole() == "out" and reader.turns is None


KEEPING = """
import os, sys
from sacred_core import SETTINGS, Experiment, RunObserver

SETTINGS.CAPTURE_MODE = sys.argv[1]
ex = Experiment("kept", save_git_info=False)
ex.main(lambda: print("text"))
ex.observers.append(RunObserver())
runs = [ex.run()]
before = os.listdir("/proc/self/fd")
runs += [ex.run() for _ in range(5)]
assert len(os.listdir("/proc/self/fd")) == len(before), before
assert [run.captured_out.count("text") for run in runs] == [1] * 6
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="the system has no /proc")
@pytest.mark.parametrize("mode", ["sys", "fd"])
def test_runs_that_ended_have_no_open_files(tmp_path: Path, mode: str) -> None:
    """A program that keeps its runs does not exceed the limit of open files."""
    (tmp_path / "script.py").write_text(KEEPING)
    done = subprocess.run(
        [sys.executable, "script.py", mode],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
