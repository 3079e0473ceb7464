"""From an ingredient and the updates of a call to one configuration."""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs

from sacred_core.config.config_scope import Contribution
from sacred_core.config.overrides import Overrides
from sacred_core.config.summary import ConfigSummary, leaves
from sacred_core.config.values import normalized


class Configuration(Protocol):
    """A scope or a dictionary."""

    def evaluate(self, overrides: Overrides, available: dict[str, Any]) -> Contribution:
        """Return what it adds while ``overrides`` keep what they fix."""


@attrs.define
class ResolvedConfig:
    """The configuration of one run.

    Attributes:
        config: Nested dictionaries of plain data.
        extras: For each ingredient's path what its functions may take by name beside it.
        summary: What differs from the defaults.
    """

    config: dict[str, Any]
    extras: dict[str, dict[str, Any]]
    summary: ConfigSummary


def resolve(
    configurations: list[Configuration], updates: Mapping[str, Any], new_seed: Callable[[], int]
) -> ResolvedConfig:
    """Run ``configurations`` in order, each seeing the entries of the earlier ones.

    Args:
        configurations: Of the experiment, in order of declaration.
        updates: Nested entries that are fixed.
        new_seed: Gives the root seed, unless the updates do.
    """
    overrides = Overrides({name: normalized(value) for name, value in updates.items()})
    defaults: dict[str, Any] = {}
    extras: dict[str, Any] = {}
    if "seed" not in updates:
        defaults["seed"] = new_seed()
    for configuration in configurations:
        fixed = {k: v for k, v in overrides.values.items() if k not in defaults}
        available = {**extras, **copy.deepcopy({**fixed, **defaults})}
        contribution = configuration.evaluate(overrides, available)
        defaults = {**defaults, **contribution.entries}
        extras = {**extras, **contribution.extras}
    config = overrides.applied_to(defaults)
    return ResolvedConfig(config, {"": extras}, _summary(config, overrides))


def _summary(config: dict[str, Any], overrides: Overrides) -> ConfigSummary:
    summary = ConfigSummary()
    values = dict(leaves(config))
    for path, old in overrides.originals.items():
        summary.note_change(path, old, values.get(path))
    summary.added = overrides.added - {"seed"}
    return summary
