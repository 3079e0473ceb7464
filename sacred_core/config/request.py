"""What a call, or a command line, asks of an experiment."""

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from sacred_core.config.checks import check_keys
from sacred_core.config.overrides import nested


def _checked_tree(updates: Mapping[str, Any]) -> dict[str, Any]:
    tree = nested(updates)
    check_keys(tree)
    return tree


@attrs.frozen(kw_only=True)
class Request:
    """A command, and what is to be changed for it; see `sacred_core.Experiment.run`.

    Attributes:
        command: Its name, or None for the default command.
        updates: Entries that are fixed, as one tree. They are given nested or by dotted paths.
        named_configs: Names of configurations and of files, in order.
        info: What ``run.info`` holds at the start.
        meta_info: Recorded with the run.
        options: The options by their flags.
        tokens: Updates and named configurations as they were written on a command line.
        inherit_observers: Record the run with the observers of the run around it too.

    Raises:
        ConfigPathError: a path goes through a value that another update sets.
        ConfigValueError: a value of an update contains itself.
        ConfigKeyError: a key of an update is not allowed.
    """

    command: str | None = None
    updates: dict[str, Any] = attrs.field(factory=dict, converter=_checked_tree)
    named_configs: Sequence[str] = ()
    info: Mapping[str, Any] = attrs.field(factory=dict)
    meta_info: Mapping[str, Any] = attrs.field(factory=dict)
    options: Mapping[str, Any] = attrs.field(factory=dict)
    tokens: Sequence[str] = ()
    inherit_observers: bool = False
