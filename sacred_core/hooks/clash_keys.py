"""The keys of records that two plugins must not both offer."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

import attrs

from sacred_core.hooks import records

if TYPE_CHECKING:
    from sacred_core.hooks.worker_records import QueueSource, StopCheck

#: The kind of what is offered, and its name or spelling.
Key: TypeAlias = tuple[str, str]


def of_flag(option: records.CLIOption) -> Iterable[Key]:
    """Return the flags of an option."""
    return [("flag", flag) for flag in option.flags]


def of_observer(spec: records.ObserverSpec) -> Iterable[Key]:
    """Return the name, the flags and the schemes of an observer."""
    flags = [("flag", flag) for flag in spec.flags]
    schemes = [("scheme", scheme) for scheme in spec.schemes]
    names = [] if spec.target is None else [("name", f"sacred_core.observers.{spec.name}")]
    return [*names, *flags, *schemes]


def of_export(export: records.Export) -> Iterable[Key]:
    """Return the name of an export."""
    return [("name", f"{export.module}.{export.name}")]


def of_suffix(source: records.ConfigSource) -> Iterable[Key]:
    """Return the suffixes of a format."""
    return [("suffix", suffix) for suffix in source.suffixes]


def of_host_info(info: records.HostInfo) -> Iterable[Key]:
    """Return the name of an entry."""
    return [("host info", info.name)]


def of_aspect(aspect: records.Aspect) -> Iterable[Key]:
    """Return the name of an aspect."""
    return [("aspect", aspect.name)]


def of_queue_source(source: "QueueSource") -> Iterable[Key]:
    """Return the name of a source of queued runs."""
    return [("queue source", source.name)]


def of_stop_check(check: "StopCheck") -> Iterable[Key]:
    """Return the name of a check."""
    return [("stop check", check.name)]


def none(record: attrs.AttrsInstance) -> Iterable[Key]:
    """Several plugins may offer the same."""
    del record
    return []


def of_command(command: records.CommandSpec) -> Iterable[Key]:
    """Return the name of a command."""
    return [("command" if command.of_experiments else "subcommand", command.name)]
