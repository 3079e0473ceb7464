"""Slack, played by a server of pytest-httpserver."""

import json
import logging
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sacred_slack import SlackObserver
from werkzeug import Request, Response

PATH = "/services/T0SECRET/B0SECRET/XXXSECRET"


class Slack:
    """Takes messages, or answers as it is told before it does.

    Attributes:
        answers: What it answers first: a status, or a whole response.
        asked: Everything that was posted.
        posted: What it took.
        during: Is called with each request.
    """

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for(PATH)
        self.answers: list[int | Response] = []
        self.asked: list[dict[str, Any]] = []
        self.posted: list[dict[str, Any]] = []
        self.during: Callable[[], None] = lambda: None
        server.expect_request(PATH, method="POST").respond_with_handler(self._answer)

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.posted]

    def _answer(self, request: Request) -> Response:
        message = json.loads(request.get_data())
        self.asked.append(message)
        self.during()
        if self.answers:
            answer = self.answers.pop(0)
            return answer if isinstance(answer, Response) else Response("broken", answer)
        self.posted.append(message)
        return Response("ok")


@pytest.fixture(autouse=True)
def _silent_server() -> Iterator[None]:
    """The server would log every address; what else does is to be seen."""
    log = logging.getLogger("werkzeug")
    level = log.level
    log.setLevel(logging.ERROR)
    yield
    log.setLevel(level)


@pytest.fixture(scope="session")
def server() -> Iterator[HTTPServer]:
    """A server in threads, so that one request may wait while others come."""
    with HTTPServer(host="127.0.0.1", port=0, threaded=True) as server:
        yield server


@pytest.fixture
def slack(server: HTTPServer) -> Slack:
    """Slack as this test alone sees it."""
    server.clear()
    return Slack(server)


@pytest.fixture
def observer(slack: Slack) -> SlackObserver:
    """One that does not wait long between two tries."""
    observer = SlackObserver(slack.url)
    observer.pause = 0.001
    return observer


@pytest.fixture
def closed_url() -> str:
    """A URL where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"http://127.0.0.1:{probe.getsockname()[1]}{PATH}"
