"""The run that ``--resume auto`` resumes."""

import os
from collections.abc import Callable

from sacred_core.config.entries import plain_copy
from sacred_core.config.tree import ResolvedConfig
from sacred_core.context import live_runs
from sacred_core.exceptions import ResumeError
from sacred_core.resume.differences import config_differences, differences_text, uses_new_seed
from sacred_core.resume.stored_runs import check_status, run_name, wait_for_end
from sacred_core.run.run import Run
from sacred_core.serialization import plain, to_json
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Condition, Field, Query, all_of
from sacred_core.stores.run_store import RunQuery, RunStore

#: Candidates whose configuration is computed with their seed, since it may depend on it.
_MOST_RESOLVED = 10
_SEED = "seed"
#: The entry of the metadata of a run with the key of its job.
_JOB = "job"


def find_candidate(
    store: RunStore,
    run: Run,
    resolved: ResolvedConfig,
    resolve_with: Callable[[int], ResolvedConfig],
) -> tuple[StoredRun, ResolvedConfig] | None:
    """Return the run that a run resumes, and the configuration with its seed.

    It is a run of the same experiment, command and configuration that can be resumed: one of the
    same job if there is one, else the newest one. Runs that are running are not resumed.

    Args:
        store: Of the stored runs.
        run: It has not started.
        resolved: Its configuration.
        resolve_with: See `sacred_core.resume.preparation.prepare_resume`.

    Returns:
        None if there is no such run.

    Raises:
        StoreError: the store cannot be read.
    """
    job = _job_key()
    left = _MOST_RESOLVED if uses_new_seed(resolved) else 0
    for stored in _sorted_candidates(store, run, job):
        chosen = resolved
        differing = config_differences(stored.config, chosen.config)
        if uses_new_seed(resolved) and isinstance(stored.seed, int) and left:
            is_likely = all(each.path == _SEED for each in differing) or _is_same_call(stored, run)
            if is_likely:
                left -= 1
                chosen = resolve_with(stored.seed)
                differing = config_differences(stored.config, chosen.config)
        if differing:
            if _is_of_job(stored, job):
                run.run_logger.warning(
                    "%s of this job is not resumed, as its configuration differs: %s",
                    run_name(stored), differences_text(differing),
                )  # fmt: skip
            continue
        try:
            return wait_for_end(store, stored, run.run_logger), chosen
        except ResumeError as error:
            run.run_logger.info("%s", error)
    return None


def note_job(run: Run) -> None:
    """Record the job of a run that starts, so that it is found when the job is restarted."""
    job = _job_key()
    if job is not None:
        run.meta_info.setdefault(_JOB, job)


def _job_key() -> str | None:
    """Return what is the same for all starts of the job of this process; None without a job."""
    from sacred_core.ranks.detection import detect_rank
    from sacred_core.ranks.groups import batch_job_key

    rank = detect_rank(os.environ)
    return batch_job_key(os.environ) if rank is None else rank.job


def _sorted_candidates(store: RunStore, run: Run, job: str | None) -> list[StoredRun]:
    """Return the runs that may be resumed, those of the same job first, then the newest."""
    conditions: list[Query] = [
        Condition(Field("name"), "=", (str(run.experiment_info.get("name", "")),)),
        Condition(Field("command"), "=", (run.command,)),
        Condition(Field("status"), "!=", ("COMPLETED",)),
    ]
    own = {live.uid for live in live_runs()}
    found = [
        stored
        for stored in store.list(RunQuery(where=all_of(conditions)))
        if stored.uid not in own and _is_candidate(stored)
    ]
    newest_first = reversed(found)
    return sorted(newest_first, key=lambda stored: not _is_of_job(stored, job))


def _is_candidate(stored: StoredRun) -> bool:
    try:
        check_status(stored)
    except ResumeError:
        return False
    return True


def _is_same_call(stored: StoredRun, run: Run) -> bool:
    """Return whether a run was started with the same updates and named configurations."""
    names = ("config_updates", "named_configs")
    return all(
        to_json(stored.meta.get(name)) == to_json(plain(plain_copy(run.meta_info.get(name))))
        for name in names
    )


def _is_of_job(stored: StoredRun, job: str | None) -> bool:
    """Return whether a run was started by a job, perhaps before it was restarted."""
    return job is not None and stored.meta.get(_JOB) == job
