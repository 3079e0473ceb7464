"""Servers that fail, for the tests of observers and stores.

`Proxy` breaks the connection to a server in every way that a network does. `ServerProcess` runs a
server that the test stops, kills and starts again. `serve_answers` is an HTTP server with given
answers, such as the login page of a network.
"""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self

#: Seconds until a server that starts or stops counts as hanging.
_TIMEOUT = 60.0
_NO_LINGER = struct.pack("ii", 1, 0)
#: How a connection fails, see `Proxy.fail`.
FAILURES = ("hangs", "one byte a second", "cut in a write", "refuses")


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


class Proxy:
    """Forwards connections to a server until the test makes it fail. Its port stays the same.

    Example:
        ```python
        with Proxy(("127.0.0.1", 5432)) as proxy:
            observer = MyObserver(f"postgresql://127.0.0.1:{proxy.port}/db")
            ...
            proxy.close()  # connections are refused
            proxy.open()  # they are forwarded again
        ```

    Attributes:
        port: Where it listens.
        sent: How many bytes the clients have sent to the server.
        received: How many bytes the server has sent to the clients.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        """Prepare a proxy to the host and port of ``target``; it is opened by `open` or `with`."""
        self.port = 0
        self.sent = self.received = 0
        self._target = target
        self._sockets: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._is_flowing = threading.Event()
        self._pause = 0.0
        self._cut: _Cut | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The address for clients that speak HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        """Forward everything, whatever was called before."""
        self._pause, self._cut = 0.0, None
        self._is_flowing.set()
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self.port = self._listener.getsockname()[1]
            self._acceptor = _start_thread(self._accept, self._listener)

    def close(self) -> None:
        """End all connections and refuse new ones."""
        self._refuse()
        self.cut()
        self._is_flowing.set()

    def cut(self, resets: bool = False) -> None:
        """End all connections; new ones are accepted.

        Args:
            resets: The connections end with a RST packet instead of FIN, as after a crash.
        """
        with self._lock:
            connections, self._sockets = self._sockets, set()
        for each in connections:
            if resets:
                _set_reset(each)
            _shut_down(each)

    def cut_after(
        self,
        size: int,
        *,
        counts_answers: bool = False,
        resets: bool = False,
        then_refuses: bool = False,
    ) -> None:
        """End all connections in the middle of a request, once ``size`` more bytes are sent.

        Args:
            size: Number of bytes, at least 1.
            counts_answers: The bytes of answers count too, so that it may happen in one of them.
            resets: See `cut`.
            then_refuses: New connections are refused, until `open` is called.
        """
        with self._lock:
            self._cut = _Cut(size, counts_answers, resets, then_refuses)

    def hang(self) -> None:
        """Accept connections and forward nothing, so that no request is answered."""
        self._is_flowing.clear()

    def slow_down(self, bytes_per_second: float) -> None:
        """Forward byte by byte, in each direction of each connection."""
        self._pause = 1.0 / bytes_per_second

    def fail(self, failure: str) -> None:
        """Fail in one of the ways of `FAILURES`, until `open` is called.

        Raises:
            ValueError: ``failure`` is not one of them.
        """
        if failure == "hangs":
            self.hang()
        elif failure == "one byte a second":
            self.slow_down(1.0)
        elif failure == "cut in a write":
            self.cut_after(100)
        elif failure == "refuses":
            self.close()
        else:
            raise ValueError(f"failure must be one of {', '.join(FAILURES)}, got {failure!r}")

    def __enter__(self) -> "Proxy":
        self.open()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _refuse(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None and self._acceptor is not None:
            _shut_down(listener)
            self._acceptor.join()
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # of `close`
            while True:
                _start_thread(self._connect, listener, listener.accept()[0])

    def _connect(self, listener: socket.socket, client: socket.socket) -> None:
        with (
            client,
            contextlib.suppress(OSError),  # the server is not running
            socket.create_connection(self._target) as server,
        ):
            for each in (client, server):  # a part of a request does not wait for an ACK
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._sockets |= {client, server}
            if self._listener is not listener:  # closed meanwhile
                self.cut()
            answers = _start_thread(self._forward, server, client, False)
            self._forward(client, server, True)
            # A socket is closed when no thread uses it any more. Its number is given to the
            # next one at once, and a thread that was about to read would read from that.
            answers.join()
            with self._lock:
                self._sockets -= {client, server}

    def _forward(self, source: socket.socket, target: socket.socket, is_request: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 if self._pause else 65536):
                self._is_flowing.wait()
                if source not in self._sockets:  # what came before the cut is lost
                    break
                self._send(data, target, is_request)
                time.sleep(self._pause)
        _shut_down(source)
        _shut_down(target)

    def _send(self, data: bytes, target: socket.socket, is_request: bool) -> None:
        with self._lock:
            cut = self._cut if self._cut is not None and self._cut.counts(is_request) else None
            sent = data if cut is None else data[: cut.left]
            self._count(len(sent), is_request)  # before the receiver can react to the bytes
            if cut is not None:
                cut.left -= len(sent)
        try:
            target.sendall(sent)
        except OSError:  # the connection was cut
            self._count(-len(sent), is_request)
            raise
        if cut is not None and not cut.left:
            self._end_all(cut)

    def _end_all(self, cut: "_Cut") -> None:
        with self._lock:
            if self._cut is not cut:  # another thread has done it
                return
            self._cut = None
        if cut.then_refuses:
            self._refuse()
        self.cut(cut.resets)

    def _count(self, size: int, is_request: bool) -> None:
        if is_request:
            self.sent += size
        else:
            self.received += size


@dataclass
class _Cut:
    """The place at which a proxy ends its connections; see `Proxy.cut_after`."""

    left: int
    counts_answers: bool
    resets: bool
    then_refuses: bool

    def counts(self, is_request: bool) -> bool:
        return is_request or self.counts_answers


class ServerProcess:
    """A server that is stopped, killed and started again. Its port stays the same.

    Attributes:
        port: Where it listens.
        folder: Of its data and of its log.
    """

    def __init__(self, folder: Path) -> None:
        """Prepare a server whose data are in ``folder``."""
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str | os.PathLike[str]]:
        """Return the program and its arguments; a subclass overrides it."""
        raise NotImplementedError

    def options(self) -> Mapping[str, Any]:
        """Return further arguments of `subprocess.Popen`, such as the user."""
        return {}

    def check(self) -> None:
        """Raise an exception until the server takes requests."""
        socket.create_connection(("127.0.0.1", self.port)).close()

    def start(self) -> None:
        """Start the server and wait until it takes requests.

        Raises:
            AssertionError: it ended, or took no request for a minute; the message is its log.
        """
        path = self.folder / "server.log"
        with path.open("ab") as log:
            self._process = subprocess.Popen(
                list(self.command()), stdout=log, stderr=log, cwd=self.folder, **self.options()
            )
        until = time.monotonic() + _TIMEOUT
        while True:
            try:
                self.check()
                return
            except Exception:  # noqa: BLE001 - each driver has exceptions of its own
                report = path.read_text(errors="replace")[-2000:]
                assert self._process.poll() is None, f"the server has ended:\n{report}"
                assert time.monotonic() < until, f"the server takes no requests:\n{report}"
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop the server by a signal, and wait until it has ended."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_TIMEOUT)
            self._process = None

    def kill(self) -> None:
        """Kill the server (SIGKILL)."""
        self.stop(signal.SIGKILL)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()


class Answer(NamedTuple):
    """What an HTTP server answers.

    Attributes:
        status: Of HTTP.
        body: What is sent; nothing to a request with HEAD.
        headers: Beside the length.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


