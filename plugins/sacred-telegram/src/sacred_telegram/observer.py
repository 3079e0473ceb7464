"""The observer that posts to a chat of Telegram."""

import os
from typing import Any

from sacred_messages.configuration import load_secret_config
from sacred_messages.delivery import RetryTimes, deliver
from sacred_messages.observer import MessageObserver

from sacred_telegram.bots import (
    API,
    ApiBot,
    Bot,
    CustomBot,
    TelegramSettingError,
    proxy_url_with_user,
)
from sacred_telegram.markup import escape_html, to_html

_TEXTS = {
    "started_text": (
        "▶️ *{experiment[name]}* started at _{start_time:%Y-%m-%d %H:%M:%S}_ UTC "
        "on `{host_info[hostname]}`"
    ),
    "completed_text": (
        "✅ *{experiment[name]}* completed after _{elapsed_time}_ with result=`{result}`"
    ),
    "interrupted_text": "⚠️ *{experiment[name]}* stopped after _{elapsed_time}_: {status}",
    "failed_text": (
        "❌ *{experiment[name]}* failed after _{elapsed_time}_ with `{error}`\n```{backtrace}```"
    ),
}


class TelegramObserver(MessageObserver):
    """Sends a message to a chat when a run starts and when it stops.

    Templates contain fields in braces (`sacred_messages.observer.FIELDS`) and the markup
    ``*bold*``, ``_italic_``, and code between one or three backticks. ``""`` disables a message.
    Starts are sent silently; a start that cannot be sent is one warning.

    Args:
        bot: The token from @BotFather, which is a secret: better use `from_config`. Or an
            object with ``send_message(chat_id, text, parse_mode, disable_notification)``, like
            `telegram.Bot`.
        chat_id: The chat of a user, a group, or a channel.
        silent_completion: Send messages about completed runs silently.
        started_text, completed_text, interrupted_text, failed_text: The messages; None: the
            default messages.
        proxy_url: ``PROTOCOL://HOST:[PORT]/`` with http or socks5; else the environment's.
        username, password: The user of the proxy.
        base_url: The URL of your own Bot API server.

    Raises:
        TelegramSettingError: an argument is invalid.
        TemplateError: a text has a field that does not exist.

    Example:
        ```python
        ex.observers.append(TelegramObserver.from_config("telegram.json"))
        ```
    """

    limit = 4096
    texts = ("started_text", *MessageObserver.texts)

    def __init__(
        self,
        bot: Any,
        chat_id: int | str,
        silent_completion: bool = False,
        started_text: str | None = None,
        completed_text: str | None = None,
        interrupted_text: str | None = None,
        failed_text: str | None = None,
        *,
        proxy_url: str | None = None,
        username: str | None = None,
        password: str | None = None,
        base_url: str = API,
    ) -> None:
        if not isinstance(chat_id, (int, str)) or isinstance(chat_id, bool) or not chat_id:
            raise TelegramSettingError(f"chat_id must be the number of a chat, got {chat_id!r}")
        if not isinstance(silent_completion, bool):
            raise TelegramSettingError(
                f"silent_completion must be true or false, got {silent_completion!r}"
            )
        proxy = proxy_url_with_user(proxy_url, username, password)
        self._bot: Bot
        if hasattr(bot, "send_message"):
            if proxy or base_url != API:
                raise TelegramSettingError(
                    "proxy_url and base_url require a token: a bot object has its own settings"
                )
            self._bot = CustomBot(bot)
        else:
            self._bot = ApiBot(bot, base_url, proxy)
        self.chat_id = chat_id
        self.silent_completion = silent_completion
        self.use_texts(_TEXTS, started_text, completed_text, interrupted_text, failed_text)

    @classmethod
    def from_config(cls, filename: str | os.PathLike[str]) -> "TelegramObserver":
        """Return the observer that a configuration file describes.

        Args:
            filename: A file with ``token`` and ``chat_id``, and optionally the other arguments of
                the class. A message that is null is disabled.

        Raises:
            ConfigFileError: the file cannot be read, lacks one of them, or has an unknown entry.
        """
        optional = ["silent_completion", "proxy_url", "username", "password", "base_url"]
        entries = load_secret_config(filename, ["token", "chat_id"], optional, cls.texts)
        return cls(entries.pop("token"), **entries)

    def template(self, text: str) -> str:
        """Return HTML."""
        return to_html(text)

    def escape(self, value: str) -> str:
        """Escape a value for HTML."""
        return escape_html(value)

    def send(self, text: str, kind: str, patience: RetryTimes) -> None:
        """Send the message as the bot."""
        is_silent = kind == "started_text" or (kind == "completed_text" and self.silent_completion)
        message = {
            "chat_id": self.chat_id,
            "text": text,
            "parse_mode": "HTML",
            "disable_notification": is_silent,
        }
        bot = self._bot
        deliver(bot.display_name, lambda timeout: bot.send(message, timeout), patience, bot.secrets)
