"""Tell a Telegram chat what becomes of a sacred-core run."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_telegram.observer import TelegramObserver

__version__ = "0.1.0"
__all__ = ["TelegramObserver"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sacred_telegram.observer import TelegramObserver

    return TelegramObserver
