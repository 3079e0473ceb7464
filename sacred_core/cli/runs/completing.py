"""What completes arguments of ``sacred runs`` in the shell: ids, files and statuses.

Only runs of folders and archives on this machine are read: a server could let the shell wait.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import click

from sacred_core.exceptions import SacredError
from sacred_core.stores import RunQuery, RunStore, StoredRun, open_store
from sacred_core.stores.explaining import STATUSES
from sacred_core.stores.query import Field
from sacred_core.stores.run_ids import normalize_id

#: The newest runs whose ids are offered.
_MOST_IDS = 100


def complete_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return ids of the newest runs of the folder or archive LOCATION, the newest first."""
    del parameter

    return complete_ids_at(_location(context), incomplete)


def complete_ids_at(location: str, incomplete: str) -> list[str]:
    """Return ids of the newest runs of a folder or archive, the newest first."""

    def ids(store: RunStore) -> Iterable[str]:
        query = RunQuery(limit=_MOST_IDS, fields=[Field("id")])
        return (str(run.id) for run in reversed([*store.list(query)]))

    return _read(location, incomplete, ids)


def complete_files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Return the names of artifacts, resources and sources of the run RUN_ID."""
    del parameter

    def names(store: RunStore) -> Iterable[str]:
        run: StoredRun = store.get(normalize_id(context.params["run_id"]))
        return [*run.artifacts, *run.resources, *run.sources]

    return _read(_location(context), incomplete, names)


def complete_status(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[str]:
    """Return the usual statuses that begin like this."""
    del context, parameter
    return [status for status in sorted(STATUSES) if status.startswith(incomplete.upper())]


def _location(context: click.Context) -> str:
    return str(context.params.get("location") or "")


def _read(location: str, incomplete: str, find: Callable[[RunStore], Iterable[str]]) -> list[str]:
    path = location.partition(" ")[2] if location.startswith("-") else location  # -F my_runs
    if "://" in path or not path or not Path(path).expanduser().exists():
        return []
    try:
        return [each for each in find(open_store(location)) if each.startswith(incomplete)]
    except (SacredError, OSError):
        return []
