"""What every plugin promises, of this one."""

import pytest

from sacred_core import Experiment
from sacred_core.testing import PluginContract


class TestPlugin(PluginContract):
    """The contract that the core ships."""

    distribution = "sacred-file"


def test_a_run_without_observers_names_the_option(caplog: pytest.LogCaptureFixture) -> None:
    """The warning names `-F`, and nothing to install, because it is installed."""
    ex = Experiment("unobserved")
    ex.main(lambda: None)
    ex.run()
    [warning] = [record.message for record in caplog.records if "observers" in record.message]
    assert warning.endswith("Use -F my_runs to store it in a folder")
