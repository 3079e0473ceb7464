"""``sacred runs show``, ``get`` and ``watch``."""

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from sacred_core.cli.runs.completing import complete_files, complete_ids
from sacred_core.cli.runs.ids import get_run
from sacred_core.cli.runs.options import (
    LocationCommand,
    by_rank_option,
    exact_option,
    open_runs,
    raw_option,
    recursive_option,
    writing,
)
from sacred_core.cli.runs.page import PageStyle, page
from sacred_core.exceptions import OptionError, StoreError
from sacred_core.listing.cells import Form
from sacred_core.listing.empty_stores import nearby_runs
from sacred_core.listing.masked_runs import mask_run
from sacred_core.listing.run_data import parts_as_data, relatives_as_data, run_as_data
from sacred_core.listing.run_facts import title
from sacred_core.listing.table import fit, table_text
from sacred_core.listing.writer_facts import writer_table
from sacred_core.masking import mask_text
from sacred_core.printable import printable, printable_output
from sacred_core.readable_numbers import DIGITS, number_text
from sacred_core.serialization import strict_json
from sacred_core.stores import RunQuery, RunStore, StoredRun
from sacred_core.stores.curves import tail
from sacred_core.stores.explaining import require_existing
from sacred_core.stores.run_tree import find_relatives
from sacred_core.terminal import terminal_width

_KINDS = ("artifact", "resource", "source", "patch")
_PART = 1 << 20
#: Bytes of a file from which on a progress bar is shown.
_LARGE = 1 << 24


