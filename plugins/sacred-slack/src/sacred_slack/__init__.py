"""Tell Slack when a sacred-core run stops."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_slack.observer import SlackObserver

__version__ = "0.1.0"
__all__ = ["SlackObserver"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sacred_slack.observer import SlackObserver

    return SlackObserver
