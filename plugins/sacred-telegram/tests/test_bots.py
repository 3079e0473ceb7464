"""The Bot API that is down, slow, busy or rude harms no run; proxies, and bots of others."""

import base64
import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sacred_messages.delivery import MessageError
from sacred_telegram import TelegramObserver
from werkzeug import Response

from sacred_core.exceptions import SacredError
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import record_completed_run
from sacred_core.testing.experiments import run_main, shown_while_recording


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


def test_what_may_pass_is_tried_again(api: Any, observer: TelegramObserver) -> None:
    """After 429 and 5xx each message is sent, and sent once."""
    api.answers = [500, 429, 502]
    record_completed_run(observer)
    assert len(api.asked) == 5 and len(api.sent) == 2


def test_telegram_sets_the_time_of_the_retry(
    api: Any, observer: TelegramObserver, refused: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause is that of the answer, at the start if that is within the timeout."""
    waited: list[float] = []
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=waited.append)
    monkeypatch.setattr("sacred_messages.delivery.time", clock)
    observer.start_patience = 10.0
    text = "Too Many Requests: retry after"
    api.answers = [refused(429, text, retry_after=7), refused(429, text, retry_after=20)]
    driver = EventDriver(observer)
    driver.start()
    assert waited == [7] and len(api.sent) == 0
    driver.complete()
    assert waited == [7] and len(api.sent) == 1
    api.answers = [refused(429, text, retry_after=20)]
    record_completed_run(observer)
    assert waited == [7] and len(api.sent) == 2


@pytest.mark.parametrize(
    ("status", "description"),
    [(401, "Unauthorized"), (400, "Bad Request: chat not found"), (403, "Forbidden: blocked")],
)
def test_a_refusal_is_logged_at_the_start_and_at_the_end(
    api: Any,
    observer: TelegramObserver,
    refused: Any,
    caplog: pytest.LogCaptureFixture,
    status: int,
    description: str,
) -> None:
    """Each is logged with Telegram's answer, and neither is retried."""
    api.answers = [refused(status, description)] * 2
    assert run_main(observer, lambda: 42).result == 42
    start, failed, end = warnings(caplog)
    assert start.startswith("TelegramObserver could not send that the run starts: Telegram at 127.")
    assert f"answers {status}: {description}" in start
    assert "failed in completed_event" in failed and "did not record: completed_event" in end
    assert all(f"answers {status}: {description}" in text for text in (failed, end))
    assert len(api.asked) == 2


def test_a_server_that_is_down_harms_no_run(
    token: str, closed_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The run returns its result; the failure at the start and the one at the end are logged."""
    observer = TelegramObserver(token, 42, base_url=closed_url)
    observer.pause = 0.001
    assert run_main(observer, lambda: 42).result == 42
    assert len(warnings(caplog)) == 3
    assert all("cannot be reached (Connection refused)" in text for text in warnings(caplog))


def test_a_server_that_never_answers_ends_no_patience(
    token: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Something listens and does not answer: the run starts and ends all the same."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        observer = TelegramObserver(token, 42, base_url=url)
        observer.timeout, observer.patience = 0.1, 0.3
        assert run_main(observer, lambda: 42).result == 42
    assert all("does not answer in time" in text for text in warnings(caplog))


@pytest.mark.parametrize("body", ["<html>Welcome to the hotel</html>", "{}", "[1]", '{"ok": 0}'])
def test_only_telegram_takes_a_message(api: Any, observer: TelegramObserver, body: str) -> None:
    """A login page answers 200 too."""
    observer.started_text = ""
    api.answers = [Response(body)] * 5
    with pytest.raises(MessageError, match="another program answers, such as a login page"):
        record_completed_run(observer)


@pytest.mark.parametrize("trouble", ["down", "refused", "password refused", "fine"])
def test_the_token_is_in_no_log_and_no_error(
    api: Any,
    observer: TelegramObserver,
    refused: Any,
    token: str,
    closed_url: str,
    caplog: pytest.LogCaptureFixture,
    trouble: str,
) -> None:
    """Neither the token nor a password of the address is in a log or an error, even if everything
    is logged and the server repeats them.
    """
    caplog.set_level(logging.DEBUG, "urllib3")
    if trouble == "down":
        observer = TelegramObserver(token, 42, base_url=closed_url)
        observer.pause = 0.001
    elif trouble == "refused":
        api.answers = [refused(404, f"nothing at /bot{token}/")] * 4
    elif trouble == "password refused":
        base_url = api.url.replace("://", "://ann:SECRET-password@")
        observer = TelegramObserver(token, 42, base_url=base_url)
        api.answers = [refused(401, "ann may not use SECRET-password")] * 4
    assert "SECRET" not in shown_while_recording(observer, caplog)


def test_an_http_proxy(api: Any, token: str) -> None:
    """It is given the whole address and the user, with any characters."""
    observer = TelegramObserver(
        token,
        42,
        base_url="http://telegram.invalid",
        proxy_url=f"http://127.0.0.1:{api.port}/",
        username="us:er",
        password="p@ss/word",
    )
    record_completed_run(observer)
    assert len(api.sent) == 2
    assert {headers["Host"] for headers in api.headers} == {"telegram.invalid"}
    assert {headers["Proxy-Authorization"] for headers in api.headers} == {
        "Basic " + base64.b64encode(b"us:er:p@ss/word").decode()
    }


class Socks:
    """A SOCKS5 proxy (RFC 1928, 1929) that leads everything to one port of this machine."""

    def __init__(self, port: int) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socks5://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.hosts: list[str] = []
        self.users: list[str] = []
        self._target = port
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as file:
            file.read(file.read(2)[1])
            client.sendall(b"\x05\x02")
            file.read(1)
            self.users.append("/".join(file.read(file.read(1)[0]).decode() for _ in range(2)))
            client.sendall(b"\x01\x00")
            kind = file.read(4)[3]
            assert kind == 3, "the name is to be looked up by the proxy"
            self.hosts.append(file.read(file.read(1)[0]).decode())
            file.read(2)
            client.sendall(b"\x05\x00\x00\x01" + bytes(6))
            with socket.create_connection(("127.0.0.1", self._target)) as server:
                back = threading.Thread(target=self._pass_on, args=[server, client], daemon=True)
                back.start()
                with contextlib.suppress(OSError):
                    while data := file.read1(65536):
                        server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                back.join()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@pytest.fixture
def socks(api: Any) -> Iterator[Socks]:
    proxy = Socks(api.port)
    yield proxy
    proxy.listener.shutdown(socket.SHUT_RDWR)
    proxy.listener.close()


def test_a_socks_proxy(api: Any, token: str, socks: Socks) -> None:
    """It resolves the name, and receives the user."""
    observer = TelegramObserver(
        token, 42, base_url="http://telegram.invalid", proxy_url=socks.url,
        username="user", password="p@ss",
    )  # fmt: skip
    record_completed_run(observer)
    assert len(api.sent) == 2
    assert set(socks.hosts) == {"telegram.invalid"} and set(socks.users) == {"user/p@ss"}


def test_a_proxy_that_is_down_is_named_as_the_reason(
    token: str, closed_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A proxy that is down is named as the reason, and its password is not shown."""
    proxy_url = closed_url.replace("://", "://u:SECRET@")
    observer = TelegramObserver(token, 42, base_url="http://telegram.invalid", proxy_url=proxy_url)
    observer.pause = 0.001
    assert run_main(observer, lambda: 42).result == 42
    assert "cannot be reached through the proxy (Connection refused)" in caplog.text
    assert "SECRET" not in caplog.text


class SyncBot:
    """Sends as python-telegram-bot 13 did."""

    token = "12:SECRET"

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.sent: list[dict[str, Any]] = []

    def send_message(
        self, chat_id: int, text: str, parse_mode: str, disable_notification: bool
    ) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append({"chat_id": chat_id, "text": text, "silent": disable_notification})


class AsyncBot(SyncBot):
    """Sends as python-telegram-bot does since 20: only between its beginning and its end."""

    is_open = False

    async def __aenter__(self) -> None:
        self.is_open = True

    async def __aexit__(self, *error: object) -> None:
        self.is_open = False

    async def send_message(self, **arguments: Any) -> None:  # type: ignore[override]
        assert self.is_open
        super().send_message(**arguments)


class NetworkError(Exception):
    """Named like that of python-telegram-bot."""


@pytest.mark.parametrize("kind", [SyncBot, AsyncBot])
def test_a_bot_of_the_user_sends(kind: type[SyncBot]) -> None:
    """The older and the newer kind; what may pass is tried again."""
    bot = kind(NetworkError("gone"))
    observer = TelegramObserver(bot, 42, started_text="go", completed_text="{result}")
    observer.pause = 0.001
    record_completed_run(observer)
    assert bot.sent == [
        {"chat_id": 42, "text": "go", "silent": True},
        {"chat_id": 42, "text": "1", "silent": False},
    ]


def test_a_bot_of_the_user_has_its_own_proxy() -> None:
    """One that is given beside it would be ignored: that is an error."""
    with pytest.raises(SacredError, match="require a token"):
        TelegramObserver(SyncBot(), 42, proxy_url="http://127.0.0.1:1")


def test_what_a_bot_raises_harms_no_run(caplog: pytest.LogCaptureFixture) -> None:
    """The error is logged without the token and not retried."""
    bot = SyncBot(ValueError("chat not found"), ValueError("The token 12:SECRET was rejected"))
    assert run_main(TelegramObserver(bot, 42), lambda: 42).result == 42
    start, failed, end = warnings(caplog)
    assert "the given Telegram bot fails: ValueError: chat not found. The run continues" in start
    assert "the given Telegram bot fails: ValueError." in failed
    assert "the given Telegram bot fails: ValueError)" in end
    assert "SECRET" not in start + failed + end


def test_python_telegram_bot_sends(http_server: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The bot of the installed version, whose library logs the addresses that it asks."""
    telegram = pytest.importorskip("telegram")
    http_server.clear()
    texts: list[str] = []

    def send(request: Any) -> Response:
        texts.append(request.form["text"])
        chat = {"id": 42, "type": "private"}
        return answer({"message_id": 1, "date": 0, "chat": chat, "text": "x"})

    def answer(result: dict[str, Any]) -> Response:
        return Response(json.dumps({"ok": True, "result": result}))

    me = answer({"id": 9, "is_bot": True, "first_name": "b", "username": "b_bot"})
    http_server.expect_request("/bot9:SECRET/getMe").respond_with_response(me)
    http_server.expect_request("/bot9:SECRET/sendMessage").respond_with_handler(send)
    bot = telegram.Bot("9:SECRET", base_url=http_server.url_for("/bot"))
    caplog.set_level(logging.DEBUG)  # making it logs the token: that is the user's
    record_completed_run(TelegramObserver(bot, 42, started_text="go", completed_text="*{result}*"))
    assert texts == ["go", "<b>1</b>"]
    assert "SECRET" not in caplog.text
