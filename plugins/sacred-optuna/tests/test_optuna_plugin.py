"""Tests of the plugin."""

from sacred_core.testing import PluginContract


class TestPlugin(PluginContract):
    """What every plugin promises."""

    distribution = "sacred-optuna"
