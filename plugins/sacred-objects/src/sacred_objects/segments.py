"""Segments of the index: copies of the small objects of some runs in one object.

A segment is compressed by gzip: a line of JSON, ``[[KEY, VERSION, LENGTH], …]``, and the contents
one after the other. Its key has its level, the range of the numbers of its runs, and a random
token, as no segment is changed: ``_index/1-0000000000000001-0000000000000032-TOKEN.gz``. Segments
of runs whose ids are not numbers have ``names`` in place of the range.
"""

import gzip
import io
import json
import os
import re
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence

import attrs

from sacred_core.stores.run_ids import countable_id
from sacred_objects.object_keys import INDEX

_NAME = re.compile(r"(\d)-(?:(\d{16})-(\d{16})|names)-[0-9a-f]{16}\.gz")
#: Bytes of a segment in memory; a longer one is damaged.
_LARGEST_SEGMENT = 1 << 29
#: Contents of runs on one machine are alike: more effort makes them hardly smaller.
_EFFORT = 4


@attrs.frozen
class Copy:
    """A copy of an object.

    Attributes:
        key: Of the object, below the folder of all runs: ``12/run.json``.
        version: See `Bucket`; the copy is valid as long as the object has it.
        data: The content.
    """

    key: str
    version: str
    data: bytes

    @property
    def run(self) -> str:
        """The folder of the run."""
        return self.key.partition("/")[0]


@attrs.frozen
class Segment:
    """The name of a segment.

    Attributes:
        level: How often segments were merged into it.
        first, last: The lowest and the highest number of its runs; None if their ids are names.
        name: The end of its key.
    """

    level: int
    first: int | None
    last: int | None
    name: str

    @classmethod
    def parse(cls, name: str) -> "Segment | None":
        """Return the segment whose key ends with ``name``, None if that is another object."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        level, *ends = match.groups()
        first, last = (None if end is None else int(end) for end in ends)
        return cls(int(level), first, last, name)

    @classmethod
    def of(cls, level: int, copies: Iterable[Copy]) -> "Segment":
        """Return a new segment for copies of runs that all have numbers, or all have names."""
        numbers = {countable_id(name) for name in {copy.run for copy in copies}}
        known = [number for number in numbers if number is not None]
        first, last = (None, None) if None in numbers else (min(known), max(known))
        runs = "names" if first is None else f"{first:016d}-{last:016d}"
        return cls(level, first, last, f"{level}-{runs}-{os.urandom(8).hex()}.gz")

    def key(self, root: str) -> str:
        """Return the key below the prefix of all runs."""
        return f"{root}{INDEX}{self.name}"

    def may_have(self, numbers: Sequence[int | None]) -> bool:
        """Return whether it may have one of some runs.

        Args:
            numbers: Of the runs, sorted; None, for a run whose id is a name, is the first.
        """
        if self.first is None or self.last is None:
            return numbers[:1] == [None]
        known = numbers[1:] if numbers[:1] == [None] else numbers
        position = bisect_left(known, self.first)  # type: ignore[type-var]
        return position < len(known) and known[position] <= self.last  # type: ignore[operator]


def encode_segment(copies: Iterable[Copy]) -> bytes:
    """Return the content of a segment; an object that occurs twice is in it once."""
    listed = list({(copy.key, copy.version): copy for copy in copies}.values())
    header = [[copy.key, copy.version, len(copy.data)] for copy in listed]
    parts = (json.dumps(header).encode(), b"\n", *(copy.data for copy in listed))
    return gzip.compress(b"".join(parts), _EFFORT, mtime=0)


def decode_segment(data: bytes | None) -> list[Copy]:
    """Return the copies in a segment; a missing or damaged one has none."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data or b"")) as file:
            content = file.read(_LARGEST_SEGMENT)
        header, _, rest = content.partition(b"\n")
        copies, start = [], 0
        for key, version, length in json.loads(header):
            copies.append(Copy(str(key), str(version), rest[start : start + length]))
            start += length
        return copies if start == len(rest) else []
    except (OSError, EOFError, zlib.error, ValueError, TypeError, RecursionError):
        return []
