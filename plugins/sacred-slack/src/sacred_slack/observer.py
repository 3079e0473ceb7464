"""The observer that posts to Slack."""

import os
from urllib.parse import urlsplit

from sacred_messages.configuration import load_secret_config
from sacred_messages.delivery import RetryTimes, deliver, post
from sacred_messages.observer import MessageObserver

from sacred_core.exceptions import SacredError

#: A character that looks like a backtick and does not end the code.
_GRAVE_ACCENT = "\N{MODIFIER LETTER GRAVE ACCENT}"
_TEXTS = {
    "completed_text": (
        "*{experiment[name]}* completed after _{elapsed_time}_ with result=`{result}`"
    ),
    "interrupted_text": "*{experiment[name]}* stopped after _{elapsed_time}_: {status}",
    "failed_text": (
        "*{experiment[name]}* failed after _{elapsed_time}_ with `{error}`\n```{backtrace}```"
    ),
}


class WebhookError(SacredError, ValueError):
    """The URL of a webhook is invalid.

    Cause: The value is empty, or is the address of a channel and not of a webhook.

    Fix: Copy the URL of an incoming webhook from the settings of Slack.
    """


class SlackObserver(MessageObserver):
    """Sends a message to Slack, through an incoming webhook, whenever a run stops.

    Templates contain fields in braces (`sacred_messages.observer.FIELDS`) and Slack's markup:
    ``*bold*``, ``_italic_``, and code between one or three backticks. ``""`` disables a message.

    Args:
        webhook_url: The URL of the incoming webhook. It is a secret: better use `from_config`.
        bot_name: The name of the sender.
        icon: The icon of the sender: an emoji, or the URL of an image.
        completed_text, interrupted_text, failed_text: The messages; None: the default messages.

    Raises:
        WebhookError: ``webhook_url`` is not a URL.
        TemplateError: a text has a field that does not exist.

    Example:
        ```python
        ex.observers.append(SlackObserver.from_config("slack.json"))
        ```
    """

    limit = 40_000

    def __init__(
        self,
        webhook_url: str,
        bot_name: str = "sacred-bot",
        icon: str = ":angel:",
        completed_text: str | None = None,
        interrupted_text: str | None = None,
        failed_text: str | None = None,
    ) -> None:
        self.webhook_url = webhook_url
        self._host, self._secrets = _parts(webhook_url)
        self.bot_name = bot_name
        self.icon = icon
        self.use_texts(_TEXTS, completed_text, interrupted_text, failed_text)

    @classmethod
    def from_config(cls, filename: str | os.PathLike[str]) -> "SlackObserver":
        """Return the observer that a configuration file describes.

        Args:
            filename: A file with ``webhook_url`` and optionally the other arguments of the class. A
                message that is null is disabled.

        Raises:
            ConfigFileError: the file cannot be read, has no URL, or has an unknown entry.
        """
        return cls(**load_secret_config(filename, ["webhook_url"], ["bot_name", "icon"], cls.texts))

    def escape(self, value: str) -> str:
        """Escape ``<!channel>``, and backticks, which would end the code around the value."""
        value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return value.replace("`", _GRAVE_ACCENT)

    def send(self, text: str, kind: str, patience: RetryTimes) -> None:
        """Post the message to the webhook."""
        message = {"text": text, "username": self.bot_name}
        message["icon_url" if "://" in str(self.icon) else "icon_emoji"] = self.icon
        deliver(
            f"Slack at {self._host}",
            lambda timeout: post(self.webhook_url, message, timeout),
            patience,
            self._secrets,
        )


def _parts(url: object) -> tuple[str, list[str]]:
    """Return the host of a webhook, which may be shown, and the rest, which is secret."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
        if parts is not None and parts.scheme in ("http", "https") and parts.hostname:
            host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
            return host, [parts.path.strip("/"), parts.query, parts.password or ""]
    except ValueError:
        pass
    raise WebhookError(
        "webhook_url is not the URL of a webhook: it looks like "
        "https://hooks.slack.com/services/T…/B…/… (the value is a secret and is not "
        "shown)"
    )
