"""A board in a process of its own, and requests to it."""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.measuring import clean_environment

#: The command of this environment.
SACRED = Path(sys.executable).with_name("sacred")
#: A board whose store counts calls; a line with the counts and the memory follows each input line.
COUNTING = """
import json, sys, threading
from collections import Counter
from sacred_board.board import Board
from sacred_board.data.locations import Location
from sacred_board.server import open_socket, serve
from sacred_core.stores import open_store

calls = Counter()


class Counting:
    "Counts the calls of the methods of a store."

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        found = getattr(self._store, name)
        if not callable(found):
            return found

        def call(*args, **kwargs):
            calls[name] += 1
            return found(*args, **kwargs)

        return call


def report():
    for line in sys.stdin:
        pages = open("/proc/self/statm").read().split()[1]
        print(json.dumps({"memory": int(pages) * 4096, "calls": calls}), flush=True)


threading.Thread(target=report, daemon=True).start()
location = sys.argv[1]
board = Board([Location(location, "runs", lambda: Counting(open_store(location)))])
serve(board, open_socket("127.0.0.1", 0))
"""


class BoardProcess:
    """A running board.

    Attributes:
        host: Its address, as in ``127.0.0.1:8000``.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.host = ""
        for line in process.stdout or ():
            if line.startswith("Address:"):
                self.host = urlsplit(line.split()[1]).netloc
            elif line.startswith("To stop:"):
                break

    def get(self, path: str) -> tuple[int, bytes]:
        """Return the status and the body of a page."""
        connection = http.client.HTTPConnection(self.host, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        with contextlib.closing(connection):
            return answer.status, answer.read()

    def seconds(self, path: str) -> float:
        """Return how long a page takes."""
        begin = time.perf_counter()
        status, body = self.get(path)
        assert status == 200, f"{path}: {status} {body[:500]!r}"
        return time.perf_counter() - begin

    def counts(self) -> dict[str, Any]:
        """Return the calls of the store until now, and the memory in bytes, of a counting board."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


@contextlib.contextmanager
def run_board(location: str, is_counting: bool = False) -> Iterator[BoardProcess]:
    """Run a board over a location."""
    counting = [sys.executable, "-c", COUNTING, location]
    process = subprocess.Popen(
        counting if is_counting else [SACRED, "board", location, "--port", "0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=clean_environment(),
    )
    try:
        yield BoardProcess(process)
    finally:
        process.terminate()
        process.wait(30)
