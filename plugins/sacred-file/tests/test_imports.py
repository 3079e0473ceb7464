"""Tests of what a run that is recorded in a folder imports."""

import subprocess
import sys
from pathlib import Path

UNNEEDED = {
    "email",
    "http.client",
    "numpy",
    "sacred_core.cli",
    "sacred_core.stores.tables",
    "ssl",
    "urllib.request",
    "wcwidth",
}


def test_a_run_in_a_folder_imports_no_library_for_networks_and_tables(tmp_path: Path) -> None:
    """Each would delay the end of every script."""
    script = tmp_path / "train.py"
    script.write_text(
        "import sys\n"
        "from sacred_core import Experiment\n"
        "ex = Experiment('train')\n"
        "ex.main(lambda: 1)\n"
        "ex.run_commandline()\n"
        "print('loaded:', *sys.modules)\n"
    )
    command = [sys.executable, str(script), "-F", str(tmp_path / "my_runs")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.partition("loaded:")[2].split())
    assert "sacred_file.observer" in loaded
    assert loaded.isdisjoint(UNNEEDED)
