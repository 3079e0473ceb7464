"""Values as people read them: floats with four significant digits, or with all."""

from collections.abc import Callable, Iterable
from typing import Any

import attrs

#: Significant digits of a float.
DIGITS = 4
#: Digits with which every float differs from all others.
_ALL_DIGITS = 17
#: Floats without a fraction below it are shown in full, as integers are.
_MOST_IN_FULL = 10**6
_UNITS = ("B", "kB", "MB", "GB", "TB")


def value_text(value: Any, digits: int | None = DIGITS, form: Callable[[Any], str] = repr) -> str:
    """Return a value as text, in which floats have a number of significant digits.

    Args:
        value: Anything; integers have all digits. Floats in lists and dictionaries are shortened,
            too.
        digits: Of floats; None for all.
        form: What makes the text of other values.
    """
    if digits is None:
        return format_value(value, form)
    return format_value(value, lambda each: form(_shortened(each, digits)))


def number_text(value: Any, digits: int | None = DIGITS) -> str:
    """Return a value as `value_text` does, strings without quotes."""
    return value_text(value, digits, str)


def size_text(size: int) -> str:
    """Return a number of bytes with three digits: ``1.23 MB``, where 1 kB is 1,000 bytes."""
    amount = float(size)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:
            return f"{size} B" if unit == "B" else f"{amount:.3g} {unit}"
        amount /= 1000
    raise AssertionError


def distinct_digits(values: Iterable[Any]) -> int:
    """Return with how many significant digits, from four on, different values look different."""
    own = [value for value in values if isinstance(value, (float, dict, list))]
    target = len({value_text(value, _ALL_DIGITS) for value in own})
    for digits in range(DIGITS, _ALL_DIGITS):
        if len({value_text(value, digits) for value in own}) == target:
            return digits
    return _ALL_DIGITS


def format_value(value: Any, form: Callable[[Any], str] = repr) -> str:
    """Return ``form(value)``, or the type of what has no such form."""
    try:
        return form(value)
    except (ValueError, RecursionError):  # an integer with too many digits, or deep nesting
        return f"<{type(value).__name__}>"


@attrs.frozen(repr=False)
class _Shortened:
    """A float, or a container with floats, whose form has few digits."""

    value: Any
    digits: int

    def __repr__(self) -> str:
        if isinstance(self.value, float):
            return _float_text(self.value, self.digits)
        if isinstance(self.value, dict):
            return repr({key: _shortened(each, self.digits) for key, each in self.value.items()})
        return repr([_shortened(each, self.digits) for each in self.value])


def _shortened(value: Any, digits: int) -> Any:
    return _Shortened(value, digits) if isinstance(value, (float, dict, list)) else value


def _float_text(value: float, digits: int) -> str:
    if value.is_integer() and abs(value) < _MOST_IN_FULL:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"
