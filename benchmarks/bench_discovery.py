"""Time to find plugins among 300 distributions, compared with `importlib.metadata`.

Each is measured in separate processes, including imports. The output has medians.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

DISTRIBUTIONS = 300
CODES = {
    "sacred_core": "from sacred_core.hooks.discovery import installed_plugins as find",
    "importlib.metadata": "from importlib.metadata import entry_points\n"
    "def find(): return list(entry_points(group='sacred_core'))",
}
TIMED = """
import attrs, time
start = time.perf_counter()
{code}
found = find()
print(time.perf_counter() - start, len(found))
"""


def main() -> None:
    """Print the medians and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        _install(Path(folder))
        seconds: dict[str, list[float]] = {name: [] for name in CODES}
        for _ in range(21):
            for name, code in CODES.items():
                seconds[name].append(_measured(folder, code))
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, median in medians.items():
        print(f"{name:20} {median * 1000:7.1f} ms    (aim: at most 60 ms)")
    print(f"{'ratio':20} {medians['sacred_core'] / medians['importlib.metadata']:7.2f}")


def _install(folder: Path) -> None:
    for number in range(DISTRIBUTIONS):
        info = folder / f"package_{number}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: package-{number}\n")
        if number % 10 == 0:
            (info / "entry_points.txt").write_text("[console_scripts]\nx = x:main\n")


def _measured(folder: str, code: str) -> float:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, "-c", TIMED.format(code=code)],
        env={**environment, "PYTHONPATH": folder},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[0])


if __name__ == "__main__":
    main()
