"""Run scripts as a user does, for the benchmarks."""

import os
import subprocess
import sys
from pathlib import Path


def run_script(folder: str | Path, *arguments: str) -> str:
    """Run ``script.py`` in its folder, record it in files below, and return its stderr."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        [sys.executable, "script.py", "-F", "runs", "-l", "ERROR", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    ).stderr
