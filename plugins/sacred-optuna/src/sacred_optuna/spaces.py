"""The distributions of a sweep as those of Optuna."""

from collections.abc import Mapping
from typing import Any

import attrs
from sacred_sweep.distributions import Distribution, decode_distribution

from sacred_core.exceptions import OptionError
from sacred_core.stores.canonical import canonical_json


@attrs.frozen
class Entry:
    """A swept entry.

    Attributes:
        distribution: Of Optuna.
        choices: By their canonical JSON the values of ``choice``, which can be of any type; empty
            for numbers.
    """

    distribution: Any
    choices: Mapping[str, Any]

    def to_optuna(self, value: Any) -> Any:
        """Return a value as Optuna has it."""
        return canonical_json(value) if self.choices else value

    def from_optuna(self, value: Any) -> Any:
        """Return a value as the configuration has it."""
        return self.choices[value] if self.choices else value


def to_entries(space: Mapping[str, Mapping[str, Any]]) -> dict[str, Entry]:
    """Return the entries of a space by their dotted paths, in the order of these.

    Raises:
        OptionError: Optuna has no such distribution.
        UpdateError: the data describes no distribution.
    """
    return {path: _entry(path, decode_distribution(space[path])) for path in sorted(space)}


def _entry(path: str, own: Distribution) -> Entry:
    from optuna import distributions

    given = own.parameters
    if own.kind == "choice":
        choices = {canonical_json(value): value for value in given["values"]}
        return Entry(distributions.CategoricalDistribution(tuple(choices)), choices)
    if own.kind == "normal":
        raise OptionError(
            f"--sampler optuna: {path}={own} cannot be used, as Optuna has no normal distribution: "
            "write uniform(LOW, HIGH)"
        )
    low, high, log = given["low"], given["high"], own.kind.startswith("log")
    if own.kind in ("randint", "lograndint"):
        return Entry(distributions.IntDistribution(low, high, log=log), {})
    step = given.get("step")
    if step is not None:
        high = low + int((high - low) / step + 1e-9) * step
        if all(isinstance(each, int) for each in (low, high, step)):
            return Entry(distributions.IntDistribution(low, high, step=step), {})
        high = float(f"{high:.12g}")  # without the digits that adding floats gives
    return Entry(distributions.FloatDistribution(low, high, log=log, step=step), {})
