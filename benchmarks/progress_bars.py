"""CPU time of a run that prints 10 MB of progress bars, with the filter and without it.

Each run is a separate process and prints during several heartbeats. The output has medians of
the CPU time of the main function and the heartbeats, their ratio, and the CPU time of heartbeats
without new output.
"""

import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measuring import run_program

ROUNDS = 5
SCRIPT = """
import os, sys, time
from sacred_core import Experiment, SETTINGS
from sacred_core.utils import apply_backspaces_and_linefeeds

SETTINGS.DEFAULT_BEAT_INTERVAL = 0.3
ex = Experiment("bench", save_git_info=False)
if sys.argv.pop() == "filter":
    ex.captured_out_filter = apply_backspaces_and_linefeeds


def report(name, seconds):
    with open(os.environ["BENCHMARK_VALUES"], "a") as file:
        file.write("%s %r\\n" % (name, seconds))


@ex.main
def main(_run):
    for i in range(100_000):
        sys.stdout.write({bar})
        sys.stdout.flush()
    _run.lifecycle.beat()
    before = time.process_time()
    for _ in range(100):
        _run.lifecycle.beat()
    report("idle", time.process_time() - before)


before = time.process_time()
ex.run_commandline()
report("all", time.process_time() - before)
"""
BARS = {
    "one bar": r"f'\rprogress {i:6d} ' + '#' * 83",
    "two bars": r"f'\router {i}\n\rinner {i:6d} ' + '#' * 74 + '\x1b[A'",
    "coloured bar": r"f'\rprogress {i:6d} \x1b[32m' + '\u2588' * 83 + '\x1b[0m'",
    "rich": r"f'\r\x1b[2K\x1b[1A\x1b[2K\x1b[36mouter\x1b[0m {i}\ninner {i:6d} ' + '\u2501' * 50",
}


def main() -> None:
    """Print all cases."""
    for name, bar in BARS.items():
        results: dict[str, list[Mapping[str, float]]] = {"filter": [], "none": []}
        for _ in range(ROUNDS):
            for kind, measured in results.items():
                measured.append(_measure(bar, kind))
        with_filter, without = (
            statistics.median(each["all"] for each in measured) for measured in results.values()
        )
        idle = statistics.median(each["idle"] for each in results["filter"]) / 100
        print(
            f"{name:14} {with_filter:6.2f} s to {without:6.2f} s   "
            f"ratio {with_filter / without:.2f} (aim 1.5)   idle beat {idle * 1000:.3f} ms"
        )


def _measure(bar: str, kind: str) -> Mapping[str, float]:
    command = [sys.executable, "script.py", "-F", "runs", "-l", "ERROR", kind]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "script.py").write_text(SCRIPT.format(bar=bar))
        return run_program(command, Path(folder)).values


if __name__ == "__main__":
    main()
