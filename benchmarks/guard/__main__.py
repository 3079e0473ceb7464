"""Report which short programs do more than before.

Each program is run once for each measure: calls of Python functions, imported modules, system calls
(if strace is installed) and instructions (if valgrind is installed). The counts hardly depend on
the load of the machine. They are compared with ``benchmarks/expectations.json``, without those of
an interpreter that does nothing.

The exit code is 1 if a program became slower, 2 if there are no expectations for this version of
Python or a program failed, else 0.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.guard import expectations
from benchmarks.guard.comparison import report
from benchmarks.guard.measures import BARE, REFERENCE, Counts, available_measures, count, warm_up
from benchmarks.guard.programs import PROGRAMS
from benchmarks.measuring import ProgramError


def main(arguments: list[str]) -> int:
    """Run the programs, and compare or store the counts; return the exit code."""
    options = _parse(arguments)
    try:
        found, reference = measure(options.programs, options.only)
    except ProgramError as error:
        print(error, file=sys.stderr)
        return 2
    packages = expectations.count_packages()
    if options.update:
        new = {name: expectations.summarize(counts) for name, counts in found.items()}
        expectations.store(
            expectations.Expectations(packages, reference, new), options.expectations
        )
        print(f"{len(new)} programs stored in {options.expectations}")
        return 0
    stored = expectations.load(options.expectations)
    if stored is None:
        version = expectations.python_version()
        print(f"no expectations for Python {version}: store them with --update", file=sys.stderr)
        return 2
    if stored.packages != packages:
        print(f"{packages} packages are installed, the expectations are of {stored.packages}")
    lines, code = report(stored, found, reference)
    print("\n".join(lines))
    return code


def measure(names: list[str], measures: list[str]) -> tuple[dict[str, Counts], int | None]:
    """Return the counts of programs without those of the bare interpreter, and the reference.

    Raises:
        ProgramError: A program failed; the message begins with its name.
    """
    only = [each for each in measures if each == "instructions"]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(_warm_up, names))
        bare = pool.submit(count, BARE, measures)
        reference = pool.submit(count, REFERENCE, only)
        running = {name: pool.submit(count, PROGRAMS[name], measures) for name in names}
        found = {}
        for name, each in running.items():
            with _naming(name):
                found[name] = _without(each.result(), bare.result())
            print(f"{name}: {_format(found[name])}", flush=True)
    return found, reference.result().totals.get("instructions")


def _warm_up(name: str) -> None:
    with _naming(name):
        warm_up(PROGRAMS[name])


@contextmanager
def _naming(program: str) -> Iterator[None]:
    """Begin the message of an error with the name of the program."""
    try:
        yield
    except ProgramError as error:
        raise ProgramError(f"{program}: {error}") from error


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.guard",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("programs", nargs="*", metavar="PROGRAM", help="default: all")
    parser.add_argument("--update", action="store_true", help="store the counts")
    parser.add_argument(
        "--only",
        nargs="+",
        default=available_measures(),
        choices=available_measures(),
        metavar="MEASURE",
        help=f"default: all of {', '.join(available_measures())}; the last one takes longest",
    )
    parser.add_argument("--expectations", type=Path, default=expectations.PATH, metavar="FILE")
    options = parser.parse_args(arguments)
    options.programs = options.programs or [*PROGRAMS]
    for name in options.programs:
        if name not in PROGRAMS:
            parser.error(f"unknown program {name!r}; the programs are: {', '.join(PROGRAMS)}")
    return options


def _without(counts: Counts, bare: Counts) -> Counts:
    totals = {name: number - bare.totals[name] for name, number in counts.totals.items()}
    return replace(counts, totals=totals)


def _format(counts: Counts) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.totals.items())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
