"""Compares recorded values with new ones, exactly or within a tolerance."""

import math
from typing import Any

import attrs

_NUMBERS = (int, float)


@attrs.define(kw_only=True)
class Tolerance:
    """Which numbers are accepted as equal, and how far those that were accepted differ.

    Attributes:
        rtol: The largest relative difference.
        atol: The largest absolute difference; one of the two suffices, as in `math.isclose`.
        largest: The largest relative difference that was accepted so far.
    """

    rtol: float = 0.0
    atol: float = 0.0
    largest: float = 0.0

    def accepts(self, recorded: Any, now: Any) -> bool:
        """Return whether two plain values are equal; NaN is equal to NaN, and 1 to 1.0."""
        if isinstance(recorded, dict) and isinstance(now, dict):
            return recorded.keys() == now.keys() and all(
                self.accepts(recorded[key], now[key]) for key in recorded
            )
        if isinstance(recorded, list) and isinstance(now, list):
            return len(recorded) == len(now) and all(map(self.accepts, recorded, now))
        if _is_number(recorded) and _is_number(now):
            return self._accepts_number(recorded, now)
        return type(recorded) is type(now) and bool(recorded == now)

    def _accepts_number(self, recorded: float, now: float) -> bool:
        if recorded == now or (recorded != recorded and now != now):
            return True
        try:
            is_close = math.isclose(recorded, now, rel_tol=self.rtol, abs_tol=self.atol)
            difference = abs(recorded - now) / max(abs(recorded), abs(now))
        except OverflowError:  # an integer that is no float
            return False
        if is_close:
            self.largest = max(self.largest, difference)
        return is_close


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)
