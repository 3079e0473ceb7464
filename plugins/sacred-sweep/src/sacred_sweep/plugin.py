"""The hooks of the plugin."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import sacred_sweep
from sacred_core import CLIOption, CommandSpec, HookSpecs, hookimpl

if TYPE_CHECKING:
    from sacred_core import QueueSource, StopCheck

#: Options of the command ``sweep`` that have an argument: name, argument and help.
_OPTIONS = (
    ("command", "NAME", "sweep this command instead of the default one"),
    ("sweep", "NAME", "name the sweep: all points with this name belong together"),
    ("seeds", "N", "queue N runs of each point, with different seeds"),
    ("launch", "NAME:N", "start workers, such as local:4"),
    ("sampler", "NAME", "let a sampler choose points from results, such as optuna:tpe"),
    ("optimize", "FIELD", "what is optimized, such as metrics.val_loss.min"),
    ("direction", "MIN|MAX", "whether the lowest or the highest value is the best"),
    ("trials", "N", "how many points the sampler chooses"),
)
#: Commands below ``sacred sweep``: name, target and summary.
_SWEEP_COMMANDS = (
    ("status", "status_command:show_status", "Show the progress of sweeps."),
    ("cancel", "change_commands:cancel_sweep", "Cancel the queued runs of a sweep."),
    ("retry", "change_commands:retry_sweep", "Queue failed runs of a sweep again."),
    ("launch", "launch_command:launch_command", "Start workers."),
)
_DRY_RUN = "list the points, and queue nothing"


@hookimpl
def sacred_hookspecs() -> Iterable[HookSpecs]:
    """Define the hooks for launchers and samplers."""
    yield HookSpecs("sacred_sweep.hookspecs")


@hookimpl(optionalhook=True)
def sacred_launchers() -> "Iterable[sacred_sweep.LauncherSpec]":
    """Offer the launchers for this machine."""
    yield sacred_sweep.LauncherSpec(
        "local", "sacred_sweep.local:launch", "processes that outlive the driver"
    )
    yield sacred_sweep.LauncherSpec(
        "joblib", "sacred_sweep.joblib_workers:launch", "processes of joblib"
    )


@hookimpl(optionalhook=True)
def sacred_samplers() -> "Iterable[sacred_sweep.SamplerSpec]":
    """Offer ``random``."""
    yield sacred_sweep.SamplerSpec(
        "random", "sacred_sweep.random_sampler:RandomSampler", "random values"
    )


@hookimpl
def sacred_queue_sources() -> "Iterable[QueueSource]":
    """Offer the points of sampled sweeps."""
    from sacred_core import QueueSource  # only workers ask for it

    yield QueueSource("sweep", "sacred_sweep.filling:fill_queue")


@hookimpl
def sacred_stop_checks() -> "Iterable[StopCheck]":
    """Offer the pruners of sampled sweeps."""
    from sacred_core import StopCheck  # few runs ask for it

    yield StopCheck("pruner", "sacred_sweep.pruning:should_stop")


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    """Offer the command ``sweep`` of experiments, and the group ``sacred sweep``."""
    yield CommandSpec(
        "sweep",
        "sacred_sweep.command:sweep",
        "queue a run for each combination of values",
        of_experiments=True,
        takes_request=True,
        method="sacred_sweep.calls:sweep_experiment",
    )
    yield CommandSpec("sweep", "sacred_sweep.sweep_group:sweep", "Manage sweeps.")
    for name, target, text in _SWEEP_COMMANDS:
        yield CommandSpec(f"sweep {name}", f"sacred_sweep.{target}", text)


@hookimpl
def sacred_cli_options() -> Iterable[CLIOption]:
    """Offer the options of the command ``sweep``."""
    for name, metavar, text in _OPTIONS:
        yield CLIOption((f"--{name}",), metavar=metavar, help=text, command="sweep")
    yield CLIOption(("--dry-run",), is_flag=True, help=_DRY_RUN, command="sweep")
