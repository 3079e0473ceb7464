"""What every plugin promises, of this one."""

from sacred_core.testing import PluginContract


class TestPlugin(PluginContract):
    """The contract that the core ships."""

    distribution = "sacred-gcs"
