"""The distributions of swept entries: ``uniform(0, 1)``, ``choice(adam, sgd)`` and others.

They are stored with the runs of a sampled sweep as plain data, such as
``{"kind": "uniform", "low": 0, "high": 1}``.
"""

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from sacred_core.exceptions import UpdateError
from sacred_core.plurals import counted
from sacred_core.shared_methods import ValueMethods

#: By kind the names of its parameters, in the order of its arguments.
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "loguniform": ("low", "high"),
    "quniform": ("low", "high", "step"),
    "randint": ("low", "high"),
    "lograndint": ("low", "high"),
    "normal": ("mean", "deviation"),
    "choice": ("values",),
}
_INTEGERS = frozenset(("randint", "lograndint"))
_LOGARITHMIC = frozenset(("loguniform", "lograndint"))


@attrs.frozen(eq=False, repr=False)
class Distribution(ValueMethods):
    """The values that an entry can have, and how likely they are.

    Attributes:
        kind: One of `PARAMETERS`.
        arguments: The value of each parameter, in the order of `PARAMETERS`. ``low`` and ``high``
            are included, also by ``randint``.
    """

    kind: str
    arguments: tuple[Any, ...]

    def __str__(self) -> str:
        shown = self.arguments[0] if self.kind == "choice" else self.arguments
        return f"{self.kind}({', '.join(map(repr, shown))})"

    @property
    def parameters(self) -> dict[str, Any]:
        """The arguments by name."""
        return dict(zip(PARAMETERS[self.kind], self.arguments, strict=True))

    def encode(self) -> dict[str, Any]:
        """Return it as plain data; see `decode_distribution`."""
        given = self.parameters
        return {
            "kind": self.kind,
            **given,
            **({"values": list(given["values"])} if self.kind == "choice" else {}),
        }

    def draw(self, generator: random.Random) -> Any:
        """Return a random value."""
        return _DRAWN[self.kind](generator, *self.arguments)


def new_distribution(kind: str, arguments: Sequence[Any]) -> Distribution:
    """Return a distribution.

    Args:
        kind: One of `PARAMETERS`.
        arguments: Numbers; of ``choice`` the values.

    Raises:
        UpdateError: the number of arguments is wrong, one is not a number, the range is empty, or a
            logarithmic one does not begin above 0.
    """
    written = f"{kind}({', '.join(map(repr, arguments))})"
    if kind == "choice":
        if not arguments:
            raise UpdateError("choice() has no values: write choice(VALUE, VALUE, …)")
        return Distribution(kind, (tuple(arguments),))
    names = PARAMETERS[kind]
    if len(arguments) != len(names):
        raise UpdateError(
            f"{written} must have {counted(len(names), 'argument')}: {kind}({', '.join(names)})"
        )
    for value in arguments:
        _check_number(value, written, kind in _INTEGERS)
    _check_range(kind, arguments, written)
    return Distribution(kind, tuple(arguments))


def decode_distribution(data: Mapping[str, Any]) -> Distribution:
    """Return the distribution that `Distribution.encode` describes.

    Raises:
        UpdateError: the data describes none.
    """
    kind = data.get("kind")
    names = PARAMETERS.get(str(kind))
    if names is None or any(name not in data for name in names):
        raise UpdateError(f"{dict(data)!r} is not a distribution of this version of sacred-sweep")
    arguments = data["values"] if kind == "choice" else [data[name] for name in names]
    return new_distribution(str(kind), arguments)


def encode_space(space: Mapping[str, Distribution]) -> dict[str, dict[str, Any]]:
    """Return distributions by dotted path as plain data."""
    return {path: distribution.encode() for path, distribution in space.items()}


def draw_values(space: Mapping[str, Distribution], generator: random.Random) -> dict[str, Any]:
    """Return a random value of each distribution, by path; the same for each order of ``space``."""
    return {path: space[path].draw(generator) for path in sorted(space)}


def seeded_generator(*parts: object) -> random.Random:
    """Return a generator whose numbers depend only on ``parts``, in each version of Python."""
    return random.Random("/".join(map(str, parts)))


def _check_number(value: Any, written: str, is_integer: bool) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value):
        raise UpdateError(f"{written}: {value!r} is not a number")
    if is_integer and not isinstance(value, int):
        raise UpdateError(f"{written}: {value!r} is not an integer")


def _check_range(kind: str, arguments: Sequence[Any], written: str) -> None:
    if kind == "normal":
        if arguments[1] <= 0:
            raise UpdateError(f"{written}: the standard deviation must be above 0")
        return
    low, high = arguments[:2]
    if low > high:
        raise UpdateError(f"{written} has no values: write {kind}({high!r}, {low!r})")
    if kind in _LOGARITHMIC and low <= 0:
        raise UpdateError(f"{written}: the lowest value must be above 0")
    if kind == "quniform" and arguments[2] <= 0:
        raise UpdateError(f"{written}: the step must be above 0")


def _draw_loguniform(generator: random.Random, low: float, high: float) -> float:
    value = math.exp(generator.uniform(math.log(low), math.log(high)))
    return min(max(value, low), high)


def _draw_lograndint(generator: random.Random, low: int, high: int) -> int:
    value = math.exp(generator.uniform(math.log(low - 0.5), math.log(high + 0.5)))
    return min(max(round(value), low), high)


def _draw_quniform(generator: random.Random, low: float, high: float, step: float) -> float:
    """Return ``low`` plus a multiple of ``step``, without the digits that adding floats gives."""
    number = generator.randrange(math.floor((high - low) / step + 1e-9) + 1)
    value = low + number * step
    return value if isinstance(value, int) else float(f"{value:.12g}")


def _draw_choice(generator: random.Random, values: Iterable[Any]) -> Any:
    return generator.choice(list(values))


_DRAWN: Mapping[str, Callable[..., Any]] = {
    "uniform": random.Random.uniform,
    "loguniform": _draw_loguniform,
    "quniform": _draw_quniform,
    "randint": random.Random.randint,
    "lograndint": _draw_lograndint,
    "normal": random.Random.gauss,
    "choice": _draw_choice,
}


def uniform(low: float, high: float) -> Distribution:
    """Return the distribution of floats that are all equally likely."""
    return new_distribution("uniform", [low, high])


def loguniform(low: float, high: float) -> Distribution:
    """Return the distribution of floats whose logarithms are all equally likely."""
    return new_distribution("loguniform", [low, high])


def quniform(low: float, high: float, step: float) -> Distribution:
    """Return the distribution of ``low``, ``low + step`` and so on, not above ``high``."""
    return new_distribution("quniform", [low, high, step])


def randint(low: int, high: int) -> Distribution:
    """Return the distribution of integers; both ends are included."""
    return new_distribution("randint", [low, high])


def lograndint(low: int, high: int) -> Distribution:
    """Return the distribution of integers, of which lower ones are more likely."""
    return new_distribution("lograndint", [low, high])


def normal(mean: float, deviation: float) -> Distribution:
    """Return the normal distribution."""
    return new_distribution("normal", [mean, deviation])


def choice(*values: Any) -> Distribution:
    """Return the distribution of values that are all equally likely."""
    return new_distribution("choice", values)
