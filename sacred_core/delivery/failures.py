"""What an observer did not record, in words."""

from collections import Counter

import attrs

from sacred_core.events import Event
from sacred_core.exceptions import SacredError
from sacred_core.masking import mask_text
from sacred_core.serialization import message_of, reason_of

#: The maximum number of different failures in one message.
_SHOWN = 8


@attrs.frozen
class Undelivered:
    """An event that an observer did not record, and why."""

    event: Event
    reason: str


def error_text(error: BaseException) -> str:
    """Return the message of ``error``, with its type and without passwords."""
    return mask_text(reason_of(error)).strip()


def format_error(error: BaseException) -> str:
    """Return the message of ``error``, without passwords; of foreign exceptions with the type."""
    if isinstance(error, SacredError):
        return mask_text(message_of(error)).strip()
    return error_text(error)


def missed_text(missed: Counter[str]) -> str:
    """Return what was missed, each with its count; of many different failures the first ones."""
    parts = [text if count == 1 else f"{count} times {text}" for text, count in missed.items()]
    more = [f"and {len(parts) - _SHOWN} other failures"] if len(parts) > _SHOWN else []
    return "; ".join(parts[:_SHOWN] + more)
