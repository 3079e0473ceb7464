"""Tests for authors of plugins, to be run by pytest: subclass one and fill in what is yours.

This package is for tests and may import everything. Names are imported when they are used.
"""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_core.testing.applicability import skip_rule
    from sacred_core.testing.contract_version import CONTRACT_VERSION
    from sacred_core.testing.event_driver import EventDriver
    from sacred_core.testing.memory import Memory, MemoryObserver, MemoryStore
    from sacred_core.testing.observer_contract import ObserverContract
    from sacred_core.testing.plugin_contract import PluginContract
    from sacred_core.testing.store_contract import StoreContract

__all__ = [
    "CONTRACT_VERSION",
    "EventDriver",
    "Memory",
    "MemoryObserver",
    "MemoryStore",
    "ObserverContract",
    "PluginContract",
    "StoreContract",
    "skip_rule",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "CONTRACT_VERSION": "contract_version",
        "EventDriver": "event_driver",
        "Memory": "memory",
        "MemoryObserver": "memory",
        "MemoryStore": "memory",
        "ObserverContract": "observer_contract",
        "PluginContract": "plugin_contract",
        "StoreContract": "store_contract",
        "skip_rule": "applicability",
    },
)
