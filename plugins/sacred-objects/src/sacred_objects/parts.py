"""A file that grows, in a bucket, where nothing can be appended to.

Each time that it grew the bucket gets a part: ``FIRST-LAST-START`` are the numbers of the times
that the part covers, and the byte of the file at which its content begins; what the file held
from there on is replaced. Every 32nd part takes the place of the 31 before it, every 1,024th that
of the last 32 such, and so on: a file that grew a million times is some hundred parts, and each
byte was sent four times.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from threading import Lock

import attrs

from sacred_objects.bucket import Bucket, has_scan, in_parallel

_SPAN = 32
_NAME = re.compile(r"(\d+)-(\d+)-(\d+)")
#: Bytes that are sent from memory; more are read from the file while they are sent.
_SMALL = 1_000_000


@attrs.frozen
class Part:
    """One object.

    Attributes:
        first, last: The numbers of the times that it covers, both included.
        start: The byte at which it begins.
    """

    first: int
    last: int
    start: int

    @property
    def name(self) -> str:
        """The end of its key."""
        return f"{self.first:08d}-{self.last:08d}-{self.start:012d}"


class Parts:
    """The parts of one file.

    Args:
        bucket: Where they are sent.
        prefix: Of their keys.
        path: The file on this machine.
    """

    def __init__(self, bucket: Bucket, prefix: str, path: Path) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._path = path
        self._parts: list[Part] = []
        self._number = 0
        self._sent = 0
        self._changed_from: int | None = None

    @property
    def is_sent(self) -> bool:
        """Whether the bucket has the complete content of the file."""
        return self._changed_from is None

    def mark_changed(self, start: int) -> None:
        """Record that the file changed from the byte ``start`` on."""
        known = self._sent if self._changed_from is None else self._changed_from
        self._changed_from = min(start, known)

    def send_whole(self) -> None:
        """Send the whole content, in place of parts that are there."""
        self.adopt()
        self.mark_changed(0)
        self.send()

    def send(self) -> None:
        """Send what changed to the bucket; after an error it may be called again."""
        if self._changed_from is None:
            return
        number = self._number
        first = number - _span(number + 1) + 1
        merged = [part for part in self._parts if part.first >= first]
        part = Part(first, number, min([self._changed_from, *(each.start for each in merged)]))
        size = self._put(part)
        self._bucket.delete(self._prefix + each.name for each in merged)
        self._parts = [each for each in self._parts if each.first < first] + [part]
        self._number, self._sent, self._changed_from = number + 1, size, None

    def adopt(self) -> None:
        """Continue the parts that the bucket has; the file contains what they do."""
        keys = self._bucket.list(self._prefix)
        self._parts = list(_newest(_parse_key(key, self._prefix) for key in keys))
        self._number = max((part.last + 1 for part in self._parts), default=0)
        self._sent, self._changed_from = self._path.stat().st_size, None

    def clear(self) -> list[str]:
        """Return the keys of the parts, which the caller removes: they are no longer used."""
        keys = [self._prefix + part.name for part in self._parts]
        self._parts = []
        return keys

    def _put(self, part: Part) -> int:
        with self._path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(part.start)
            data = file.read() if size - part.start <= _SMALL else file
            self._bucket.put(self._prefix + part.name, data)
        return size


@attrs.frozen
class _Joined:
    """What parts were joined to.

    Attributes:
        parts: With the version of each, in order.
        ends: For each part the length of the file after it.
        data: The content of the file.
    """

    parts: tuple[tuple[Part, str], ...] = ()
    ends: tuple[int, ...] = ()
    data: bytes = b""

    def common(self, parts: Sequence[tuple[Part, str]]) -> tuple[int, bytes]:
        """Return how many of other parts need not be fetched, and what they are joined to."""
        pairs = zip(self.parts, parts, strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        # What follows in this file may have replaced an end that another one still has.
        starts = [part.start for part, _ in self.parts[same:]]
        known = min([*self.ends[same - 1 : same], *starts], default=0)
        needed = parts[same][0].start if same < len(parts) else self.ends[same - 1] if same else 0
        return (same, self.data[:known]) if needed <= known else (0, b"")


class PartsReader:
    """Joins the parts of files that grow.

    A reader that follows a run fetches each part once: what was joined before is in memory.

    Args:
        bucket: Where the parts are.
        most_bytes: Of files that are in memory.
    """

    def __init__(self, bucket: Bucket, most_bytes: int = 1 << 26) -> None:
        self._bucket = bucket
        self._most_bytes = most_bytes
        self._lock = Lock()
        self._known: dict[str, _Joined] = {}

    def join(self, prefix: str) -> bytes | None:
        """Return the content of the file of which ``prefix`` has the parts; None: not yet known.

        That is where parts were replaced while they were read; a further attempt finds the new
        ones.
        """
        versions = {
            part: version
            for key, version in self._listed(prefix)
            if (part := _parse_key(key, prefix)) is not None
        }
        parts = [(part, versions[part]) for part in _newest(versions)]
        known = self._known.get(prefix, _Joined())
        same, start = known.common(parts) if has_scan(self._bucket) else (0, b"")
        data, ends = bytearray(start), [*known.ends[:same]]
        names = [prefix + part.name for part, _ in parts[same:]]
        contents = in_parallel(self._bucket.get, names) if names else iter(())
        for (part, _), content in zip(parts[same:], contents, strict=True):
            if content is None:
                return None
            del data[part.start :]
            data += content
            ends.append(len(data))
        joined = _Joined(tuple(parts), tuple(ends), bytes(data))
        self._remember(prefix, joined)
        return joined.data

    def _listed(self, prefix: str) -> Iterator[tuple[str, str]]:
        if has_scan(self._bucket):
            return ((found.key, found.version) for found in self._bucket.scan(prefix))
        return ((key, "") for key in self._bucket.list(prefix))

    def _remember(self, prefix: str, joined: _Joined) -> None:
        with self._lock:
            self._known.pop(prefix, None)
            self._known[prefix] = joined
            while sum(len(each.data) for each in self._known.values()) > self._most_bytes:
                del self._known[next(iter(self._known))]


def replace_parts(bucket: Bucket, prefix: str, data: bytes) -> None:
    """Replace all parts by one with ``data``, atomically for readers."""
    keys = list(bucket.list(prefix))
    last = max((part.last for key in keys if (part := _parse_key(key, prefix))), default=-1)
    whole = prefix + Part(0, last + 1, 0).name
    bucket.put(whole, data)
    bucket.delete(key for key in keys if key != whole)


def _newest(parts: Iterable[Part | None]) -> Iterable[Part]:
    """Yield parts in order, without those whose place another one took."""
    done = -1
    found = (part for part in parts if part is not None)
    for part in sorted(found, key=lambda part: (part.first, -part.last)):
        if part.last > done:
            done = part.last
            yield part


def _parse_key(key: str, prefix: str) -> Part | None:
    match = _NAME.fullmatch(key.removeprefix(prefix))
    return Part(*map(int, match.groups())) if match else None


def _span(number: int) -> int:
    """Return the highest power of `_SPAN` that divides ``number``."""
    span = 1
    while number % (span * _SPAN) == 0:
        span *= _SPAN
    return span