#: The page of a proxy that wants a login, with the status of success.
LOGIN_PAGE = Answer(
    200, b"<html><head><title>Log in</title></head><body/></html>", {"Content-Type": "text/html"}
)


@contextlib.contextmanager
def serve_answers(*answers: Answer) -> Iterator[str]:
    """Run an HTTP server that gives the answers one after the other, the last one repeatedly.

    Yields:
        Its URL.
    """
    left = list(answers)
    lock = threading.Lock()

    def next_answer() -> Answer:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    with _serving(next_answer) as port:
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def _serving(next_answer: Callable[[], Answer]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            if "Expect" in self.headers:  # otherwise the client of S3 waits for a second
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body, headers = next_answer()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def _start_thread(target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, daemon=True)
    thread.start()
    return thread


def _set_reset(connection: socket.socket) -> None:
    """Let the connection end with a RST packet when its socket is closed (``SO_LINGER`` of 0)."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)


def _is_reset(connection: socket.socket) -> bool:
    return connection.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_NO_LINGER)) == _NO_LINGER


def _shut_down(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # `SHUT_RDWR` sends a FIN. `SHUT_RD` only ends the thread that reads, which closes the
        # socket.
        connection.shutdown(socket.SHUT_RD if _is_reset(connection) else socket.SHUT_RDWR)
