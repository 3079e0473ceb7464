"""Runs without the secrets that other programs recorded, for what people see."""

import copy
from collections.abc import Iterable

from sacred_core.masking import mask_value
from sacred_core.stores import StoredRun
from sacred_core.stores.stored_in import with_store

_TREES = ("config", "info", "result", "host", "meta")


def mask_run(run: StoredRun) -> StoredRun:
    """Return a run in which secrets are ``***``, as they are in the records of sacred-core.

    Sacred records the values of secrets. A run that has none, and any run of sacred-core, is
    returned itself; the uid of the run, which depends on the configuration, stays the same.

    Args:
        run: The run, which is not changed.
    """
    if "uid" in run.meta:
        return run
    masked = {name: mask_value(getattr(run, name)) for name in _TREES}
    changed = {name: value for name, (value, paths) in masked.items() if paths}
    if not changed:
        return run
    new = with_store(copy.copy(run), run.store)
    for name, value in changed.items():
        setattr(new, name, value)
    new.meta = {**new.meta, "uid": run.uid}
    return new


def mask_runs(runs: Iterable[StoredRun]) -> list[StoredRun]:
    """Return runs as `mask_run` returns each."""
    return [mask_run(run) for run in runs]
