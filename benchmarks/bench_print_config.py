"""Time of ``print_config`` with 200 entries, as a whole process, compared with Sacred."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPT = """
from {package} import Experiment

ex = Experiment("large")


@ex.config
def config():
{entries}


@ex.automain
def main():
    pass
"""


def main() -> None:
    """Print the medians and the ratio."""
    entries = "\n".join(
        f"    entry_{i} = {{'x': {i}, 'y': [1, 2]}}  # entry {i}" for i in range(200)
    )
    times: dict[str, list[float]] = {"sacred": [], "sacred_core": []}
    with tempfile.TemporaryDirectory() as folder:
        for package in times:
            source = SCRIPT.format(package=package, entries=entries)
            (Path(folder) / f"{package}_large.py").write_text(source)
            _seconds(folder, package)
        for _ in range(11):
            for package, found in times.items():
                found.append(_seconds(folder, package))
    medians = {package: statistics.median(found) for package, found in times.items()}
    for package, median in medians.items():
        print(f"{package:12} {median * 1000:7.1f} ms")
    print(f"{'ratio':12} {medians['sacred_core'] / medians['sacred']:7.2f}    (aim 0.40)")


def _seconds(folder: str, package: str) -> float:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    start = time.perf_counter()
    command = [sys.executable, f"{package}_large.py", "print_config"]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
