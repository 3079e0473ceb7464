"""Speed of the board with many runs, and its load with many open pages.

Usage: python -m benchmarks.board [speed] [--runs 10000] [--rounds 5] [--stores files SQLite ...]
       python -m benchmarks.board tabs [--tabs 20] [--minutes 10] [--stores files]

``speed`` fills stores with runs, and compares the first page of a board that was just started with
``sacred runs list -n 50``: at most 1.2 times its seconds. To sort all runs by a metric may take at
most 2 seconds: at the first request, which also loads all runs, and later.

``tabs`` opens pages of a run in progress, and compares one page with many: calls of the store each
minute, the memory of the board (at most 20 MB more at the end than after the first minute), and the
seconds from a heartbeat until each page has its points (at most 2).
"""

import argparse
import sys

from benchmarks.board import speed, tabs
from benchmarks.growth.stores import STORES


def main() -> int:
    """Measure, and return 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Formatter)
    parser.add_argument("part", choices=["speed", "tabs"], nargs="?", default="speed")
    parser.add_argument("--stores", nargs="+", choices=STORES, default=["files", "SQLite"])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tabs", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10)
    given = parser.parse_args()
    are_met = True
    for name in given.stores:
        with STORES[name]() as fill:
            if given.part == "speed":
                are_met &= speed.measure(name, fill(given.runs), given.runs, given.rounds)
            else:
                are_met &= tabs.measure(name, fill(100), given.tabs, given.minutes)
    return 0 if are_met else 1


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Prints the description as it is written."""


if __name__ == "__main__":
    sys.exit(main())
