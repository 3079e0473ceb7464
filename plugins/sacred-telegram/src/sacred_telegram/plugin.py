"""The hooks of the plugin."""

from collections.abc import Iterable

from sacred_core import ObserverSpec, SecretPattern, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer that posts to Telegram. No flag: a command line can be seen by others."""
    yield ObserverSpec("sacred_telegram.observer:TelegramObserver")


@hookimpl
def sacred_secrets() -> Iterable[SecretPattern]:
    """Mask the tokens of bots, in URLs of the API and by themselves.

    https://core.telegram.org/bots/api#authorizing-your-bot
    """
    yield SecretPattern(r"/bot(?P<secret>\d++:[\w-]++)", contains="/bot")
    yield SecretPattern(r"\b\d{6,12}:(?P<secret>AA[\w-]{30,}+)", contains=":aa")
