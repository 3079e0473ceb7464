"""Sends a message to Slack when a sacred-core run stops."""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_slack.observer import SlackObserver

__version__ = "0.1.0"
__all__ = ["SlackObserver"]

__getattr__ = lazy_attributes(__name__, {"SlackObserver": "observer"})
