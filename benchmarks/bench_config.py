"""Speed of captured calls, and of resolving a large configuration, compared with Sacred.

Both packages run alternately in separate processes. The output has medians and ratios.
"""

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

AIMS = {"captured call": 0.15, "call with _rnd": 0.7, "200 entries, 20 ingredients": 0.5}

SCRIPT = """
import time
from {package} import Experiment, Ingredient, SETTINGS

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("bench", save_git_info=False)
ex.add_config(a=1, b=2, seed=3)


@ex.capture
def two(a, b):
    return a


@ex.capture
def random(_rnd):
    return 1


def timed(function, count):
    start = time.perf_counter()
    for _ in range(count):
        function()
    return (time.perf_counter() - start) / count


@ex.main
def main():
    two(), random()
    print("captured call", timed(two, 20000))
    print("call with _rnd", timed(random, 2000))


ex.run(options={{"--loglevel": "ERROR"}})

ingredients = [Ingredient("part%d" % i, save_git_info=False) for i in range(20)]
large = Experiment("large", ingredients=ingredients, save_git_info=False)
for number, part in enumerate([large, *ingredients]):
    part.add_config({{"entry%d" % i: {{"x": i, "y": [i]}} for i in range(200)}})


@large.main
def nothing():
    pass


def resolve():
    updates = {{"part3": {{"entry5": {{"x": 7}}}}}}
    large.run(config_updates=updates, options={{"--loglevel": "ERROR"}})


resolve()
print("200 entries, 20 ingredients", timed(resolve, 5))
"""


def main() -> None:
    """Print medians and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        seconds: dict[str, dict[str, list[float]]] = {"sacred": {}, "sacred_core": {}}
        for package in seconds:
            (Path(folder) / f"{package}_bench.py").write_text(SCRIPT.format(package=package))
        for _ in range(5):
            for package, found in seconds.items():
                for name, value in _measured(folder, package).items():
                    found.setdefault(name, []).append(value)
    for name, aim in AIMS.items():
        theirs, ours = (statistics.median(seconds[p][name]) for p in ("sacred", "sacred_core"))
        print(
            f"{name:30} sacred {theirs * 1e6:10.1f} us   sacred_core {ours * 1e6:10.1f} us   "
            f"ratio {ours / theirs:.2f} (aim {aim})"
        )


def _measured(folder: str, package: str) -> dict[str, float]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [sys.executable, f"{package}_bench.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.rsplit(None, 1) for line in done.stdout.splitlines()]
    return {name: float(value) for name, value in lines if name in AIMS}


if __name__ == "__main__":
    main()
