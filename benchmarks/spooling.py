"""What a spool costs while the server is away, compared with the file plugin alone.

A script logs points and prints lines for some seconds, with ``-F``, and with ``-m`` or ``-s`` and
``--spool`` while nothing answers at the address of the server: it refuses connections, or accepts
them and answers nothing. The table has the least seconds of several runs in turns, of the loop and
of the end (from the return of the main function to the end of the process), and their ratios to
``-F``: at most 1.1 for runs that are longer than a second. A shorter one may wait for the first
answer of the server. ``cpu`` is the processor time of the main thread in the loop, and
``end_cpu`` that of the process until the run has returned: other programs change these less.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from sacred_core.testing.servers import Proxy, free_port

SCRIPT = """
import json, sys, time
import pymongo, sacred_mongo, sacred_sql, sqlalchemy  # also of the runs without a server
from sacred_core import Experiment

ex = Experiment("spooled", save_git_info=False)
measured = {}


@ex.main
def main(_run):
    began, cpu = time.perf_counter(), time.thread_time()
    for number in range(ROUNDS):
        for step in range(1000):
            _run.log_scalar("loss", 1 / (step + 1))
        print("line", number)
    measured["loop"] = time.perf_counter() - began
    measured["cpu"] = time.thread_time() - cpu
    measured["end_cpu"] = time.process_time()
    measured["ended"] = time.time()


ex.run_commandline()
measured["end_cpu"] = time.process_time() - measured["end_cpu"]
sys.stderr.write(json.dumps(measured))
"""


class Measured(NamedTuple):
    """Seconds of one run: of the loop, its processor time, of the end, and its processor time."""

    loop: float
    cpu: float
    end: float
    end_cpu: float


def measure(flags: Sequence[str], rounds: int) -> Measured:
    """Run the script with flags in a new folder."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        Path(folder, "script.py").write_text(SCRIPT.replace("ROUNDS", str(rounds)))
        environment = {**os.environ, "XDG_STATE_HOME": folder}
        command = [sys.executable, "script.py", "-l", "ERROR", "-b", "0.5", "-C", "sys", *flags]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=True
        )
        ended = time.time()
        found = json.loads(done.stderr.splitlines()[-1])
        end = ended - found["ended"]
        return Measured(found["loop"], found["cpu"], end, found["end_cpu"])


@contextlib.contextmanager
def addresses() -> Iterator[dict[str, int]]:
    """Yield ports by how nothing answers there."""
    with Proxy(("127.0.0.1", free_port())) as hanging:
        hanging.hang()
        yield {"refuses": free_port(), "hangs": hanging.port}


def cases(ports: dict[str, int]) -> dict[str, list[str]]:
    """Return the flags of each case; the first one is the file plugin alone."""
    found = {"-F": ["-F", "spool"]}
    for failure, port in ports.items():
        mongo = f"127.0.0.1:{port}:sacred"
        postgres = f"postgresql://ann@127.0.0.1:{port}/sacred"
        found[f"MongoDB {failure}"] = ["-m", mongo, "--spool", "spool"]
        found[f"PostgreSQL {failure}"] = ["-s", postgres, "--spool", "spool"]
    return found


def main(words: Sequence[str]) -> None:
    """Measure all cases in turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000, help="thousands of points of a run")
    parser.add_argument("--repeat", type=int, default=7, help="runs of each case")
    options = parser.parse_args(words)
    measured: dict[str, list[Measured]] = {}
    with addresses() as ports:
        for _ in range(options.repeat):
            for name, flags in cases(ports).items():
                measured.setdefault(name, []).append(measure(flags, options.rounds))
    least = {
        name: Measured(*map(min, zip(*found, strict=True))) for name, found in measured.items()
    }
    alone = least["-F"]
    print(f"{'case':20}" + "".join(f"  {name:>7}  ratio" for name in Measured._fields))
    for name, found in least.items():
        pairs = zip(found, alone, strict=True)
        print(f"{name:20}" + "".join(f"  {one:6.3f}s  {one / other:5.2f}" for one, other in pairs))


if __name__ == "__main__":
    main(sys.argv[1:])
