"""Cost of recording a million printed lines, and 100,000 points, compared with Sacred.

Both packages alternately record in a folder, in separate processes. The output has medians of the
time of the whole process and ratios, and for points also the time inside the loop.
"""

import statistics
import tempfile
import time
from pathlib import Path

from scripts import run_script

HEAD = """
import sys, time
from {package} import Experiment, SETTINGS

SETTINGS.CAPTURE_MODE = "{mode}"
SETTINGS.DEFAULT_BEAT_INTERVAL = 0.2
ex = Experiment("bench", save_git_info=False)


@ex.automain
def main(_run):
    start = time.perf_counter()
"""
LINES = """
    for i in range(1_000_000):
        print("line", i)
"""
POINTS = """
    for i in range(100_000):
        _run.log_scalar("loss", i * 0.5, i)
"""
TAIL = """
    sys.__stderr__.write("loop %f\\n" % (time.perf_counter() - start))
"""
CASES = (
    ("a million lines, fd", LINES, "fd", 1.0, None),
    ("a million lines, sys", LINES, "sys", 0.6, None),
    ("100,000 points", POINTS, "no", 0.35, 0.3),
)
ROUNDS = 3


def main() -> None:
    """Print medians and ratios."""
    for title, body, mode, aim, loop_aim in CASES:
        seconds: dict[str, list[tuple[float, float]]] = {"sacred": [], "sacred_core": []}
        for _ in range(ROUNDS):
            for package, found in seconds.items():
                found.append(_measured(HEAD.format(package=package, mode=mode) + body + TAIL))
        _report(title, seconds, 0, aim)
        if loop_aim is not None:
            _report(f"{title}, in the loop", seconds, 1, loop_aim)


def _report(
    title: str, seconds: dict[str, list[tuple[float, float]]], part: int, aim: float
) -> None:
    theirs, ours = (statistics.median(s[part] for s in seconds[p]) for p in seconds)
    print(f"{title:30} sacred {theirs:7.2f} s   sacred_core {ours:7.2f} s   "
          f"ratio {ours / theirs:.2f} (aim {aim})")  # fmt: skip


def _measured(source: str) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "script.py").write_text(source)
        start = time.perf_counter()
        reported = run_script(folder)
        whole = time.perf_counter() - start
    loop = next(line for line in reported.splitlines() if line.startswith("loop"))
    return whole, float(loop.split()[1])


if __name__ == "__main__":
    main()
