"""Attacks on the server of a board: requests that no client sends."""

import socket
from collections.abc import Iterator

import httpx2
import pytest

from .browser.running_board import RunningBoard
from .hostile_runs import record_hostile_runs


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBoard]:
    """A board of hostile runs with a server, which can be edited."""
    folder = tmp_path_factory.mktemp("server") / "runs"
    record_hostile_runs(folder)
    board = RunningBoard(str(folder), is_editable=True)
    yield board
    board.stop()


HOST = b"Host: localhost\r\nConnection: close\r\n"
FORM = b"Origin: http://localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
#: What is sent to the server, and the status of the answer.
REQUESTS = {
    "two hosts": (b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "no host in an old version": (b"GET / HTTP/1.0\r\n\r\n", 403),
    "host in the address": (b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "two slashes": (b"GET //evil.example/%2e%2e HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "parent folders": (b"GET /static/../../app.py HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "encoded parent folders": (
        b"GET /static/%2e%2e/%2e%2e/app.py HTTP/1.1\r\n" + HOST + b"\r\n", 404,
    ),
    "backslashes": (b"GET /static/..\\..\\app.py HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    "a byte that is not UTF-8": (b"GET /run/runs/\xff HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a line break in the address": (b"GET /\nX: HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a form of unknown length": (
        b"POST /login HTTP/1.1\r\n" + HOST + FORM + b"Transfer-Encoding: chunked\r\n\r\n"
        + b"11000\r\n" + b"x" * 0x11000 + b"\r\n0\r\n\r\n", 413,
    ),
    "a form with two lengths": (
        b"POST /login HTTP/1.1\r\n" + HOST + FORM + b"Content-Length: 1\r\n"
        b"Content-Length: 2\r\n\r\nab", 400,
    ),
    "a request in a body": (
        b"POST /login HTTP/1.1\r\n" + HOST + FORM + b"Content-Length: 3\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /run/runs/1 HTTP/1.1\r\n", 403,
    ),
    "no request": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_no_bytes_make_the_server_fail(server, name: str) -> None:
    """The answer is an error, and contains nothing of a run or of another file."""
    sent, status = REQUESTS[name]
    host, _, port = server.host.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert received.split(b" ", 2)[:2] == [b"HTTP/1.1", str(status).encode()]
    assert b"Traceback" not in received and b"create_app" not in received
    assert b"xss-" not in received


RANGES = [
    "bytes=" + ",".join(["0-"] * 1000), "bytes=-99999999999999999999", "bytes=a-b", "bytes=5-1",
    "bytes=" + "9" * 4000 + "-", "bytes=0-0,-1", "bytes=", "=", "lines=1-2", "bytes=0-\x80",
]  # fmt: skip


@pytest.mark.parametrize("asked", RANGES, ids=lambda asked: asked[:30])
def test_no_range_makes_a_file_longer(server, asked: str) -> None:
    """A file is sent once, or in part, whatever ranges are requested."""
    address = server.url("/file/runs/1/artifact/table.csv")
    size = len(httpx2.get(address).content)
    response = httpx2.get(address, headers={"Range": asked.encode("latin-1")})
    assert response.status_code in (200, 206, 416)
    assert size > 100
    assert response.status_code == 416 or len(response.content) <= size
    assert response.headers["content-security-policy"].startswith("sandbox")
