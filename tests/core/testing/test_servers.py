"""The servers for tests fail on demand."""

import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from sacred_core.testing.servers import (
    LOGIN_PAGE,
    Answer,
    Proxy,
    ServerProcess,
    free_port,
    serve_answers,
)


def ask(url: str, data: bytes | None = None, timeout: float = 30.0) -> bytes:
    """Return the answer to a request."""
    with urllib.request.urlopen(url, data, timeout) as answer:
        body: bytes = answer.read()
    return body


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy to an HTTP server that answers "hello"."""
    with serve_answers(Answer(body=b"hello")) as url, Proxy(_address(url)) as proxy:
        yield proxy


def _address(url: str) -> tuple[str, int]:
    return "127.0.0.1", int(url.rpartition(":")[2])


def test_an_open_proxy_forwards(proxy: Proxy) -> None:
    """The answer arrives, and the bytes of the request are counted."""
    assert ask(proxy.url, b"x" * 100_000) == b"hello"
    assert 100_000 < proxy.sent < 101_000


def test_a_closed_proxy_refuses_until_it_is_opened(proxy: Proxy) -> None:
    """Connections are refused, then accepted again on the same port."""
    port = proxy.port
    proxy.close()
    with pytest.raises(OSError, match="refused"):
        ask(proxy.url)
    proxy.open()
    assert (ask(proxy.url), proxy.port) == (b"hello", port)


def test_a_hanging_proxy_accepts_and_never_answers(proxy: Proxy) -> None:
    """The request ends by its timeout; one that still waits is answered once it is open."""
    proxy.hang()
    with pytest.raises(TimeoutError):
        ask(proxy.url, timeout=0.1)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        proxy.open()
        assert connection.recv(15).startswith(b"HTTP/1.0 200")


def test_a_connection_is_cut_within_a_request(proxy: Proxy) -> None:
    """Exactly as many bytes as given have been sent; the next request is answered."""
    proxy.cut_after(50_000)
    with pytest.raises((OSError, urllib.error.URLError)):
        ask(proxy.url, b"x" * 1_000_000)
    assert proxy.sent == 50_000
    assert ask(proxy.url) == b"hello"


@pytest.mark.parametrize("resets", [True, False])
def test_a_connection_is_cut_within_an_answer(resets: bool) -> None:
    """Exactly as many bytes have been sent both ways, the client gets a RST or a FIN."""
    with (
        serve_answers(Answer(body=b"x" * 1_000_000)) as url,
        Proxy(_address(url)) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), timeout=30) as client,
    ):
        proxy.cut_after(100_000, counts_answers=True, resets=resets)
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        read = client.makefile("rb").read
        if resets:
            with pytest.raises(ConnectionResetError):
                read()
        else:
            assert len(read()) == 100_000 - len(b"GET / HTTP/1.0\r\n\r\n")
        assert proxy.sent + proxy.received == 100_000
        assert len(ask(proxy.url)) == 1_000_000


def test_a_proxy_refuses_after_the_cut(proxy: Proxy) -> None:
    """No connection is accepted until the proxy is opened again."""
    proxy.cut_after(50_000, then_refuses=True)
    for _ in range(2):
        with pytest.raises((OSError, urllib.error.URLError)):
            ask(proxy.url, b"x" * 1_000_000)
    assert proxy.sent == 50_000
    proxy.open()
    assert ask(proxy.url) == b"hello"


def test_a_slow_proxy_sends_byte_by_byte(proxy: Proxy) -> None:
    """A request is not answered within its timeout, until the proxy is fast again."""
    proxy.slow_down(bytes_per_second=2.0)
    with pytest.raises(TimeoutError):
        ask(proxy.url, timeout=0.1)
    assert proxy.sent <= 1
    proxy.open()
    assert ask(proxy.url) == b"hello"


def test_a_server_that_is_away_ends_the_connection() -> None:
    """The proxy accepts connections and ends them, until the server is there."""
    with Proxy(("127.0.0.1", free_port())) as proxy:
        for _ in range(2):
            with pytest.raises(OSError, match=r"closed|reset"):
                ask(proxy.url)


def test_answers_are_given_in_a_row() -> None:
    """The last one is repeated."""
    with serve_answers(Answer(503), LOGIN_PAGE) as url:
        with pytest.raises(urllib.error.HTTPError, match="503"):
            ask(url)
        assert [b"Log in" in ask(url, b"data") for _ in range(2)] == [True, True]
        head = urllib.request.Request(url, method="HEAD")
        with urllib.request.urlopen(head) as answer:
            assert (answer.headers["Content-Type"], answer.read()) == ("text/html", b"")


def test_a_client_that_waits_for_it_is_told_to_continue() -> None:
    """A client that sends ``Expect: 100-continue`` sends the body after the answer to it."""
    with (
        serve_answers(Answer(body=b"hello")) as url,
        socket.create_connection(_address(url), timeout=30) as client,
    ):
        client.sendall(b"PUT / HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        answers = client.makefile("rb")
        assert answers.readline() == b"HTTP/1.1 100 Continue\r\n"
        client.sendall(b"data")
        assert answers.read().endswith(b"\r\n\r\nhello")


class PythonServer(ServerProcess):
    """The HTTP server of Python."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(self.port)]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_server_is_started_again(tmp_path: Path, end: str) -> None:
    """It has its port and its folder then; in between nothing listens."""
    (tmp_path / "file").write_text("content")
    with PythonServer(tmp_path) as server:
        url = f"http://127.0.0.1:{server.port}/file"
        assert ask(url) == b"content"
        getattr(server, end)()
        with pytest.raises(OSError, match="refused"):
            ask(url)
        server.start()
        assert ask(url) == b"content"


class BrokenServer(ServerProcess):
    """A program that ends at once."""

    def command(self) -> list[str]:
        return [sys.executable, "-c", "raise SystemExit('no space left')"]


def test_a_server_that_cannot_start_reports_its_log(tmp_path: Path) -> None:
    """The error holds what the server wrote."""
    with pytest.raises(AssertionError, match="the server has ended:\nno space left"):
        BrokenServer(tmp_path).start()
