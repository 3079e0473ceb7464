"""Resolves the points of a sweep, and queues those that its store does not have."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import attrs

from sacred_core.config.request import Request
from sacred_core.dotted_path import DottedPath, leaves
from sacred_core.exceptions import OptionError
from sacred_core.run import Run
from sacred_core.run.creation import new_run, new_variant
from sacred_core.run.lifecycle import Lifecycle
from sacred_core.serialization import plain
from sacred_core.stores.canonical import canonical_json
from sacred_core.stores.query import Field
from sacred_core.stores.run_store import RunQuery, RunStore
from sacred_core.stores.uids import NewIdStore
from sacred_sweep.expansion import expand, plain_values
from sacred_sweep.identity import derive_seed, point_digest, run_uid
from sacred_sweep.settings import SweepSettings
from sacred_sweep.spec import SweepSpec
from sacred_sweep.targets import find_store


@attrs.frozen(kw_only=True)
class Point:
    """A point of a sweep.

    Attributes:
        updates: What its run sets beside the fixed entries, by dotted path.
        values: The same values as they are recorded.
        replica: Which of the runs of ``--seeds N``, from 0.
        digest: Of its command and its resolved configuration.
        seed: The seed of its run.
    """

    updates: Mapping[str, Any] = attrs.field(repr=False)
    values: Mapping[str, Any]
    replica: int
    digest: str
    seed: int


class SweepPlan:
    """The points of a sweep, and the store in which their runs are queued.

    Args:
        ex: The experiment.
        spec: What is to be swept.
        settings: Of the sweep.

    Attributes:
        ex: The experiment.
        spec: What is to be swept.
        settings: Of the sweep.
        command: The name of the command.
        uid: Of the sweep.
        observer: The observer in whose store the runs are queued.
        store: Its store; None of a dry run if it does not exist yet.

    Raises:
        SacredError: an option is wrong, or no observer has a store.
    """

    def __init__(self, ex: Any, spec: SweepSpec, settings: SweepSettings) -> None:
        self.ex, self.spec, self.settings = ex, spec, settings
        command = ex.find_command(settings.command)
        self.command = str(settings.command or command.function.__name__)
        if command.unobserved:
            raise OptionError(f"the command {self.command!r} is not recorded: it cannot be swept")
        self.uid = settings.uid_of(ex.path, self.command, spec)
        self._masked: set[DottedPath] = set()
        self._first = self._create_first()
        self.observer, self.store = find_store(self._first.observers, settings)

    def points(self) -> Iterator[Point]:
        """Yield all points; nothing is queued.

        Raises:
            SacredError: the configuration of a point is wrong.
            Exception: what a scope or a hook raises.
        """
        for updates in expand(self.spec, self.uid):
            for replica in range(self.settings.seeds):
                yield self._point(self._new_run(updates, replica), updates, replica)

    def find_changing(self) -> list[str]:
        """Return the paths of entries that differ each time the configuration is resolved."""
        updates = next(expand(self.spec, self.uid))
        one, other = (self._new_run(updates, 0).config for _ in range(2))
        paths = dict(leaves(one)).keys() | dict(leaves(other)).keys()
        same = {path for path in paths if _data_at(one, path) == _data_at(other, path)}
        return sorted(map(str, paths - same))

    def queue(
        self, updates: Mapping[str, Any], record: Mapping[str, Any], *key: object, replica: int = 0
    ) -> Any:
        """Queue a run, unless the store has it already, and return its id.

        Args:
            updates: What the run sets beside the fixed entries, by dotted path.
            record: What the run records of the sweep beside its name, its point and values.
            key: What distinguishes the run from others of the sweep.
            replica: Which of the runs of ``--seeds N``, from 0: its seed depends on it.
        """
        run = self._new_run(updates, replica)
        point = self._point(run, updates, replica)
        run.uid = run.meta_info["uid"] = run_uid(self.uid, *key)
        run.is_unique, run.observers = True, [self.observer]
        known = {"point": point.digest, "values": dict(point.values)}
        run.meta_info["sweep"] = {**self.settings.record(self.uid), **record, **known}
        lifecycle = Lifecycle(run)
        lifecycle.queue()
        self._masked.update(path for path in lifecycle.masked_paths if path[0] == "config")
        return run._id

    def queue_point(self, point: Point) -> Any:
        """Queue the run of a point, unless the store has it already, and return its id."""
        record = {"replica": point.replica} if self.settings.seeds > 1 else {}
        return self.queue(point.updates, record, point.digest, replica=point.replica)

    def note_stored(self) -> None:
        """Read the uids of all runs in the store, so that it is not searched for each new run."""
        index = self.observer.open_index()
        store: Any = index.store
        if not isinstance(store, NewIdStore):
            return
        for run in cast(RunStore, store).list(RunQuery(fields=(Field("id"), Field("uid")))):
            if run.meta.get("uid") == run.uid:
                index.note(run)
        index.has_all = True

    def warn_of_secrets(self) -> None:
        """Warn of entries that were not stored with the runs that were queued."""
        if self._masked:
            self._first.run_logger.warning(
                "Secrets are not stored: set %s again where the runs are executed",
                ", ".join(sorted(str(DottedPath(path[1:])) for path in self._masked)),
            )

    def _point(self, run: Run, updates: Mapping[str, Any], replica: int) -> Point:
        values = {
            path: plain(DottedPath.parse(path).find(run.config, value))
            for path, value in plain_values(updates).items()
        }
        digest = point_digest(self.command, run.config)
        return Point(
            updates=updates, values=values, replica=replica, digest=digest, seed=run.config["seed"]
        )

    def _create_first(self) -> Run:
        """Return a run of the experiment, from which those of the points are made."""
        if self.settings.sampler:
            from sacred_sweep.first_point import first_point  # it imports what only samplers need

            updates = dict(first_point(self.spec, self.settings, self.uid).values)
        else:
            updates = next(expand(self.spec, self.uid))
        options = {**self.settings.options, "--queue": True}
        request = attrs.evolve(self._request(updates), options=options)
        run = new_run(self.ex, request, lambda: derive_seed(self.uid))
        self._check_seed(run)
        return run

    def _new_run(self, updates: Mapping[str, Any], replica: int) -> Run:
        request = self._request(updates)
        return new_variant(self._first, request, lambda: derive_seed(self.uid, replica))

    def _request(self, updates: Mapping[str, Any]) -> Request:
        chosen = {**self.spec.fixed, **updates}
        words = [f"{path}={value!r}" for path, value in chosen.items()]
        return Request(
            command=self.command,
            updates=chosen,
            named_configs=self.spec.named_configs,
            tokens=[*self.spec.named_configs, *words],
        )

    def _check_seed(self, run: Run) -> None:
        origin = run.config_modifications.origins.get("seed")
        if self.settings.seeds > 1 and (origin is None or origin.layer != "seed"):
            raise OptionError(
                f"--seeds {self.settings.seeds}: the configuration sets the seed to "
                f"{run.config['seed']} (by {origin}), so that all runs would be the same: remove "
                "--seeds, or sweep the seed: seed=1..3"
            )


def _data_at(config: Mapping[str, Any], path: DottedPath) -> Any:
    return canonical_json(path.find(config, None))