@click.command("show", cls=LocationCommand)
@click.argument("location")
@click.argument("run_id", shell_complete=complete_ids, required=False)
@recursive_option
@click.option("--origin", "has_origins", is_flag=True, help="Show where each value comes from.")
@click.option("--patch", "has_patch", is_flag=True, help="Show the uncommitted changes.")
@exact_option
@raw_option
@by_rank_option
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def show_run(
    location: str, run_id: str | None, recursive: bool, has_origins: bool, has_patch: bool,
    is_exact: bool, raw: bool, by: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Show the run RUN_ID at LOCATION, by default the newest: code, host, configuration, result,
    metrics, files and output.

    \b
    Example:
      sacred runs show my_runs 3
    """
    store = open_runs(location, recursive)
    run = mask_run(_find(store, location, run_id))
    if as_json:
        data = run_as_data(store, run, raw) | relatives_as_data(find_relatives(store, run))
        click.echo(strict_json(data | parts_as_data(store, run), indent=2))
        return
    if by is not None:
        shown, hidden = fit(
            writer_table(store, run, Form.EXACT if is_exact else Form.SHORT), terminal_width()
        )
        click.echo(table_text(shown))
        if hidden:
            click.echo(f"Not shown: {', '.join(hidden)} (use a wider terminal or --json)", err=True)
        return
    style = PageStyle(
        has_origins=has_origins, has_patch=has_patch, is_plain=not _is_rich(), is_exact=is_exact,
        raw=raw, width=terminal_width(),
    )  # fmt: skip
    click.echo("\n".join(page(store, run, style)))


@click.command("get", cls=LocationCommand)
@click.argument("location")
@click.argument("run_id", shell_complete=complete_ids)
@click.argument("name", shell_complete=complete_files)
@recursive_option
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, allow_dash=True),
    help="The file to write, - for stdout; by default the name without its folders.",
)  # fmt: skip
@click.option("-k", "--kind", type=click.Choice(_KINDS), help="Where several files have the name.")
@click.option("-f", "--force", is_flag=True, help="Replace the file if it exists.")
def get_file(
    location: str, run_id: str, name: str, recursive: bool, output: Path | None,
    kind: str | None, force: bool,
) -> None:  # fmt: skip
    """Write the file NAME of the run RUN_ID at LOCATION: an artifact, a resource or a source.

    \b
    Example:
      sacred runs get my_runs 3 model.pt -o best.pt
    """
    store = open_runs(location, recursive)
    run = _find(store, location, run_id)
    target = output or Path(Path(name).name)
    if str(target) != "-" and target.exists() and not force:
        raise OptionError(f"{str(target)!r} exists: use --force to replace it, or -o FILE")
    with contextlib.ExitStack() as stack:
        source, size = _open(store, run, name, kind)
        stack.enter_context(source)
        if str(target) == "-":
            for part in _parts(source):
                sys.stdout.buffer.write(part)
            return
        from sacred_core.atomic_files import replacing

        with writing(target), replacing(target) as new, new.open("wb") as file:
            for part in _with_progress(_parts(source), size):
                file.write(part)
    click.echo(f"Wrote {printable(target)}.")


@click.command("watch", cls=LocationCommand)
@click.argument("location")
@click.argument("run_id", shell_complete=complete_ids, required=False)
@recursive_option
@exact_option
@click.option("--interval", type=click.FloatRange(0.05), default=1.0, help="Seconds between reads.")
def watch_run(
    location: str, run_id: str | None, recursive: bool, is_exact: bool, interval: float
) -> None:
    """Print the output and the metrics of the run RUN_ID at LOCATION until it ends.

    By default it is the newest run. Ctrl-C ends the command and not the run.

    \b
    Example:
      sacred runs watch my_runs 3
    """
    store = open_runs(location, recursive)
    run = _find(store, location, run_id)
    click.echo(printable(title(run)), err=True)
    digits = None if is_exact else DIGITS
    text, counts = "", dict[str, int]()
    while True:
        is_over = not run.is_running()
        text = _print_output(text, store.output(run.id))
        # All points: those that are shown become fewer when the run is resumed.
        for name, points in tail(store, run.id, counts, raw=True).items():
            counts[name] = counts.get(name, 0) + len(points["steps"])
            step, value = (
                number_text(points[column][-1], digits) for column in ("steps", "values")
            )
            click.echo(printable(f"{name} = {value} at step {step}"), err=True)
        if is_over:
            break
        time.sleep(interval)
        run = store.get(run.id)
    click.echo(printable(f"Run {run.id}: {run.status}"), err=True)


def _find(store: RunStore, location: str, run_id: str | None) -> StoredRun:
    if run_id is not None:
        return get_run(store, run_id)
    for run in store.list(RunQuery(limit=1)):
        return run
    require_existing(store)
    hint = nearby_runs(location)
    more = f". {hint}" if hint else ""
    raise StoreError(f"there are no runs at {mask_text(location)!r}{more}")


def _open(
    store: RunStore, run: StoredRun, name: str, kind: str | None
) -> tuple[BinaryIO, int | None]:
    """Open the file of this name, and return its size if it is known.

    Raises:
        StoreError: the run has no such file.
        OptionError: it has several.
    """
    names = {
        "artifact": run.artifacts,
        "resource": run.resources,
        "source": [*run.sources],
        "patch": [str(each.get("commit")) for each in run.repositories if each.get("dirty")],
    }
    found = [each for each in ([kind] if kind else _KINDS) if name in names[each]]
    if len(found) > 1:
        raise OptionError(f"the run has {name!r} as {' and '.join(found)}: choose one with --kind")
    if not found and kind is None:
        known = [each for own in names.values() for each in own]
        damage = "" if run.damage is None else f"; it is damaged: {run.damage}"
        raise StoreError(
            f"run {str(run.id)!r} has no file {name!r}: it has {', '.join(known[:20]) or 'none'}"
            f"{damage}"
        )
    chosen = found[0] if found else str(kind)
    info = run.files.get(chosen, {}).get(name)
    return store.open_file(run.id, chosen, name), None if info is None else info.size


def _parts(file: BinaryIO) -> Iterator[bytes]:
    while part := file.read(_PART):
        yield part


def _with_progress(parts: Iterator[bytes], size: int | None) -> Iterator[bytes]:
    if size is None or size < _LARGE or not sys.stderr.isatty():
        yield from parts
        return
    with click.progressbar(length=size, file=sys.stderr) as bar:
        for part in parts:
            yield part
            bar.update(len(part))


def _print_output(old: str, new: str) -> str:
    """Print what is new in the output, and return it; what was rewritten is printed again."""
    start = len(old) if new.startswith(old) else _common_start(old, new)
    if start < len(new):
        shown = "\n".join(printable_output(new[start:]))
        click.echo(shown, nl=new.endswith("\n"))
    return new


def _common_start(one: str, other: str) -> int:
    """Return where the first line begins that differs."""
    for position, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return one.rfind("\n", 0, position) + 1
    return min(len(one), len(other))


def _is_rich() -> bool:
    """Return whether the terminal shows block characters."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    return sys.stdout.isatty() and encoding.startswith("utf")
