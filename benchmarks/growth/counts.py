"""Counts what an action does: statements, requests, opened files, bytes and calls of functions."""

import contextlib
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

#: What is counted since the process started.
_TOTALS: Counter[str] = Counter()
_OPENING = ("open", "os.scandir", "os.listdir")
#: Linux: the bytes that this process has read and written.
_OWN = "/proc/self/io"


def install() -> None:
    """Count from now on, in all threads."""
    sys.addaudithook(_note_opened)
    _count_statements()
    _count_commands()
    _count_requests()


@contextlib.contextmanager
def counting() -> Iterator[dict[str, int]]:
    """Fill the dictionary, at the end of the block, with what was done in it.

    The names are ``statements`` (SQL and MongoDB), ``requests`` (HTTP), ``opened files`` (by
    Python), and ``bytes`` (read from and written to files).
    """
    found: dict[str, int] = {}
    before, moved = _TOTALS.copy(), _moved_bytes()
    yield found
    found["bytes"] = _moved_bytes() - moved
    for name, total in _TOTALS.items():
        found[name] = total - before[name]


@contextlib.contextmanager
def counting_calls() -> Iterator[dict[str, int]]:
    """Fill the dictionary with the number of ``calls`` of functions, also of those written in C."""
    found = {"calls": 0}

    def note(frame: Any, event: str, argument: Any) -> None:
        del frame, argument
        if event in ("call", "c_call"):
            found["calls"] += 1

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _moved_bytes() -> int:
    lines = Path(_OWN).read_text().splitlines()
    moved = dict(line.split(": ") for line in lines)
    return int(moved["rchar"]) + int(moved["wchar"])


def _note_opened(event: str, arguments: Any) -> None:
    if event in _OPENING and arguments[0] != _OWN:
        _TOTALS["opened files"] += 1


def _count_statements() -> None:
    import sqlalchemy as sa

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def note(*arguments: Any) -> None:
        _TOTALS["statements"] += 1


def _count_commands() -> None:
    from pymongo import monitoring

    class Listener(monitoring.CommandListener):
        def started(self, event: Any) -> None:
            _TOTALS["statements"] += 1

        def succeeded(self, event: Any) -> None:
            """Nothing to count."""

        failed = succeeded

    monitoring.register(Listener())


def _count_requests() -> None:
    """Count the requests of the drivers of S3 and GCS, which both use urllib3."""
    import urllib3

    send: Callable[..., Any] = urllib3.HTTPConnectionPool.urlopen

    def urlopen(*arguments: Any, **options: Any) -> Any:
        _TOTALS["requests"] += 1
        return send(*arguments, **options)

    urllib3.HTTPConnectionPool.urlopen = urlopen  # type: ignore[method-assign]
