"""The command ``sweep`` of every experiment."""

import sys
from pathlib import Path
from typing import Any

from sacred_core.config.request import Request
from sacred_core.frames import hide_frames
from sacred_core.listing.table import TableColumn, fit, table_text
from sacred_core.printable import printable
from sacred_core.script_cli.printing import print_text
from sacred_core.script_cli.protocol import INTERRUPTED
from sacred_core.stores.canonical import canonical_json
from sacred_core.terminal import terminal_width
from sacred_sweep.grammar import parse_sweep
from sacred_sweep.settings import read_settings
from sacred_sweep.sweep import Sweep, start_sweep, status_command, worker_command

#: Rows of the table of points in a terminal.
_MOST_ROWS = 50


def sweep(ex: Any, request: Request) -> Sweep:
    """Queue a run for each combination of values.

    After 'with', a list has the values of an entry: lr=[1e-3,1e-2]. There are also:

      seed=1..8                   integers, both ends included; 0..100..10 has a step
      zip(a=[1,2],b=[3,4])        entries that get their values together
      file points.csv             points from a table, or from JSON lines (points.jsonl)
      random(20)                  20 random points; required for distributions:
      lr=loguniform(1e-5,1e-1)    also uniform, quniform, randint, lograndint, normal, choice
      sweep.yaml                  a file with all of this below the key 'sweep'

    Other updates and named configurations are the same in each run. Workers execute the runs:
    sacred worker LOCATION. Starting a sweep again queues only what is missing.
    """
    hide_frames(Path(__file__).parent)
    spec = parse_sweep(request.tokens)
    settings = read_settings(request.options, spec)
    try:
        started = start_sweep(ex, spec, settings)
    except KeyboardInterrupt:
        if request.options["--debug"]:
            raise
        sys.stderr.write("Interrupted: start the sweep again to queue what is missing\n")
        raise SystemExit(INTERRUPTED) from None
    if started.is_dry_run and started.points:
        print_text(_point_table(started))
    print_text(started.summary())
    if not started.is_dry_run:
        _print_next(started)
    return started


def _print_next(started: Sweep) -> None:
    if started.launched is None:
        print_text(f"To execute them: {worker_command(started)}")
        print_text(f"To see progress: {status_command(started)}")
        return
    print_text(f"To see progress: {status_command(started)}")
    for line in started.launched.lines:
        print_text(line)
    wait: Any = started.launched.wait
    if wait is not None:
        wait()


def _point_table(started: Sweep) -> str:
    width = terminal_width()
    points = list(started.points)
    shown = points[:_MOST_ROWS] if width else points
    paths = list(dict.fromkeys(path for point in shown for path in point.values))
    columns = [TableColumn("point", [str(number) for number, _ in enumerate(shown, 1)])]
    for path in paths:
        cells = [_cell(point.values, path) for point in shown]
        columns.append(TableColumn(path, cells, "chosen"))
    if "seed" not in paths:
        columns.append(TableColumn("seed", [str(point.seed) for point in shown], "chosen"))
    states = ["exists" if point.digest in started.stored else "new" for point in shown]
    columns.append(TableColumn("state", states))
    fitted, _ = fit(columns, width)
    text = table_text(fitted)
    hidden = len(points) - len(shown)
    return f"{text}\n… {hidden} more" if hidden else text


def _cell(values: Any, path: str) -> str:
    if path not in values:
        return ""
    value = values[path]
    return printable(value if isinstance(value, str) else canonical_json(value))
