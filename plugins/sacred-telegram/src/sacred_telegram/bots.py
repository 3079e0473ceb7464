"""Ways to send a message as a bot: the HTTP API, or an object of the user."""

import asyncio
import inspect
import json
import re
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import attrs
from sacred_messages.delivery import Answer, MessageError, UnansweredError, excerpt, post

from sacred_core.exceptions import SacredError
from sacred_core.masking import mask_text

API = "https://api.telegram.org"
_PROXIES = ("http", "https", "socks5", "socks5h")
#: More seconds are as good as for ever.
_LONGEST_WAIT = 1_000_000
#: Errors of python-telegram-bot that may be gone a second later.
_PASSING = ("NetworkError", "TimedOut", "RetryAfter")


class TelegramSettingError(SacredError, ValueError):
    """An argument of a `TelegramObserver` is invalid.

    Cause: The token, the chat, the proxy or the address of the server has the wrong form, or one
    requires another.

    Fix: Use the values that BotFather and the documentation of Telegram give; see the README of
    sacred-telegram.
    """


class Bot(Protocol):
    """Sends messages.

    Attributes:
        display_name: The name of the service, for errors.
        secrets: Strings that must not be shown.
    """

    display_name: str
    secrets: list[str]

    def send(self, message: dict[str, Any], timeout: float) -> Answer:
        """Send once; a `MessageError` that is not an `UnansweredError` is a refusal."""


class ApiBot:
    """Sends requests to the HTTP API.

    Args:
        token: The token from @BotFather.
        base_url: The URL of the API, or of your own Bot API server.
        proxy: The result of `proxy_url_with_user`.

    Raises:
        TelegramSettingError: ``token`` or ``base_url`` is invalid.
    """

    def __init__(self, token: object, base_url: str, proxy: str | None) -> None:
        if not isinstance(token, str) or not re.fullmatch(r"[^\s/?#]+", token):
            raise TelegramSettingError(
                "the token is not that of a bot: it looks like 123456:ABC-DEF… (the value is a "
                "secret and is not shown)"
            )
        parts = urlsplit(base_url if isinstance(base_url, str) else "")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise TelegramSettingError(
                f"base_url must be the URL of a Bot API server like {API}, got "
                f"{mask_text(str(base_url))!r}"
            )
        base = base_url.rstrip("/").removesuffix("/bot")
        self._url = f"{base}/bot{quote(token, safe=':')}/sendMessage"
        self._proxy = proxy
        self.display_name = f"Telegram at {parts.netloc.rpartition('@')[2]}"
        self.secrets = [token, quote(token, safe=":"), parts.password or ""]

    def send(self, message: dict[str, Any], timeout: float) -> Answer:
        """Post the message."""
        # No previews of web pages that a traceback contains.
        content = {**message, "link_preview_options": {"is_disabled": True}}
        answer = post(self._url, content, timeout, self._proxy)
        body = _object(answer.text)
        if answer.is_accepted and body.get("ok") is not True:
            raise UnansweredError("does not answer: another program answers, such as a login page")
        seconds = _object(body.get("parameters")).get("retry_after")
        return attrs.evolve(
            answer,
            text=str(body.get("description", answer.text)),
            retry_after=_wait(seconds) or answer.retry_after,
        )


class CustomBot:
    """An object with ``send_message``, like `telegram.Bot`, whose methods may be coroutines."""

    def __init__(self, bot: Any) -> None:
        self._bot = bot
        self.display_name = "the given Telegram bot"
        self.secrets = [str(getattr(bot, "token", ""))]

    def send(self, message: dict[str, Any], timeout: float) -> Answer:
        """Send a message with the bot, on an event loop of this thread if necessary."""
        del timeout  # the caller does not wait longer
        try:
            if inspect.iscoroutinefunction(self._bot.send_message):
                asyncio.run(self._sent(message))
            else:
                self._bot.send_message(**message)
        except Exception as error:  # noqa: BLE001 - foreign code; its text may contain the token
            kind = UnansweredError if type(error).__name__ in _PASSING else MessageError
            words = excerpt(str(error), self.secrets)
            reason = f"fails: {type(error).__name__}" + (f": {words}" if words else "")
        else:
            return Answer(200)
        raise kind(reason)

    async def _sent(self, message: dict[str, Any]) -> None:
        if hasattr(self._bot, "__aenter__"):
            async with self._bot:
                await self._bot.send_message(**message)
        else:
            await self._bot.send_message(**message)


def _wait(seconds: Any) -> float | None:
    """Return the pause that the API requests, if it is a number of seconds."""
    is_number = isinstance(seconds, int) and not isinstance(seconds, bool)
    return float(min(seconds, _LONGEST_WAIT)) if is_number and seconds > 0 else None


def _object(text: Any) -> dict[str, Any]:
    """Return what is, or is written as, a JSON object; an empty one for anything else."""
    if isinstance(text, str):
        try:
            text = json.loads(text)
        except (ValueError, RecursionError):  # nested too deeply
            return {}
    return text if isinstance(text, dict) else {}


def proxy_url_with_user(url: object, username: str | None, password: str | None) -> str | None:
    """Return the URL of a proxy with its user, or None if there is none.

    Args:
        url: ``PROTOCOL://HOST:[PORT]/``, with http or socks5; None for no proxy.
        username, password: The user of the proxy, not quoted.

    Raises:
        TelegramSettingError: the URL is invalid, or a user is given without a proxy.
    """
    if url is None:
        if username or password:
            raise TelegramSettingError("username and password are for a proxy: set proxy_url too")
        return None
    try:
        parts = urlsplit(str(url))
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PROXIES or not parts.hostname:
        # The rest may contain a password.
        raise TelegramSettingError(
            "proxy_url is PROTOCOL://PROXY_HOST:[PROXY_PORT]/ with the protocol http or socks5, "
            f"not {parts.scheme + '://…' if parts.scheme else 'what was given'}"
        )
    user = parts.netloc.rpartition("@")[0]
    if username:
        user = quote(username, safe="") + (f":{quote(password, safe='')}" if password else "")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    # Where Telegram is blocked, its name may lead astray: the proxy looks it up.
    scheme = "socks5h" if parts.scheme == "socks5" else parts.scheme
    return f"{scheme}://{user + '@' if user else ''}{host}{f':{port}' if port else ''}"
