"""The plugin of the board fulfils the contract of plugins, with the targets of all its panels."""

from sacred_core.testing import PluginContract


class TestPlugin(PluginContract):
    """The tests that each plugin runs."""

    distribution = "sacred-board"
