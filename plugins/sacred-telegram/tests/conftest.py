"""The Bot API, played by a server of pytest-httpserver."""

import json
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sacred_telegram import TelegramObserver
from werkzeug import Request, Response

from sacred_core.testing.servers import free_port

TOKEN = "123456:AASECRET-token"


class Api:
    """Takes messages, or answers as configured before it does.

    Attributes:
        answers: What it answers first: a status, or a whole response.
        asked: What each request posted, and the headers of each.
        sent: What it took.
    """

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("").rstrip("/")
        self.port = server.port
        self.answers: list[int | Response] = []
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.sent: list[dict[str, Any]] = []
        path = f"/bot{TOKEN}/sendMessage"
        server.expect_request(path, method="POST").respond_with_handler(self._answer)

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.sent]

    def _answer(self, request: Request) -> Response:
        message = json.loads(request.get_data())
        self.asked.append(message)
        self.headers.append(dict(request.headers))
        if self.answers:
            answer = self.answers.pop(0)
            return answer if isinstance(answer, Response) else refusal(answer, "broken")
        self.sent.append(message)
        return Response(json.dumps({"ok": True, "result": {"message_id": len(self.sent)}}))


def refusal(status: int, description: str, **parameters: Any) -> Response:
    body = {"ok": False, "error_code": status, "description": description}
    return Response(json.dumps({**body, "parameters": parameters}), status)


@pytest.fixture
def refused() -> Any:
    """Makes the answer with a status, a description, and parameters."""
    return refusal


@pytest.fixture
def api(http_server: HTTPServer) -> Api:
    """The API as this test alone sees it."""
    http_server.clear()
    return Api(http_server)


@pytest.fixture
def token() -> str:
    """Of the bot."""
    return TOKEN


@pytest.fixture
def observer(api: Api) -> TelegramObserver:
    """One that does not wait long between two tries."""
    observer = TelegramObserver(TOKEN, 42, base_url=api.url)
    observer.pause = 0.001
    return observer


@pytest.fixture
def closed_url() -> str:
    """A URL where no server listens."""
    return f"http://127.0.0.1:{free_port()}"
