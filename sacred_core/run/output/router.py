"""What stands in for ``sys.stdout`` and ``sys.stderr`` while any run records its output."""

import sys
import threading
from collections.abc import Callable
from typing import Any

from sacred_core.run.output.locking import stream_lock

Sink = Callable[[str], None]
#: Gives the sink of the run that the caller belongs to, or None.
FindSink = Callable[[], Sink | None]

_NAMES = ("stdout", "stderr")
_lock = threading.Lock()


class Router:
    """A text stream that hands on what is written, and shows it to the run it belongs to.

    Everything else, like ``encoding``, ``fileno`` and ``isatty``, is the original's.
    """

    def __init__(self, original: Any, find_sink: FindSink) -> None:
        self.original = original
        self.users = 0
        #: The sink of the only run that records, which need not be looked for.
        self.only: Sink | None = None
        self._find_sink = find_sink

    def write(self, text: str) -> int:
        """Write ``text`` to the original; the run gets it even if that fails."""
        with stream_lock:
            sink = self.only or self._find_sink()
            if sink is not None:
                sink(text)
            written: int = self.original.write(text)
        return written

    def flush(self) -> None:
        """Flush the original."""
        with stream_lock:
            self.original.flush()

    def writelines(self, lines: Any) -> None:
        """Write each of ``lines``."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    def __iter__(self) -> Any:
        return iter(self.original)


def install(find_sink: FindSink, sink: Sink) -> list[tuple[str, Router]]:
    """Route both streams, or join the routers that are there; the result goes to `release`.

    Args:
        find_sink: Where the text of whoever writes goes.
        sink: Where it goes as long as nobody else routes the streams.
    """
    used = []
    with _lock:
        for name in _NAMES:
            stream: Any = getattr(sys, name)
            if stream is None:  # a program without a console
                continue
            router = stream if isinstance(stream, Router) else Router(stream, find_sink)
            router.users += 1
            router.only = sink if router.users == 1 else None
            setattr(sys, name, router)
            used.append((name, router))
    return used


def release(used: list[tuple[str, Router]]) -> None:
    """Give up what `install` returned; the last user restores the original streams."""
    with _lock:
        for name, router in used:
            router.users -= 1
            # Somebody may have put a stream of their own in front meanwhile: it stays.
            if router.users == 0 and getattr(sys, name) is router:
                setattr(sys, name, router.original)
