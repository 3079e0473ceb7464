"""Sweeps that Python code starts: `Experiment.sweep`, for a plugin that offers ``sweep``."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypedDict, cast

from sacred_core.exceptions import PluginLoadError
from sacred_core.hooks.targets import resolve_target
from sacred_core.script_cli.offered_commands import request_command
from sacred_core.stores.run_list import RunList

_COMMAND = "sweep"


class SweepOptions(TypedDict, total=False):
    """The options of `Experiment.sweep`; all are optional.

    Attributes:
        command: The swept command, by default the main function.
        config_updates: Entries that are the same in each run, as a nested dictionary.
        named_configs: Named configurations to apply, in order.
        zipped: Entries that get their values together: a list for each, of the same length.
        points: Points, each a dictionary of values; all values of ``space`` are combined with each.
        random: The number of random points; required for distributions.
        seeds: The number of runs of each point, with different seeds.
        name: Of the sweep: all points with this name belong together.
        dry_run: Queue nothing.
        force: Do not check the number of points, and for unknown entries.
        launch: Start workers, such as ``"local:4"``.
        sampler: Let a sampler choose points from results, such as ``"optuna:tpe"``.
        optimize: What is optimized, such as ``"metrics.val_loss.min"``.
        direction: ``"min"`` or ``"max"``: which value is the best.
        trials: How many points the sampler chooses.
        options: Options of each run, as for `Experiment.run`.
    """

    command: str | None
    config_updates: Mapping[str, Any]
    named_configs: Sequence[str]
    zipped: Mapping[str, Sequence[Any]]
    points: Sequence[Mapping[str, Any]]
    random: int | None
    seeds: int
    name: str | None
    dry_run: bool
    force: bool
    launch: str | None
    sampler: str | None
    optimize: str | None
    direction: str | None
    trials: int | None
    options: Mapping[str, Any]


class StartedSweep(Protocol):
    """A sweep that was started."""

    @property
    def uid(self) -> str:
        """12 hexadecimal digits: its runs have it as ``meta.sweep.uid``."""

    @property
    def location(self) -> str:
        """The location of the store with the runs, as users write it."""

    @property
    def points(self) -> Sequence[Any]:
        """All points, each with the attributes ``values``, ``replica``, ``seed`` and ``digest``."""

    @property
    def queued(self) -> int:
        """The number of runs that were queued; of a dry run that would be."""

    @property
    def counts(self) -> dict[str, int]:
        """The number of runs by status, as they are stored now."""

    def runs(self) -> RunList:
        """Return the runs as they are stored now, from the oldest to the newest."""


def start_sweep(ex: Any, space: Mapping[str, Any], options: SweepOptions) -> StartedSweep:
    """Start a sweep, as `Experiment.sweep` does.

    Raises:
        PluginLoadError: no plugin for sweeps is installed.
        SacredError: an option or a point is wrong, or no observer has a store.
    """
    spec = request_command(_COMMAND)
    if spec is None or spec.method is None:
        raise PluginLoadError("ex.sweep() requires a plugin: pip install sacred-sweep")
    return cast(StartedSweep, resolve_target(spec.method)(ex, space, options))
