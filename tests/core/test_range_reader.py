"""Tests of streams over content that is read by position."""

import io

from sacred_core.range_reader import RangeReader

DATA = bytes(range(100))


class Parts(RangeReader):
    """Returns at most seven bytes at a time, as a store that reads parts does."""

    def __init__(self) -> None:
        super().__init__(len(DATA))
        self.asked: list[tuple[int, int]] = []

    def read_at(self, position: int, length: int) -> bytes:
        self.asked.append((position, length))
        return DATA[position : position + min(length, 7)]


def test_everything_is_read_in_parts() -> None:
    """Everything is read in parts, also through a buffer, and nothing is asked for at the end."""
    assert Parts().readall() == DATA
    assert io.BufferedReader(Parts(), 16).read() == DATA
    reader = Parts()
    reader.seek(0, io.SEEK_END)
    assert reader.read() == reader.read(5) == b"" and reader.asked == []


def test_positions() -> None:
    """A position counts from the start, the position or the end; none is before the start."""
    reader = Parts()
    assert reader.seek(-3, io.SEEK_END) == 97 and reader.read(10) == DATA[97:]
    assert reader.asked == [(97, 3)], "more is asked for than there is"
    assert reader.seek(-10, io.SEEK_CUR) == 90 and reader.read(2) == DATA[90:92]
    assert reader.tell() == 92
    assert reader.seek(-1) == 0 and reader.read(1) == DATA[:1]
    assert reader.seek(200) == 200 and reader.read(1) == b""
    assert reader.readable() and reader.seekable() and not reader.writable()
