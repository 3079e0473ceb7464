"""One request that ends at a time, whatever the server sends, and how slowly."""

import contextlib
import os
import socket
import threading
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter

#: Bytes of an answer that are read, as they come and decompressed: a message's is short, and
#: anything may answer.
LONGEST_ANSWER = 65536
#: Formats that zlib recognizes by their first bytes (https://zlib.net/manual.html#Advanced).
_ZLIB_OR_GZIP = 47


class Deadline:
    """Closes connections at a time: a timeout of the library holds for each part of an answer.

    Args:
        seconds: From now on.

    Attributes:
        is_over: The time has come.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, connected: Any) -> None:
        """Close the connection of a socket when the time has come, perhaps at once."""
        # A separate descriptor: TLS takes that of the socket away.
        own = socket.socket(fileno=os.dup(connected.fileno()))
        with self._lock:
            self._sockets.append(own)
        if self.is_over:
            self._end()

    def cancel(self) -> None:
        """Release what is watched."""
        self._timer.cancel()
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    def _end(self) -> None:
        self.is_over = True
        with self._lock:
            for each in self._sockets:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """Registers each new connection with a deadline."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """Return the pool for a request."""
        return self._with_deadline(super().get_connection_with_tls_context(*args, **options))

    def get_connection(self, *args: Any, **options: Any) -> Any:
        """Return the pool for a request, for requests before 2.32."""
        return self._with_deadline(super().get_connection(*args, **options))

    def _with_deadline(self, pool: Any) -> Any:
        deadline = self._deadline

        class Connection(pool.ConnectionCls):  # type: ignore[misc]
            def connect(self) -> None:
                super().connect()
                deadline.watch(self.sock)

        pool.ConnectionCls = Connection
        return pool


@contextlib.contextmanager
def session_until(deadline: Deadline) -> Iterator[requests.Session]:
    """Yield a session whose connections end at ``deadline``."""
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, _Adapter(deadline))
        try:
            yield session
        finally:
            deadline.cancel()


def read_beginning(response: requests.Response) -> str:
    """Return the beginning of the text of an answer; what is cut off is not read."""
    data = b""
    with contextlib.suppress(Exception):  # cut off: what has come counts
        while len(data) < LONGEST_ANSWER:
            piece = response.raw.read1(LONGEST_ANSWER - len(data), decode_content=False)
            if not piece:
                break
            data += piece
    return _decompress(data, response.headers)


def _decompress(data: bytes, headers: Mapping[str, str]) -> str:
    """Decompress what came compressed although that was not requested, but not without limit."""
    if headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        try:
            data = zlib.decompressobj(_ZLIB_OR_GZIP).decompress(data, LONGEST_ANSWER)
        except zlib.error:
            return ""
    return data.decode("utf-8", "replace")
