"""What a worker is to do."""

import attrs

from sacred_core.shared_methods import ValueMethods
from sacred_core.stores.run_queue import LEASE


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WorkerOptions(ValueMethods):
    """The options of ``sacred worker``; all values are plain data that can be pickled.

    Attributes:
        location: Of the store, see `sacred_core.open_store`; it may contain a password.
        where: The condition for the runs that it executes; empty for all.
        max_runs: After how many runs it ends; None: no limit.
        until_empty: It ends when no run is queued or executed by a worker.
        idle: Seconds without a run after which it ends; None: no limit.
        tries: How often a run is started whose process is lost, before it is FAILED.
        lease: Seconds after which other workers take the runs of one that shows nothing.
        from_store: Execute the stored sources instead of those in the recorded folder.
        retry_failed: Execute failed runs again, too, up to ``tries`` times.
        deadline: Seconds that a run has to end when the worker is asked to end.
        name: Of the worker; empty: host and process id.
    """

    location: str = attrs.field(repr=False)
    where: str = ""
    max_runs: int | None = None
    until_empty: bool = False
    idle: float | None = None
    tries: int = 3
    lease: float = LEASE
    from_store: bool = False
    retry_failed: bool = False
    deadline: float = 20.0
    name: str = ""

    def arguments(self) -> list[str]:
        """Return the words of the command line after ``sacred worker``, without the location.

        The location is passed in the environment variable `LOCATION_VARIABLE`: a command line is
        visible to other users.
        """
        words = ["--tries", str(self.tries), "--lease", str(self.lease)]
        words += ["--deadline", str(self.deadline)]
        for flag, value in (
            ("--where", self.where),
            ("--max", self.max_runs),
            ("--idle", self.idle),
            ("--name", self.name),
        ):
            words += [flag, str(value)] if value not in (None, "") else []
        for flag, is_given in (
            ("--until-empty", self.until_empty),
            ("--from-store", self.from_store),
        ):
            words += [flag] if is_given else []
        return [*words, *(["--retry", "failed"] if self.retry_failed else [])]


#: The environment variable with the location of the store, where no LOCATION is given.
LOCATION_VARIABLE = "SACRED_WORKER_LOCATION"
