"""Time of a hello-world script that is recorded in a folder, compared with Sacred.

The scripts run alternately in separate processes. The output has medians and their ratio.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "03_hello_config_scope.py"


def main() -> None:
    """Print the medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=25, help="runs of each")
    parser.add_argument("--import", dest="imports", default=[], nargs="*", help="such as yaml")
    arguments = parser.parse_args()
    count = arguments.n
    imports = "\n".join(f"import {name}" for name in arguments.imports)
    with tempfile.TemporaryDirectory() as folder:
        scripts = {
            package: _written(Path(folder), package, imports)
            for package in ("sacred", "sacred_core")
        }
        for script in scripts.values():  # the first run compiles
            _seconds(script)
        times: dict[str, list[float]] = {package: [] for package in scripts}
        for _ in range(count):
            for package, script in scripts.items():
                times[package].append(_seconds(script))
    medians = {package: statistics.median(values) for package, values in times.items()}
    for package, median in medians.items():
        print(f"{package:12} {median * 1000:7.1f} ms")
    print(f"{'ratio':12} {medians['sacred_core'] / medians['sacred']:7.2f}    (aim 0.50)")


def _written(folder: Path, package: str, imports: str) -> Path:
    script = folder / package / "hello.py"
    script.parent.mkdir()
    source = EXAMPLE.read_text().replace("from sacred_core", f"from {package}")
    script.write_text(f"{imports}\n{source}")
    return script


def _seconds(script: Path) -> float:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, script, "-F", script.parent / "runs"],
        check=True,
        capture_output=True,
        env=environment,
        cwd=script.parent,
    )
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
