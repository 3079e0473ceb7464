"""Tests of workers that end with the process that starts them."""

from collections.abc import Mapping
from pathlib import Path

from sacred_sweep.testing import LauncherContract


class TestJoblib(LauncherContract):
    ends_with_driver = True

    def text(self, workers: int) -> str:
        return f"joblib:{workers}"

    def wrong_texts(self) -> Mapping[str, str]:
        return {
            "joblib:x": "what follows the colon must be an integer from 1, got 'x'",
            "joblib:2,workers=3": "unknown option 'workers' (options: none)",
        }

    def missing_engine(self, folder: Path) -> tuple[str, Mapping[str, str], str]:
        (folder / "joblib.py").write_text("raise ModuleNotFoundError(name='joblib')")
        message = "joblib is not installed (install it with: pip install 'sacred-sweep[joblib]')"
        return "joblib:1", {"PYTHONPATH": str(folder)}, message

    def logs(self, folder: Path) -> list[Path]:
        return []
