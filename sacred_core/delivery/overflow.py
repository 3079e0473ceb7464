"""Events of one observer that do not fit into memory, in files."""

from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

from sacred_core.delivery.event_files import decode_event, encode_event, write_line
from sacred_core.events import Event

#: The events and bytes of one file, which is read at once.
SEGMENT_EVENTS, SEGMENT_BYTES = 1_000, 8_000_000


class _Segment:
    """A file of events, one a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.methods: Counter[str] = Counter()
        self.size = 0

    @property
    def is_full(self) -> bool:
        return self.methods.total() >= SEGMENT_EVENTS or self.size >= SEGMENT_BYTES


class Overflow:
    """Events on disk, in order, oldest first. Files are removed once they are read.

    Args:
        make_folder: Creates an empty folder for them, when it is needed.
        with_safe_files: Returns an event whose files the user does not change.
    """

    def __init__(
        self, make_folder: Callable[[], Path], with_safe_files: Callable[[Event], Event]
    ) -> None:
        self._make_folder = make_folder
        self._with_safe_files = with_safe_files
        self._folder: Path | None = None
        self._segments: deque[_Segment] = deque()
        self._number = self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, event: Event) -> None:
        """Write ``event`` as the last one.

        Raises:
            OSError: it cannot be written; the others are not changed.
        """
        line = encode_event(self._with_safe_files(event))
        segment = self._last_segment()
        with segment.path.open("ab", buffering=0) as file:
            segment.size += write_line(file, line)
        segment.methods[event.method] += 1
        self._count += 1

    def take(self) -> list[Event]:
        """Remove some events from the disk, the oldest ones, and return them.

        Raises:
            OSError, ValueError: they cannot be read; they are removed.
        """
        return list(map(decode_event, self.take_lines()))

    def take_lines(self) -> list[str]:
        """Remove some events from the disk, and return their lines, see `encode_event`.

        Raises:
            OSError, ValueError: they cannot be read; they are removed.
        """
        segment = self._segments.popleft()
        self._count -= segment.methods.total()
        try:
            return segment.path.read_text(encoding="utf-8").splitlines()
        finally:
            segment.path.unlink(missing_ok=True)

    def move_to(self, other: "Overflow") -> Counter[str]:
        """Append all events to ``other``, and return how many there are of each method."""
        found = sum((segment.methods for segment in self._segments), Counter[str]())
        other._segments.extend(self._segments)
        other._count += self._count
        self._segments.clear()
        self._count = 0
        return found

    def _last_segment(self) -> _Segment:
        if not self._segments or self._segments[-1].is_full:
            if self._folder is None:
                self._folder = self._make_folder()
            self._number += 1
            self._segments.append(_Segment(self._folder / f"{self._number}.jsonl"))
        return self._segments[-1]
