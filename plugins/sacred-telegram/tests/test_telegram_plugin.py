"""What every plugin promises, of this one."""

from sacred_telegram import TelegramObserver

from sacred_core import observers
from sacred_core.testing import PluginContract


class TestPlugin(PluginContract):
    """The contract that the core ships."""

    distribution = "sacred-telegram"


def test_the_observer_has_the_documented_name() -> None:
    """It is imported from `sacred_core.observers`."""
    assert observers.TelegramObserver is TelegramObserver
