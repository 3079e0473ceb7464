"""1,000 starts of 4 ranks: each start must be one run, with what each rank recorded.

``python -m benchmarks.starting_ranks [STARTS] [--ranks N] [--modes launcher port job]``

The ranks are forked from one process, which has imported everything: the starts of a rank are then
as close to each other as they can be.

========  ==================================================================================
mode      what the ranks of a start have in common
========  ==================================================================================
launcher  nothing but the process that starts them, one start after another
port      ``MASTER_ADDR`` and ``MASTER_PORT``, the same for all starts, one after another
job       the id of a job, another one for each start; several starts at the same time
========  ==================================================================================
"""

import argparse
import importlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from pathlib import Path

from sacred_file import FileStorageObserver

from sacred_core import SETTINGS, Experiment, open_store
from sacred_core.stores.writers import stored_parts

#: Starts at the same time in the mode ``job``.
TOGETHER = 4
MODES = ("launcher", "port", "job")


def environment(mode: str, start: int, rank: int, ranks: int) -> dict[str, str]:
    """Return the variables of a rank."""
    if mode == "launcher":
        return {"SACRED_RANK": str(rank), "SACRED_WORLD_SIZE": str(ranks)}
    if mode == "port":
        own = {"RANK": str(rank), "WORLD_SIZE": str(ranks)}
        return own | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
    own = {"SLURM_PROCID": str(rank), "SLURM_STEP_NUM_TASKS": str(ranks)}
    return own | {"SLURM_JOB_ID": str(start), "SLURM_STEP_ID": "0"}


def record(folder: Path, start: int, rank: int) -> None:
    """Record one run, whose points have the number of the start and of the rank."""
    SETTINGS.CAPTURE_MODE = "no"
    SETTINGS.DISCOVER_SOURCES = SETTINGS.DISCOVER_DEPENDENCIES = "none"
    experiment = Experiment("ranks", save_git_info=False)
    experiment.observers.append(FileStorageObserver(folder))

    @experiment.main
    def main(_run):  # type: ignore[no-untyped-def]
        _run.log_scalar("start", start)
        _run.log_scalar("rank", rank)

    experiment.run(options={"--loglevel": "WARNING"})


def fork_rank(folder: Path, start: int, rank: int, environ: Mapping[str, str]) -> int:
    """Start a rank and return its process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        os.environ.update(environ)
        record(folder, start, rank)
        code = 0
    except BaseException:  # noqa: BLE001 - it must not continue the loop of its parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def import_all(folder: Path) -> None:
    """Import what ranks need, by recording a run that is deleted."""
    importlib.import_module("sacred_core.ranks.joining")
    importlib.import_module("sacred_file.parts")
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        record(Path(name), 0, 0)


def start_all(folder: Path, mode: str, starts: int, ranks: int) -> int:
    """Start all ranks and return the number of those that failed."""
    import_all(folder)
    failed, together = 0, TOGETHER if mode == "job" else 1
    for first in range(0, starts, together):
        pids = [
            fork_rank(folder, start, rank, environment(mode, start, rank, ranks))
            for start in range(first, min(first + together, starts))
            for rank in range(ranks)
        ]
        failed += sum(os.waitpid(pid, 0)[1] != 0 for pid in pids)
    return failed


def count_mistakes(folder: Path, starts: int, ranks: int) -> tuple[int, int]:
    """Return the number of runs, and of ranks that are missing or are in the run of another start.

    Args:
        folder: The runs.
        starts, ranks: How many there were.
    """
    store = open_store(folder)
    runs = list(store.list())
    mistakes = 0
    for run in runs:
        start = store.metrics(run.id)["start"]["values"]
        parts = stored_parts(store, run.id)
        for rank in range(1, ranks):
            part = parts.get(f"rank{rank}")
            if part is None:
                mistakes += 1
                continue
            metrics = store.writer_store(run.id).metrics(part.id)  # type: ignore[attr-defined]
            found = metrics["start"]["values"], metrics["rank"]["values"]
            mistakes += found != (start, [rank]) or part.status != "COMPLETED"
    return len(runs), mistakes + ranks * max(starts - len(runs), 0)


def main(arguments: list[str] | None = None) -> int:
    """Print a line for each mode; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("starts", type=int, nargs="?", default=1000)
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--modes", nargs="*", default=MODES, choices=MODES)
    given = parser.parse_args(arguments)
    is_wrong = False
    for mode in given.modes:
        with tempfile.TemporaryDirectory() as name:
            began = time.monotonic()
            failed = start_all(Path(name), mode, given.starts, given.ranks)
            seconds = time.monotonic() - began
            runs, mistakes = count_mistakes(Path(name), given.starts, given.ranks)
        print(
            f"{mode}: {given.starts} starts of {given.ranks} ranks: {runs} runs, {mistakes} ranks "
            f"missing or in another run, {failed} processes failed, {seconds:.0f} s",
            flush=True,
        )
        is_wrong |= runs != given.starts or mistakes > 0 or failed > 0
    return int(is_wrong)


if __name__ == "__main__":
    sys.exit(main())
