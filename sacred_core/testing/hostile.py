"""Values and exceptions whose own code raises when they are read, shown or stored."""

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any


class Exit(BaseException):
    """An exception that ``except Exception`` does not catch."""


class RaisesInRepr:
    """Has no text, and raises what ends a process."""

    def __repr__(self) -> str:
        raise SystemExit(3)


class RaisesExit:
    """Raises a `BaseException` for each way to show it."""

    def __repr__(self) -> str:
        raise Exit("repr")

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        raise Exit("format")


class RaisesInClass:
    """Raises when its class is asked for, as some proxies do."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("class")

    @__class__.setter
    def __class__(self, value: Any) -> None:
        raise RuntimeError("class")


class RaisesInGetattr:
    """Raises for each attribute that it lacks, but no `AttributeError`."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


class RaisesInGetattribute:
    """Raises for each attribute."""

    def __getattribute__(self, name: str) -> Any:
        raise Exit(name)


class RaisesInMessageError(Exception):
    """An exception without a text."""

    def __str__(self) -> str:
        raise Exit("message")

    __repr__ = __str__


class RaisesRaising:
    """Raises an exception that cannot be shown either."""

    def __repr__(self) -> str:
        raise RaisesInMessageError


class NoString:
    """Its text is not a string."""

    def __repr__(self) -> Any:
        return 3

    __str__ = __repr__


class RaisesInItems(Mapping[str, Any]):
    """A mapping without items."""

    def __getitem__(self, key: str) -> Any:
        raise Exit(key)

    def __iter__(self) -> Iterator[str]:
        raise Exit("iter")

    def __len__(self) -> int:
        return 2


class RaisesInEq:
    """Cannot be compared, hashed, pickled or tested."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise Exit("eq")

    def __bool__(self) -> bool:
        raise Exit("bool")

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise Exit("reduce")


class _Unnamed(type):
    def __getattribute__(cls, name: str) -> Any:
        if name in ("__qualname__", "__name__", "__module__", "__repr__"):
            raise Exit(name)
        return super().__getattribute__(name)


class RaisesInName(metaclass=_Unnamed):
    """An object of a class whose name cannot be read."""


class Text(str):
    """A string that raises when it is shown."""

    def __str__(self) -> str:
        raise Exit("str")

    __repr__ = __str__


class Holder:
    """An object that holds itself."""

    def __init__(self) -> None:
        self.itself = self


def nested(depth: int, innermost: Any = None) -> Any:
    """Return a list in a list, ``depth`` levels deep."""
    for _ in range(depth):
        innermost = [innermost]
    return innermost


def hostile_values() -> dict[str, Any]:
    """Return by name values that cannot be shown, or not as they are."""
    circular: list[Any] = []
    circular.append({"itself": circular})
    return {
        "RaisesInRepr": RaisesInRepr(),
        "RaisesExit": RaisesExit(),
        "RaisesInClass": RaisesInClass(),
        "RaisesInGetattr": RaisesInGetattr(),
        "RaisesInGetattribute": RaisesInGetattribute(),
        "RaisesRaising": RaisesRaising(),
        "NoString": NoString(),
        "RaisesInItems": RaisesInItems(),
        "RaisesInEq": RaisesInEq(),
        "RaisesInName": RaisesInName(),
        "RaisesInMessageError": RaisesInMessageError(),
        "Text": Text("shown"),
        "Holder": Holder(),
        "circular": circular,
        "nested": nested(900),
        "deep": nested(50_000),
        "factorial": math.factorial(2_000),
        "decimal": Decimal(math.factorial(2_000)),
        "fraction": Fraction(math.factorial(2_000), 7),
        "range": range(10**5_000),
    }


class RaisesInStatusError(Exception):
    """Raises for the attribute of an interrupt's status and for its notes."""

    def __getattribute__(self, name: str) -> Any:
        if name in ("STATUS", "__notes__", "__suppress_context__"):
            raise RuntimeError(name)
        return super().__getattribute__(name)


class Ambiguous:
    """An exit code that is neither equal to 0 nor not."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("ambiguous")

    __hash__ = None  # type: ignore[assignment]


def hostile_errors() -> dict[str, BaseException]:
    """Return by name exceptions that cannot be shown, or not as they are."""
    looped = ValueError("looped")
    looped.__cause__ = looped
    grouped: Exception = ValueError("innermost")
    for _ in range(900):
        grouped = ExceptionGroup("group", [grouped])
    noted = ValueError("noted")
    noted.__notes__ = [RaisesExit()]  # type: ignore[list-item]
    return {
        "RaisesInMessageError": RaisesInMessageError(),
        "RaisesInStatusError": RaisesInStatusError("status"),
        "Exit": Exit(RaisesExit()),
        "SystemExit": SystemExit(Ambiguous()),
        "ValueError": looped,
        "ExceptionGroup": grouped,
        "noted": noted,
        "huge": ValueError(10**5_000),
        "argument": KeyError(RaisesExit()),
    }
