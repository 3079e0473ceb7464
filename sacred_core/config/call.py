"""What a call asks of a configuration, and what comes of it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from sacred_core.config.summary import ConfigSummary
from sacred_core.config.tree import Node


@attrs.define
class ResolvedConfig:
    """The configuration of one run.

    Attributes:
        config: Nested dictionaries of plain data, and of other objects as they are.
        nodes: The ingredients, the experiment last.
        extras: For each node's path what its functions may take by name beside the entries.
        summary: What differs from the defaults.
        originals: What updates and named configurations replaced, by dotted path.
        warnings: About configurations that have no effect.
    """

    config: dict[str, Any] = attrs.field(factory=dict)
    nodes: list[Node] = attrs.field(factory=list)
    extras: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    summary: ConfigSummary = attrs.field(factory=ConfigSummary)
    originals: dict[str, Any] = attrs.field(factory=dict)
    warnings: list[str] = attrs.field(factory=list)


@attrs.frozen
class Call:
    """What a call asks of the configuration.

    Attributes:
        updates: Entries that are fixed, nested or by dotted paths.
        named_configs: Names of configurations and of files, in order.
        command_name: For config hooks.
        logger: For config hooks.
        new_seed: Returns the root seed, where nothing sets it or what sets it sets None.
    """

    updates: Mapping[str, Any]
    named_configs: Sequence[str]
    command_name: str
    logger: logging.Logger
    new_seed: Callable[[], int]
