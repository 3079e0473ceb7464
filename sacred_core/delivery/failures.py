"""Descriptions of the events that an observer did not record."""

from collections import Counter

from sacred_core.delivery.backlog import Backlog
from sacred_core.events import Event, Heartbeat
from sacred_core.exceptions import SacredError
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.serialization import message_of, reason_of
from sacred_core.system_errors import system_error_text

#: The maximum number of different failures in one message.
_SHOWN = 8


class Undelivered:
    """Events that an observer did not record, in order, and why.

    Args:
        events: An empty backlog for them.

    Attributes:
        events: The events; of several heartbeats only the last.
        missed: Counts methods and the reasons why they failed, in words.
        reasons: The reasons alone.
        has_heartbeats_only: Whether there is no other event.
    """

    def __init__(self, events: Backlog) -> None:
        self.events = events
        self.missed: Counter[str] = Counter()
        self.reasons: set[str] = set()
        self.has_heartbeats_only = True

    def add(self, event: Event, reason: str) -> None:
        """Append an event."""
        self.missed[f"{event.method} ({reason})"] += 1
        self.reasons.add(reason)
        self.has_heartbeats_only = self.has_heartbeats_only and isinstance(event, Heartbeat)
        self.events.add(event)

    def add_all(self, waiting: Backlog, reason: str) -> None:
        """Append all events that wait, except the end of the run."""
        for method, count in waiting.move_to(self.events).items():
            self.missed[f"{method} ({reason})"] += count
            self.reasons.add(reason)
            self.has_heartbeats_only = self.has_heartbeats_only and method == Heartbeat.method


def error_text(error: BaseException) -> str:
    """Return the message without passwords, with the type unless it is of the system."""
    if isinstance(error, OSError) and error.strerror:
        return mask_text(system_error_text(error))
    return mask_text(reason_of(error)).strip()


def format_error(error: BaseException) -> str:
    """Return the message of ``error``, without passwords; of foreign exceptions with the type."""
    if isinstance(error, SacredError):
        return mask_text(message_of(error)).strip()
    return error_text(error)


def missed_text(missed: Counter[str]) -> str:
    """Return what was missed, each with its count; of many different failures the first ones."""
    parts = [
        text if count == 1 else f"{counted(count, 'time')} {text}" for text, count in missed.items()
    ]
    more = [f"and {counted(len(parts) - _SHOWN, 'other failure')}"] if len(parts) > _SHOWN else []
    return "; ".join(parts[:_SHOWN] + more)
