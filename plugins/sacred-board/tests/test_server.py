"""Tests of sockets, of what is printed, and of the end of a board."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from sacred_board.server import make_url, open_socket

from sacred_core.exceptions import OptionError

#: A board whose store never answers.
PROGRAM = """
    import threading
    from sacred_board.board import Board
    from sacred_board.data.locations import Location
    from sacred_board.server import open_socket, serve

    def wait_for_ever():
        threading.Event().wait()

    location = Location("mongodb://ada:hunter22@away/db", "away", wait_for_ever)
    serve(Board([location], is_editable=EDIT), open_socket("127.0.0.1", 0), OPENS)
"""


class Program:
    """A board in a process of its own.

    Attributes:
        process: The process.
        lines: What it printed at its start, by the words before the colons.
    """

    def __init__(self, edit: bool = False, opens: bool = False, **variables: str) -> None:
        code = textwrap.dedent(PROGRAM).replace("EDIT", str(edit)).replace("OPENS", str(opens))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | variables,
        )
        self.lines: dict[str, str] = {}
        while "To stop" not in self.lines:
            assert self.process.stdout is not None
            line = self.process.stdout.readline()
            assert line, self.process.communicate()[1]
            name, _, text = line.partition(":")
            self.lines[name] = text.strip()

    @property
    def url(self) -> str:
        """The printed address."""
        return self.lines["Address"]

    def connect(self, path: str) -> socket.socket:
        """Send a request, and return its connection."""
        port = int(self.url.rstrip("/").rpartition(":")[2])
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
        return connection

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal, and return the exit code and what was printed after the start."""
        self.process.send_signal(number)
        _, printed = self.process.communicate(timeout=5)
        return self.process.returncode, printed


@pytest.fixture
def programs() -> Iterator[list[Program]]:
    """Programs that are killed after the test."""
    started: list[Program] = []
    yield started
    for each in started:
        each.process.kill()
        each.process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_board_at_once(programs, number: int, code: int) -> None:
    """Open streams, and a store that does not answer, are not waited for."""
    programs.append(program := Program(edit=number == signal.SIGTERM))
    assert program.lines["Board of"] == "mongodb://ada:***@away/db"
    assert program.lines["Changes"].startswith("notes" if number == signal.SIGTERM else "none")
    waiting = [program.connect("/"), program.connect("/run/away/1"), program.connect("/changes")]
    with urllib.request.urlopen(f"{program.url}static/board.css", timeout=10) as response:
        assert response.status == 200
    assert program.end(number) == (code, "Stopped\n")
    for connection in waiting:
        connection.close()


def test_the_browser_is_opened_when_the_board_answers(programs, tmp_path: Path) -> None:
    """The program of the browser can load the page."""
    found = tmp_path / "found"
    script = tmp_path / "browser.py"
    script.write_text(
        "import sys, urllib.request, pathlib\n"
        "status = urllib.request.urlopen(sys.argv[1] + 'static/board.css').status\n"
        f"pathlib.Path({str(found)!r}).write_text(f'{{sys.argv[1]}} {{status}}')\n"
        f"print('loaded', file=sys.stderr, flush=True)\n"
    )
    variables = {"BROWSER": f"{sys.executable} {script} %s", "SSH_CONNECTION": "1"}
    programs.append(program := Program(opens=True, **variables))
    assert program.process.stderr is not None
    assert program.process.stderr.readline() == "loaded\n"
    assert found.read_text() == f"{program.url} 200"
    port = program.url.rstrip("/").rpartition(":")[2]
    assert program.lines["Over SSH"].startswith(f"ssh -L {port}:127.0.0.1:{port} ")


def test_the_next_free_port_is_used() -> None:
    """Several ports may be in use; port 0 is any."""
    with open_socket("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        assert port > 1024
        with open_socket("127.0.0.1", port) as second:
            assert port < second.getsockname()[1] <= port + 50
            with open_socket("127.0.0.1", port) as third:
                assert third.getsockname()[1] not in (port, second.getsockname()[1])


def test_the_last_port_is_followed_by_any(monkeypatch) -> None:
    """There is no port above 65535."""
    with open_socket("127.0.0.1", 65_535), open_socket("127.0.0.1", 65_535) as other:
        assert 1024 < other.getsockname()[1] < 65_535


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "a..b", "x" * 300])
def test_a_host_of_another_machine_is_an_error(host: str) -> None:
    """The sentence has the option, the host and the reason."""
    with pytest.raises(OptionError, match=r"cannot accept connections at --host .*: \w+"):
        open_socket(host, 0)


def test_the_printed_address_can_be_opened(monkeypatch) -> None:
    """For all addresses it has the name of the machine; IPv6 addresses are in brackets."""
    monkeypatch.setattr(socket, "gethostname", lambda: "node7")
    with open_socket("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert make_url("127.0.0.1", listening) == f"http://127.0.0.1:{port}/"
        assert make_url("0.0.0.0", listening) == f"http://node7:{port}/"
        assert make_url("::", listening) == f"http://node7:{port}/"
        assert make_url("::1", listening) == f"http://[::1]:{port}/"
