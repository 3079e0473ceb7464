"""Slack, played by a server of pytest-httpserver."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sacred_slack import SlackObserver
from werkzeug import Request, Response

from sacred_core.testing.servers import free_port

PATH = "/services/T0SECRET/B0SECRET/XXXSECRET"


class Slack:
    """Takes messages, or answers as configured before it does.

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


@pytest.fixture
def slack(http_server: HTTPServer) -> Slack:
    """Slack as this test alone sees it."""
    http_server.clear()
    return Slack(http_server)


@pytest.fixture
def observer(slack: Slack) -> SlackObserver:
    """One that does not wait long between two tries."""
    observer = SlackObserver(slack.url)
    observer.pause = 0.001
    return observer


@pytest.fixture
def closed_url() -> str:
    """A URL where no server listens."""
    return f"http://127.0.0.1:{free_port()}{PATH}"
