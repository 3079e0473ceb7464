"""Starts a sweep: queues the points that are missing, and starts workers."""

import logging
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import attrs

from sacred_core import context
from sacred_core.exceptions import UpdateError
from sacred_core.hooks.targets import resolve_target
from sacred_core.plurals import counted
from sacred_core.stores.canonical import canonical_json
from sacred_core.stores.finding import find_runs
from sacred_core.stores.query import Condition
from sacred_core.stores.run_list import RunList
from sacred_core.worker import WorkerOptions
from sacred_sweep.expansion import check_size
from sacred_sweep.planning import Point, SweepPlan
from sacred_sweep.settings import SweepSettings
from sacred_sweep.spec import SweepSpec
from sacred_sweep.stored_points import UID, read_points
from sacred_sweep.targets import display_location, full_location

if TYPE_CHECKING:
    from sacred_sweep.launching import Launched

_logger = logging.getLogger(__name__)
#: The store is searched for each of fewer runs.
_MANY = 20
#: Entries that a warning lists.
_MOST_NAMES = 5


@attrs.define(kw_only=True, eq=False)
class Sweep:
    """A sweep that was started, or of ``dry_run`` one that can be.

    Attributes:
        uid: 12 hexadecimal digits: the runs have it as ``meta.sweep.uid``.
        location: Of the store with the runs, as users write it.
        points: All points, each once; of a sweep with a sampler, none.
        stored: The digests of the points that the store had before.
        queued: The number of runs that were queued now; of ``dry_run`` that would be.
        duplicates: The number of points that have the configuration of an earlier one.
        sampler: What a sampler chooses; None without one.
        is_dry_run: Nothing was queued.
        launched: The workers that were started; None without any.
        observer: The observer in whose store the runs are.
        store: Its store; None of a dry run if it does not exist yet.
    """

    uid: str
    location: str
    points: Sequence[Point] = attrs.field(default=(), repr=False)
    stored: frozenset[str] = attrs.field(default=frozenset(), repr=False)
    queued: int = 0
    duplicates: int = 0
    sampler: str | None = None
    is_dry_run: bool = False
    launched: "Launched | None" = None
    observer: Any = attrs.field(repr=False)
    store: Any = attrs.field(repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """The number of runs by status, as they are stored now."""
        found: dict[str, int] = {}
        for run in self.runs():
            found[run.status] = found.get(run.status, 0) + 1
        return found

    def runs(self) -> RunList:
        """Return the runs of the sweep as they are stored now, from the oldest to the newest."""
        if self.store is None:
            return RunList()
        return find_runs(self.store, Condition(UID, "=", (self.uid,)))

    def summary(self) -> str:
        """Return a sentence with the numbers of points and runs."""
        parts = [counted(len(self.points), "point")] if self.sampler is None else [self.sampler]
        known = sum(point.digest in self.stored for point in self.points)
        if known:
            parts.append(f"{known} {'exists' if known == 1 else 'exist'} already")
        if self.duplicates:
            parts.append(f"{self.duplicates} with the configuration of another one omitted")
        parts.append(f"{self.queued} {'would be queued' if self.is_dry_run else 'queued'}")
        return f"Sweep {self.uid}: {', '.join(parts)} in {self.location}"


def start_sweep(ex: Any, spec: SweepSpec, settings: SweepSettings) -> Sweep:
    """Queue the points of a sweep that its store does not have, and start workers.

    No point is queued if the configuration of one is wrong. It may be interrupted at any moment,
    and started again. In a process that a worker, or a rerun, has started, nothing is queued.

    Raises:
        SacredError: a point or an option is wrong, no observer has a store, or it fails.
        Exception: what a scope or a hook raises.
    """
    if not spec.paths and settings.seeds == 1:
        raise UpdateError(
            "nothing is swept: write a list of values, as in lr=[1e-3,1e-2], or add --seeds N"
        )
    if context.run_creator is not None:  # a worker executes the script for one of the points
        settings = attrs.evolve(settings, dry_run=True)
    if not settings.sampler:
        check_size(spec, settings.seeds, settings.force)
    with _logged_once(ex.logger or logging.getLogger()):
        plan = SweepPlan(ex, spec, settings)
        sweep = _start_sampled(plan) if settings.sampler else _queue_points(plan)
    if settings.launch and not settings.dry_run:
        sweep.launched = _launch(sweep, settings)
    return sweep


def _queue_points(plan: SweepPlan) -> Sweep:
    known = read_points(plan.store, plan.uid)
    points: dict[str, Point] = {}
    total = 0
    for point in plan.points():
        points.setdefault(point.digest, point)
        total += 1
    missing = [point for digest, point in points.items() if digest not in known]
    _warn_of_changes(plan, missing, known)
    sweep = Sweep(
        uid=plan.uid,
        location=display_location(plan.observer),
        points=list(points.values()),
        stored=frozenset(known),
        queued=len(missing),
        duplicates=total - len(points),
        is_dry_run=plan.settings.dry_run,
        observer=plan.observer,
        store=plan.store,
    )
    if not sweep.is_dry_run:
        if len(missing) > _MANY:
            plan.note_stored()
        for point in missing:
            plan.queue_point(point)
        plan.warn_of_secrets()
    return sweep


def _start_sampled(plan: SweepPlan) -> Sweep:
    """Queue the first point of a sweep whose sampler chooses further ones."""
    from sacred_sweep.sampled import queue_first

    settings = plan.settings
    known = read_points(plan.store, plan.uid)
    queued = (0 if known else settings.seeds) if settings.dry_run else queue_first(plan)
    plan.warn_of_secrets()
    return Sweep(
        uid=plan.uid,
        location=display_location(plan.observer),
        queued=queued,
        sampler=f"{counted(settings.trials or 0, 'point')} by {settings.sampler}",
        is_dry_run=settings.dry_run,
        observer=plan.observer,
        store=plan.store,
    )


def _warn_of_changes(plan: SweepPlan, missing: Sequence[Point], known: "dict[str, Any]") -> None:
    """Warn of points that were queued before with another configuration."""
    if not missing:
        return
    changing = plan.find_changing()
    if changing:
        _logger.warning(
            "%s another value each time: starting the sweep again queues each point once more. "
            "Start the names of such entries with an underscore, or fix their values",
            _has(changing),
        )
        return
    before = {_key(each.get("values"), each.get("replica", 0)) for each in known.values()}
    again = sum(_key(point.values, point.replica) in before for point in missing)
    if again:
        _logger.warning(
            "%s of the sweep %s queued before with another configuration: the script or its "
            "defaults changed since. To queue all points anew, use another --sweep NAME",
            counted(again, "point"),
            "was" if again == 1 else "were",
        )


def _has(paths: Sequence[str]) -> str:
    names = ", ".join(map(repr, paths[:_MOST_NAMES]))
    names += ", …" if len(paths) > _MOST_NAMES else ""
    return f"The entry {names} has" if len(paths) == 1 else f"The entries {names} have"


def _key(values: Any, replica: Any) -> str:
    return canonical_json([values, replica])


def _launch(sweep: Sweep, settings: SweepSettings) -> "Launched":
    worker = WorkerOptions(
        location=full_location(sweep.observer, settings),
        where=f'meta.sweep.uid = "{sweep.uid}"',
        until_empty=True,
    )
    launch_workers = resolve_target("sacred_sweep.launching:launch_workers")
    return cast("Launched", launch_workers(settings.launch, worker, Path.cwd()))


def worker_command(sweep: Sweep) -> str:
    """Return the command that executes the queued runs, quoted for a shell."""
    where = f'meta.sweep.uid = "{sweep.uid}"'
    return shlex.join(["sacred", "worker", sweep.location, "--where", where, "--until-empty"])


def status_command(sweep: Sweep) -> str:
    """Return the command that shows the progress, quoted for a shell."""
    return shlex.join(["sacred", "sweep", "status", sweep.location, sweep.uid])


@contextmanager
def _logged_once(logger: logging.Logger) -> Iterator[None]:
    """Log each message once: all points of a sweep have the same warnings."""
    seen: set[str] = set()

    def is_new(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        return message not in seen and not seen.add(message)  # type: ignore[func-returns-value]

    logger.addFilter(is_new)
    try:
        yield
    finally:
        logger.removeFilter(is_new)
