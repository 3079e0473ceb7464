"""What an observer did not take, in words."""

from collections import Counter

from sacred_core.masking import masked_text
from sacred_core.serialization import reason_of

#: Different failures that are told at the end.
_TOLD = 8


def error_text(error: Exception) -> str:
    """Return what ``error`` says, with its type and without passwords."""
    return masked_text(reason_of(error)).strip()


def missed_text(missed: Counter[str]) -> str:
    """Return what was missed, each with how often; of many different ones the first."""
    told = [text if count == 1 else f"{count} times {text}" for text, count in missed.items()]
    more = [f"and {len(told) - _TOLD} other failures"] if len(told) > _TOLD else []
    return "; ".join(told[:_TOLD] + more)
