"""Methods of attrs classes, written once for all of them.

attrs writes and compiles ``__eq__``, ``__hash__`` and ``__repr__`` for each class, which takes
more than half of the time that a class needs. The classes that the start of a script defines have
these instead, and the arguments ``eq=False, repr=False``.
"""

from typing import Any

import attrs


class ValueMethods:
    """For frozen classes: compared, hashed and shown by their fields, as attrs does it."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _compared(self) == _compared(other)

    def __hash__(self) -> int:
        return hash((type(self), *_compared(self)))

    def __repr__(self) -> str:
        shown = (field.name for field in _fields(self) if field.repr)
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__.rpartition('>.')[2]}({values})"


class StateMethods(ValueMethods):
    """For classes that are not frozen, which have no hash."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]


def _fields(instance: Any) -> "tuple[attrs.Attribute[Any], ...]":
    return attrs.fields(type(instance))  # type: ignore[no-any-return]


def _compared(instance: Any) -> tuple[Any, ...]:
    fields: tuple[Any, ...] = _fields(instance)  # the stubs of attrs have no `eq_key`
    compared = ((field.eq_key, getattr(instance, field.name)) for field in fields if field.eq)
    return tuple(key(value) if key else value for key, value in compared)
