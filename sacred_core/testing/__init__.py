"""Tests for authors of plugins, to be run by pytest: subclass one and say what is yours.

This package is for tests and may import everything; nothing imports it.
"""

from sacred_core.testing.plugin_contract import PluginContract

__all__ = ["PluginContract"]
