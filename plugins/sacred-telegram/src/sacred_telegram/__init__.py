"""Sends messages to a Telegram chat when a sacred-core run starts and stops."""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_telegram.observer import TelegramObserver

__version__ = "0.1.0"
__all__ = ["TelegramObserver"]

__getattr__ = lazy_attributes(__name__, {"TelegramObserver": "observer"})
