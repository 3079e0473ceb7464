"""Tests of what shows spools, in this process."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sacred_core.run.output.follower import Display, has_writers, sizes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors are recorded on POSIX")


class Place:
    """A display of one spool, and what it has shown."""

    def __init__(self, folder: Path) -> None:
        self.spool = folder / "spool"
        self.shown = folder / "shown"
        self.writer = os.open(self.spool, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.reader = os.open(self.spool, os.O_RDONLY)
        self.target = os.open(self.shown, os.O_WRONLY | os.O_CREAT)
        self.state = os.open(folder / "state", os.O_RDWR | os.O_CREAT)
        self.display = self.another()

    def another(self) -> Display:
        return Display(self.state, [self.reader], [self.target])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    for descriptor in (made.writer, made.reader, made.target, made.state):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def test_growth_is_shown_once_by_all(place: Place) -> None:
    """Each continues where another stopped, from the first byte on."""
    assert place.display.show() is False
    os.write(place.writer, b"a")
    assert place.display.show() is True
    assert place.display.show() is False
    os.write(place.writer, b"bc")
    other = place.another()
    other.show()
    place.display.show()
    assert place.shown.read_bytes() == b"abc"


def test_one_process_at_a_time_shows(place: Place) -> None:
    """The lock is held until the outermost block ends, and is free afterwards."""
    attempt = (
        "import fcntl, os, sys\n"
        f"state = os.open({str(place.spool.with_name('state'))!r}, os.O_RDWR)\n"
        "try:\n    fcntl.lockf(state, fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "except OSError:\n    sys.exit(7)\n"
    )

    def code() -> int:
        return subprocess.run([sys.executable, "-c", attempt], check=False).returncode

    with place.display:
        assert code() == 7
        with place.display:
            assert code() == 7
        assert code() == 7
    assert code() == 0


def test_a_reader_that_went_away_is_no_error(place: Place) -> None:
    """What comes is counted and not shown."""
    reader, writer = os.pipe()
    os.close(reader)
    display = Display(place.state, [place.reader], [writer])
    os.write(place.writer, b"text")
    assert display.show() is True
    assert display.show() is False
    done: list[int] = []
    display.write(0, b"more", done)
    assert done == []
    os.close(writer)


def test_a_full_pipe_is_waited_for(place: Place) -> None:
    """A full pipe is waited for, also where the target does not block."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.write(place.writer, b"x" * 1_000_000)
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; print(len(sys.stdin.buffer.read()))"],
        stdin=reader, stdout=subprocess.PIPE,
    )  # fmt: skip
    os.close(reader)
    Display(place.state, [place.reader], [writer]).show()
    os.close(writer)
    assert child.communicate(timeout=60)[0] == b"1000000\n"


def test_writers_are_found_and_not_held_up(place: Place) -> None:
    """The lease by which they are found is given back at once."""
    assert has_writers(place.reader)
    assert place.display.has_writers
    os.close(place.writer)
    assert not has_writers(place.reader)
    place.writer = os.open(place.spool, os.O_WRONLY | os.O_NONBLOCK)
    assert has_writers(place.reader)


def test_sizes_of_two_files(tmp_path: Path) -> None:
    """First that of stdout."""
    descriptors = []
    for name, length in (("out", 3), ("err", 5)):
        (tmp_path / name).write_bytes(b"x" * length)
        descriptors.append(os.open(tmp_path / name, os.O_RDONLY))
    assert sizes(descriptors) == [3, 5]
    for descriptor in descriptors:
        os.close(descriptor)
