"""Configure, run, log and reproduce computational experiments.

Names and submodules are imported when they are first used.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_core.children.attaching import attach
    from sacred_core.config.required import REQUIRED
    from sacred_core.exceptions import SkipHostInfo
    from sacred_core.experiment import Experiment
    from sacred_core.hooks.records import (
        Aspect,
        CLIOption,
        CommandSpec,
        ConfigSource,
        Export,
        HookSpecs,
        HostInfo,
        KeyCheck,
        ObserverSpec,
        cli_option,
    )
    from sacred_core.hooks.specs import hookimpl, hookspec
    from sacred_core.hooks.worker_records import QueueSource, StopCheck
    from sacred_core.ingredient import Ingredient
    from sacred_core.masking.formats import SecretPattern
    from sacred_core.observers.base import RunObserver
    from sacred_core.provenance.host import host_info_gatherer, host_info_getter
    from sacred_core.settings import SETTINGS
    from sacred_core.stores import find_runs, open_store, to_frame
    from sacred_core.version import __version__ as __version__

__all__ = [
    "REQUIRED",
    "SETTINGS",
    "Aspect",
    "CLIOption",
    "CommandSpec",
    "ConfigSource",
    "Experiment",
    "Export",
    "HookSpecs",
    "HostInfo",
    "Ingredient",
    "KeyCheck",
    "ObserverSpec",
    "QueueSource",
    "RunObserver",
    "SecretPattern",
    "SkipHostInfo",
    "StopCheck",
    "attach",
    "cli_option",
    "find_runs",
    "hookimpl",
    "hookspec",
    "host_info_gatherer",
    "host_info_getter",
    "open_store",
    "to_frame",
]

_MODULES = {
    "__version__": "version",
    "Aspect": "hooks.records",
    "CLIOption": "hooks.records",
    "CommandSpec": "hooks.records",
    "ConfigSource": "hooks.records",
    "Experiment": "experiment",
    "Export": "hooks.records",
    "HookSpecs": "hooks.records",
    "HostInfo": "hooks.records",
    "Ingredient": "ingredient",
    "KeyCheck": "hooks.records",
    "ObserverSpec": "hooks.records",
    "RunObserver": "observers.base",
    "QueueSource": "hooks.worker_records",
    "StopCheck": "hooks.worker_records",
    "REQUIRED": "config.required",
    "SETTINGS": "settings",
    "SecretPattern": "masking.formats",
    "SkipHostInfo": "exceptions",
    "attach": "children.attaching",
    "cli_option": "hooks.records",
    "find_runs": "stores",
    "hookimpl": "hooks.specs",
    "hookspec": "hooks.specs",
    "host_info_gatherer": "provenance.host",
    "host_info_getter": "provenance.host",
    "open_store": "stores",
    "to_frame": "stores",
}
_SUBMODULES = frozenset(
    "cli commandline_options commands compare config context dependencies events exceptions "
    "experiment hooks host_info "
    "ingredient masking observer observers provenance randomness run script_cli serialization "
    "settings stflow stores testing utils".split()
)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name.endswith("Observer"):  # `from sacred_core import` would hide an AttributeError's hint
        raise ImportError(
            f"{name} is not in {__name__}: write 'from {__name__}.observers import {name}'"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
