"""Tests of the observer with a server that records requests."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from example_ping import PingObserver

from sacred_core import Experiment
from sacred_core.exceptions import UnavailableError, UsageError
from sacred_core.testing import ObserverContract, PluginContract

TOKEN = "5f3c9d0e-check"


class TestPlugin(PluginContract):
    distribution = "example-ping"


@pytest.fixture
def requests() -> Iterator[list[tuple[str, str]]]:
    """The paths and contents of all requests; the last entry of the server's address is first."""
    found: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            found.append((self.path, content.decode()))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        TestPing.url = f"http://127.0.0.1:{server.server_port}/{TOKEN}"
        yield found
        server.shutdown()


@pytest.mark.usefixtures("requests")
class TestPing(ObserverContract):
    secret = TOKEN
    url = ""

    def make_observer(self, tmp_path: object) -> PingObserver:
        return PingObserver(self.url)


def experiment(divisor: int) -> Experiment:
    """Return an experiment with the observer."""
    ex = Experiment("pinged", save_git_info=False)
    ex.observers.append(PingObserver(TestPing.url))

    @ex.main
    def main() -> float:
        return 1 / divisor

    return ex


def test_a_run_is_reported(requests: list[tuple[str, str]]) -> None:
    """The start has its own address, and the end that of the check."""
    experiment(2).run()
    assert requests[0] == (f"/{TOKEN}/start", "")
    assert requests[-1] == (f"/{TOKEN}", "")


def test_a_failure_is_reported(requests: list[tuple[str, str]]) -> None:
    """The report of a failure has the exception."""
    with pytest.raises(ZeroDivisionError):
        experiment(0).run()
    assert requests[-1] == (f"/{TOKEN}/fail", "ZeroDivisionError: division by zero")


def test_a_service_that_is_away_is_not_the_fault_of_the_run() -> None:
    """The event is repeated later; the message does not have the secret address."""
    with pytest.raises(UnavailableError, match=r"no ping was sent to 127\.0\.0\.1: ") as caught:
        PingObserver(f"http://127.0.0.1:9/{TOKEN}").heartbeat_event()
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("url", ["", "hc-ping.com/x", "ftp://host/x", "http:///x", "http://[x"])
def test_a_wrong_address_is_an_error(url: str) -> None:
    """The run does not start."""
    with pytest.raises(UsageError, match="expected an address such as https:"):
        PingObserver(url)
