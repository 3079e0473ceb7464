"""``sacred runs rerun``."""

import functools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sacred_core.cli.errors import print_error
from sacred_core.cli.runs.completing import complete_ids
from sacred_core.cli.runs.ids import get_run
from sacred_core.cli.runs.options import LocationCommand
from sacred_core.cli.runs.two_locations import replace_flags
from sacred_core.compare import ComparedRun, RunDiff
from sacred_core.exceptions import OptionError, RerunError, SacredError
from sacred_core.plurals import counted
from sacred_core.printable import printable
from sacred_core.rerun.configuration import recorded_config
from sacred_core.rerun.records import OTHER_END, Departure, Rerun
from sacred_core.rerun.running import RerunOptions, run_again
from sacred_core.script_cli.parsing import parse_updates
from sacred_core.script_cli.protocol import USAGE
from sacred_core.serialization import strict_json
from sacred_core.stores import StoredRun, open_store

#: The descriptor that the process of the rerun writes to, so that stdout has only the JSON.
_STDERR = 2
#: What is parsed as the location if it is given in another way.
_PLACEHOLDER = "."


class RerunCommand(LocationCommand):
    """A command for a run, with flags of observers for where it is recorded.

    With one argument, it is ``LOCATION#ID``, or the first flag is LOCATION: ``-t my_runs 3``.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the flags of observers out of the arguments, then parse them."""
        own = {flag: param for param in self._options() for flag in param.opts}
        words, places = replace_flags(args, own)
        rest = [word for word in words if word not in places]
        flags = [*places.values()]
        try:
            left = click.Command.parse_args(self, ctx, [*rest])
        except click.MissingParameter as error:
            location, separator, run_id = str(ctx.params.get("location") or "").rpartition("#")
            if getattr(error.param, "name", None) != "run_id" or not (separator or flags):
                raise
            ctx.params.clear()
            left = click.Command.parse_args(self, ctx, [_PLACEHOLDER, *rest])
            if separator:
                ctx.params |= {"location": location, "run_id": run_id}
            else:
                ctx.params["location"] = flags.pop(0)
        ctx.params["observers"] = flags
        return left


@click.command("rerun", cls=RerunCommand)
@click.argument("location")
@click.argument("run_id", shell_complete=complete_ids)
@click.option("-u", "--unobserved", is_flag=True, help="Do not record the rerun.")
@click.option(
    "--folder", type=click.Path(path_type=Path),
    help="A new folder for its files; by default rerun-NAME-ID.",
)  # fmt: skip
@click.option("--repo", help="Path or URL of a git repository with the recorded commit.")
@click.option(
    "--files", type=click.Path(path_type=Path), multiple=True,
    help="Copy a file or folder that is not in the record.",
)  # fmt: skip
@click.option("--set", "sets", metavar="ENTRY=VALUE", multiple=True, help="Set an entry.")
@click.option("--rtol", type=click.FloatRange(0), default=0.0, help="Relative tolerance.")
@click.option("--atol", type=click.FloatRange(0), default=0.0, help="Absolute tolerance.")
@click.option("--stop-at-first", is_flag=True, help="Stop at the first point that differs.")
@click.option("--env", type=click.Choice(["uv"]), help="Install the recorded packages with uv.")
@click.option("--json", "as_json", is_flag=True, help="The verdict as one JSON object.")
@click.pass_context
def rerun_run(
    ctx: click.Context, location: str, run_id: str, observers: Sequence[str], unobserved: bool,
    folder: Path | None, repo: str | None, files: Sequence[Path], sets: Sequence[str], rtol: float,
    atol: float, stop_at_first: bool, env: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Run the run RUN_ID at LOCATION again, and compare it with the record.

    This executes the stored code, in a new folder. Flags of observers, such as -F my_runs, set
    where the rerun is recorded, by default at LOCATION. The exit code is 0 if it gives the same,
    3 if metrics, result or artifacts differ, and 4 if it does not end as the recorded run did, or
    cannot be started.

    \b
    Example:
      sacred runs rerun my_runs 3
    """
    if unobserved and observers:
        raise click.UsageError(f"--unobserved cannot be used with {observers[0].split()[0]}")
    chosen = [*observers] if observers or unobserved else None
    try:
        store = open_store(location)
        recorded = ComparedRun(store, get_run(store, run_id), location)
        options = RerunOptions(
            observers=chosen, folder=folder, repository=repo, files=files,
            sets=_read_sets(recorded.run, sets), rtol=rtol, atol=atol, stops=stop_at_first,
            environment=env,
        )  # fmt: skip
        verdict = run_again(
            recorded, location, options,
            show=functools.partial(_show_before, recorded), show_departure=_show_departure,
            output=_STDERR if as_json else None,
        )  # fmt: skip
    except SacredError as error:
        print_error(error)
        is_unable = isinstance(error, RerunError) and not isinstance(error, ValueError)
        ctx.exit(OTHER_END if is_unable else USAGE)
    if as_json:
        click.echo(strict_json(verdict.data(), indent=2))
    else:
        _show_verdict(verdict)
    ctx.exit(verdict.exit_code)


def _read_sets(run: StoredRun, words: Sequence[str]) -> dict[str, Any]:
    """Return the values of ``--set``; masked ones that are missing are asked for on a terminal."""
    sets, others = parse_updates(words)
    if others:
        raise OptionError(f"--set requires ENTRY=VALUE, got {others[0]!r}")
    if sys.stdin.isatty() and sys.stderr.isatty():
        for path in recorded_config(run, sets).unset():
            sets[path] = click.prompt(f"{path} (not recorded)", hide_input=True, err=True)
    return sets


def _show_before(recorded: ComparedRun, found: RunDiff, warnings: list[str], folder: Path) -> None:
    """Print, before the rerun, what differs from the recorded run."""
    lines = [f"Rerun of {recorded.title} in {folder}"]
    for section in found.sections():
        lines.append(f"{section.title}, as recorded (-) and now (+):")
        lines += [f"  {line}" for each in section.differences for line in each.text]
    lines += [f"Warning: {warning}" for warning in (*found.problems, *warnings)]
    click.echo("\n".join(printable(line) for line in lines), err=True)


def _show_departure(departure: Departure) -> None:
    """Print, while the rerun is running, that it departs."""
    click.echo(printable(f"Departs at {departure.text()}; the rerun continues"), err=True)


def _show_verdict(verdict: Rerun) -> None:
    outcome = verdict.outcome
    notes = [*outcome.notes]
    if outcome.sources:
        notes.append(f"other contents were imported for: {', '.join(outcome.sources)}")
    if outcome.left:
        notes.append(f"entries whose values are not in the record: {', '.join(outcome.left)}")
    for note in notes:
        click.echo(printable(f"Warning: {note}"), err=True)
    first, *others = verdict.text().split("\n")
    click.secho(printable(first), fg="green" if verdict else "red", bold=True)
    if len(others) > 0:
        click.echo("\n".join(map(printable, others)))
    if verdict.changed:
        entries = counted(len(verdict.changed), "entry")
        click.echo(printable(f"  {entries} set: {', '.join(verdict.changed)}"))
    for location, run_id in verdict.runs:
        click.echo(printable(f"Recorded as run {run_id} in {location}"))
