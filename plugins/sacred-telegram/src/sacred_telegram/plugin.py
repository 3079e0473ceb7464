"""What the plugin offers to sacred-core."""

from collections.abc import Iterable

from sacred_core import ObserverSpec, hookimpl


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    """Offer the observer that tells Telegram. No flag: a command line can be seen by others."""
    yield ObserverSpec("sacred_telegram.observer:TelegramObserver")
