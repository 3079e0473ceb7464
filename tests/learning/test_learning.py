"""Tests of the examples that need scikit-learn, in a session of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize("name", ["07_magic.py", "08_less_magic.py"])
def test_the_same_task_with_and_without_the_idioms(tmp_path: Path, name: str) -> None:
    """Each trains a model and returns its score."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / name], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Result: 0." in done.stderr
