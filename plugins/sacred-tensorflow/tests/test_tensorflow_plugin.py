"""The plugin sacred-tensorflow follows the rules for plugins."""

import subprocess
import sys

from sacred_core.testing import PluginContract


class TestPlugin(PluginContract):
    """The contract of `sacred_core.testing`."""

    distribution = "sacred-tensorflow"


def test_sacred_plugins_lists_it_without_tensorflow() -> None:
    """The list names its hook, and TensorFlow is not imported for it."""
    code = (
        "import sys\n"
        "from sacred_core.cli.main import sacred\n"
        "sacred(['plugins'], standalone_mode=False)\n"
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "tensorflow (sacred-tensorflow 0.1.0):\n" in done.stdout
    assert done.stdout.endswith("\nFalse\n")
