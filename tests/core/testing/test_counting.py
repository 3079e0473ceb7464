"""Tests of counting the work of an action."""

import sys
from pathlib import Path

import pytest

from sacred_core.testing.counting import count_work


def test_calls_of_functions_are_counted() -> None:
    """Functions of Python and of C count, each time that they are called."""

    def action() -> None:
        for _ in range(10):
            len("abc")

    few = count_work(lambda: None)["calls"]
    assert count_work(action)["calls"] - few == 10


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel counts the bytes")
def test_bytes_of_files_are_counted(tmp_path: Path) -> None:
    """What is written to files and read from them counts."""
    path = tmp_path / "file"
    written = count_work(lambda: path.write_bytes(b"x" * 100_000))["bytes"]
    read = count_work(path.read_bytes)["bytes"]
    assert all(100_000 <= each < 110_000 for each in (written, read)), (written, read)


def test_an_earlier_profiler_is_restored() -> None:
    """A profiler that was set before receives events again, also if the action raises."""

    def profiler(*arguments: object) -> None:
        pass

    before = sys.getprofile()
    sys.setprofile(profiler)
    try:
        with pytest.raises(ZeroDivisionError):
            count_work(lambda: 1 / 0)
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(before)
