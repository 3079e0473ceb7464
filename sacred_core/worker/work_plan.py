"""What the process of a claimed run has to do, and what it reports to its worker."""

import json
from pathlib import Path
from typing import Any

import attrs

from sacred_core.atomic_files import replace_bytes
from sacred_core.exceptions import SacredError
from sacred_core.rerun.configuration import RecordedConfig, recorded_config
from sacred_core.rerun.layout import Layout, find_layout
from sacred_core.rerun.preparation import prepare_folder
from sacred_core.rerun.records import MissingValuesError
from sacred_core.rerun.script_plan import ScriptPlan, script_fields
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.worker_claims import encode_claim

#: The entry of the metadata with the folders of a run that was queued there and is executed from
#: the store in a temporary folder.
QUEUED_IN = "queued_in"
_FOLDERS = ("base_dir", "working_dir")
#: What the process of the run determines itself.
_OWN_META = ("uid", "beat_interval", "masked", "queue_time")


class NotExecutableError(SacredError):
    """The folder of a run is not on this machine.

    Cause: A worker claimed a run whose script is in a folder that this machine does not have.

    Fix: Start the worker with ``--from-store`` to execute the stored sources, or on a machine with
    this path.
    """


@attrs.define(kw_only=True)
class WorkPlan(ScriptPlan):
    """The work of the process of a claimed run.

    Attributes:
        location: Of the store; it may contain a password.
        run_id: The id of the run.
        uid: That of the record, empty if there is none.
        claim: See `sacred_core.stores.worker_claims.encode_claim`.
        is_resumed: The run was started before.
        is_resolved: The record has the whole configuration; else only updates and seed are known.
        folder: The temporary folder with the stored sources; empty if the script is executed in
            the recorded one.
    """

    location: str
    run_id: int | str
    uid: str
    claim: dict[str, Any]
    is_resumed: bool
    is_resolved: bool
    folder: str = ""


@attrs.frozen(kw_only=True)
class WorkOutcome:
    """What the process of a claimed run reports.

    Attributes:
        is_started: The run has started.
        status: Its status when it ended, or None.
        is_lost: Another worker has taken the run.
        problem: Lines of why it could not be started; None if it could, or if this is not known.
        is_unavailable: The problem is that a store could not be reached.
        is_unmatched: The script requested no run like the recorded one.
    """

    is_started: bool = False
    status: str | None = None
    is_lost: bool = False
    problem: list[str] | None = None
    is_unavailable: bool = False
    is_unmatched: bool = False

    def write(self, path: Path) -> None:
        """Replace the file with the outcome."""
        data = json.dumps(attrs.asdict(self))
        replace_bytes(path, data.encode("utf-8", "surrogatepass"))

    @classmethod
    def read(cls, path: Path) -> "WorkOutcome":
        """Return the outcome so far; an empty one if the process has not written any."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return cls()
        return cls(**json.loads(data.decode("utf-8", "surrogatepass")))


def make_plan(
    store: RunStore, location: str, run: StoredRun, folder: Path | None = None
) -> WorkPlan:
    """Return what the process of a claimed run has to do.

    Args:
        store: Of the run.
        location: Of the store.
        run: The run, with its claim.
        folder: An empty folder for the stored sources; None: the script is executed in the
            recorded folder.

    Raises:
        NotExecutableError: the recorded folder is not on this machine.
        MissingValuesError: the record masks entries that the call had set.
        RerunError: the record lacks what is needed to start the run.
        StoreError: the store cannot be read.
    """
    is_resolved = _is_resolved(run)
    config = recorded_config(run)
    unset = config.unset()
    if unset:
        raise MissingValuesError(missing_text(unset))
    layout, repositories, sources = _find_sources(store, run, folder)
    known = [name for name in sources if folder is not None or layout.path_of(name).exists()]
    meta = {key: value for key, value in run.meta.items() if key not in _OWN_META}
    if folder is not None:
        meta.setdefault(QUEUED_IN, {name: run.experiment.get(name) for name in _FOLDERS})
    uid = run.meta.get("uid")
    if run.claim is None:
        raise ValueError(f"run {str(run.id)!r} is not claimed")
    return WorkPlan(
        **script_fields(run, layout, config if is_resolved else _with_updates(config, run), known),
        meta=meta,
        repositories=repositories,
        location=location,
        run_id=run.id,
        uid=uid if isinstance(uid, str) else "",
        claim=encode_claim(run.claim),
        is_resumed=run.start_time is not None,
        is_resolved=is_resolved,
        folder="" if folder is None else str(folder),
    )


def missing_text(paths: list[str]) -> str:
    """Return the message for masked entries, which a worker cannot set."""
    return (
        "a worker cannot set entries that the record masks; set them in the script, for example "
        f"from an environment variable: {', '.join(paths)}"
    )


def _is_resolved(run: StoredRun) -> bool:
    """Return whether the record has the configuration that the run is to have."""
    sweep = run.meta.get("sweep")
    is_open = isinstance(sweep, dict) and sweep.get("is_resolved") is False
    return not is_open or run.start_time is not None


def _with_updates(config: RecordedConfig, run: StoredRun) -> RecordedConfig:
    """Return a configuration of which only the updates of the call and the seed are known."""
    updates = run.meta.get("config_updates")
    known = {**updates} if isinstance(updates, dict) else {}
    if "seed" in run.config:
        known.setdefault("seed", run.config["seed"])
    return attrs.evolve(config, config=known, origins={}, masked=[])


def _find_sources(
    store: RunStore, run: StoredRun, folder: Path | None
) -> tuple[Layout, list[dict[str, Any]] | None, list[str]]:
    """Return where the sources are, the repositories of restored ones, and the names of sources."""
    if folder is not None:
        prepared = prepare_folder(store, run, folder)
        return prepared.layout, prepared.repositories, prepared.sources
    folders = run.meta.get(QUEUED_IN)
    layout = find_layout(run, folders if isinstance(folders, dict) else None)
    if not layout.main_path.is_file():
        raise NotExecutableError(_missing_here(run, "script", layout.main_path))
    if not layout.working_dir.is_dir():
        raise NotExecutableError(_missing_here(run, "working directory", layout.working_dir))
    return layout, None, [*run.sources]


def _missing_here(run: StoredRun, what: str, path: Path) -> str:
    return (
        f"the {what} of run {str(run.id)!r} does not exist on this machine: {str(path)!r}. Start "
        "the worker with --from-store to execute the stored sources, or on a machine with this path"
    )
