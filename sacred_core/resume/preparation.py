"""Makes a run that has not started resume a stored run, or be its fork."""

import operator
from collections.abc import Callable
from typing import Any, SupportsIndex

from sacred_core.config.tree import ResolvedConfig
from sacred_core.exceptions import OptionError, ResumeError
from sacred_core.resume.candidates import find_candidate, note_job
from sacred_core.resume.differences import config_differences, differences_text, uses_new_seed
from sacred_core.resume.leftovers import deliver_spooled_runs, store_leftovers
from sacred_core.resume.stored_runs import (
    check_status,
    direct_observers,
    find_run,
    first_store,
    run_name,
    wait_for_end,
)
from sacred_core.run.resumption import Resumed, Resumption, last_steps
from sacred_core.run.run import Run
from sacred_core.settings import SETTINGS
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore

#: The argument that means the run of this job, or else the newest one.
AUTO = "auto"


def resume_argument(argument: object) -> str:
    """Return the argument of ``--resume`` as a string.

    Raises:
        OptionError: it is neither a string nor an integer, or empty.
    """
    if isinstance(argument, SupportsIndex) and not isinstance(argument, bool):
        return str(operator.index(argument))
    if not isinstance(argument, str) or not argument:
        raise OptionError(f"--resume must be the id of a run or 'auto', got {argument!r}")
    return argument


def prepare_resume(
    run: Run, resolved: ResolvedConfig, resolve_with: Callable[[int], ResolvedConfig]
) -> ResolvedConfig:
    """Let a run resume the one of its option ``--resume``, or start from it.

    What the last process of the stored run left on this machine is stored first.

    Args:
        run: It has its observers and has not started.
        resolved: Its configuration.
        resolve_with: Returns the configuration with another seed, where none is set.

    Returns:
        The configuration with the seed of the stored run.

    Raises:
        OptionError: other options contradict it.
        ResumeError: the run cannot be resumed.
        StoreError: the store cannot be read.
    """
    _check_options(run)
    observers = direct_observers(run.observers)
    store = first_store(observers)
    folder = run.spool or SETTINGS.SPOOL
    if folder or observers != run.observers:
        deliver_spooled_runs(run, observers, folder)
    if run.resume == AUTO:
        found = find_candidate(store, run, resolved, resolve_with)
        if found is None:
            run.run_logger.info("There is no run to resume: a new run starts")
            note_job(run)
            return resolved
        stored, chosen = found
    else:
        stored = find_run(store, str(run.resume))
        _check_experiment(run, stored)
        chosen = _with_stored_seed(stored, resolved, resolve_with)
        if run.fork:
            _fork(run, store, stored)
            return chosen
        _check_configuration(stored, chosen)
        stored = wait_for_end(store, stored, run.run_logger, run.claim)
    _resume(run, store, stored, observers)
    return chosen


def resume_claimed(run: Run, run_id: int | str) -> None:
    """Make a run the next segment of one that its worker has claimed, and that was started before.

    Configurations are not compared: the worker sets the recorded one.

    Args:
        run: It has its claim and its observers, and has not started. The store of the first
            observer that has one contains the run.
        run_id: The id of the stored run.

    Raises:
        ResumeError: the run cannot be resumed, for example because the worker has lost its claim.
        StoreError: the store cannot be read.
    """
    observers = direct_observers(run.observers)
    store = first_store(observers)
    stored = find_run(store, str(run_id))
    check_status(stored, claim=run.claim)
    run.resume = str(run_id)
    _resume(run, store, stored, observers)


def _check_options(run: Run) -> None:
    for flag, is_given in (
        ("--id", run._id is not None),
        ("--queue", run.queue_only),
        ("--unobserved", run.unobserved),
    ):
        if is_given:
            raise OptionError(f"--resume cannot be used with {flag}")
    if run.fork and run.resume == AUTO:
        raise OptionError("--fork requires the id of a run: --resume ID instead of --resume auto")


def _check_experiment(run: Run, stored: StoredRun) -> None:
    name = str(run.experiment_info.get("name", ""))
    if stored.name != name:
        raise ResumeError(
            f"{run_name(stored)} is a run of the experiment {stored.name!r}, not of {name!r}"
        )
    if stored.command != run.command:
        raise ResumeError(
            f"{run_name(stored)} is a run of the command {stored.command!r}, not of {run.command!r}"
        )
    check_status(stored, run.fork, run.claim)


def _with_stored_seed(
    stored: StoredRun, resolved: ResolvedConfig, resolve_with: Callable[[int], ResolvedConfig]
) -> ResolvedConfig:
    is_drawn = uses_new_seed(resolved) and isinstance(stored.seed, int)
    return resolve_with(stored.seed) if is_drawn else resolved


def _check_configuration(stored: StoredRun, chosen: ResolvedConfig) -> None:
    differences = config_differences(stored.config, chosen.config)
    if differences:
        raise ResumeError(
            f"{run_name(stored)} was recorded with another configuration: "
            f"{differences_text(differences)}. To resume it, repeat its updates; to start a new "
            "run from it with these values, add --fork"
        )


def _fork(run: Run, store: RunStore, stored: StoredRun) -> None:
    run.meta_info["parent"] = stored.uid
    run.resumption = Resumption(store, stored, None)


def _resume(run: Run, store: RunStore, stored: StoredRun, observers: list[Any]) -> None:
    """Make ``run`` the next segment of a stored run."""
    if run.spool or SETTINGS.SPOOL or observers != run.observers:
        run.run_logger.warning("A resumed run is recorded directly: the spool is not used")
    store_leftovers(run, stored, observers)
    status, stored = stored.status, store.get(stored.id)
    steps = last_steps(store, stored.id)
    run.observers = observers
    run._id, run.uid, run.segment = stored.id, stored.uid, len(stored.segments)
    run.meta_info["uid"] = stored.uid
    run.metrics.continue_after(steps)
    run.info = {**stored.info, **run.info}
    resumed = Resumed(
        segment=run.segment,
        last_steps=steps,
        result=stored.result,
        status="DEAD" if status == "RUNNING" else status,
        artifacts=list(stored.artifacts),
    )
    run.resumption = Resumption(store, stored, resumed)
