"""Runs a recorded run again, in a process of its own, and returns the verdict."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from sacred_core.compare import ComparedRun, RunDiff
from sacred_core.compare.compared_run import SEPARATOR, Comparable
from sacred_core.exceptions import OptionError, RerunError
from sacred_core.masking import MASK
from sacred_core.rerun.child import new_observer
from sacred_core.rerun.conclusion import conclude
from sacred_core.rerun.configuration import RecordedConfig, missing_text, recorded_config
from sacred_core.rerun.environment import Environment, make_environment
from sacred_core.rerun.expectation import Expectation, read_expectation
from sacred_core.rerun.further_files import copy_files, require_files
from sacred_core.rerun.plan import Plan
from sacred_core.rerun.preparation import Preparation, prepare_folder
from sacred_core.rerun.present import difference_data, present_differences
from sacred_core.rerun.process import run_process
from sacred_core.rerun.records import (
    Departure,
    MissingValuesError,
    Rerun,
)
from sacred_core.rerun.rerun_taking import rerun_meta
from sacred_core.rerun.sacred_modules import imports_sacred
from sacred_core.rerun.script_plan import script_fields
from sacred_core.stores import ContinuingStore, StoredRun
from sacred_core.stores.opening import split_flag
from sacred_core.stores.segments import changed_code, with_first_code


@attrs.frozen(kw_only=True)
class RerunOptions:
    """How a run is rerun; see `rerun`."""

    observers: Sequence[str] | None = None
    folder: str | os.PathLike[str] | None = None
    repository: str | None = None
    files: Sequence[str | os.PathLike[str]] = ()
    sets: Mapping[str, Any] = attrs.field(factory=dict)
    rtol: float = 0.0
    atol: float = 0.0
    stops: bool = False
    environment: str | None = None


def rerun(
    run: Comparable,
    *,
    observers: Sequence[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    repo: str | None = None,
    files: Sequence[str | os.PathLike[str]] = (),
    set: Mapping[str, Any] | None = None,  # noqa: A002 - as the option is named
    rtol: float = 0.0,
    atol: float = 0.0,
    stop_at_first: bool = False,
    env: str | None = None,
) -> Rerun:
    """Run a recorded run again, and compare it with the record.

    This executes the stored code.

    Args:
        run: A run that was read from a store, ``"LOCATION#ID"``, or ``(store, id)``.
        observers: Where the rerun is recorded: flags of observers with their arguments, such as
            ``"-F my_runs"``, or locations. None: in the store of the run; ``[]``: nowhere.
        folder: A new or empty folder, by default ``rerun-NAME-ID`` in the working directory.
        repo: The path or URL of a git repository with the recorded commit.
        files: Files and folders that are copied to the same relative paths, as the record does not
            have them; those of the record are not replaced.
        set: Entries of the configuration by dotted path, or nested. Masked ones must be set.
        rtol, atol: Numbers that differ by less are accepted: relative, and absolute.
        stop_at_first: Interrupt the rerun at the first point that differs.
        env: ``"uv"``: in a new environment with the recorded packages.

    Returns:
        The verdict, which is true if the rerun gave the same.

    Raises:
        RerunError: the run cannot be started again.
        StoreError: the store has no such run.
    """
    options = RerunOptions(
        observers=observers, folder=folder, repository=repo, files=files, sets=set or {}, rtol=rtol,
        atol=atol, stops=stop_at_first, environment=env,
    )  # fmt: skip
    return run_again(ComparedRun.of(run), location_of(run), options)


def location_of(run: Comparable) -> str | None:
    """Return the location that a value names, with its password; None if it names none."""
    if isinstance(run, str):
        return run.rpartition(SEPARATOR)[0]
    return run[0] if isinstance(run, tuple) and isinstance(run[0], str) else None


def run_again(
    recorded: ComparedRun,
    location: str | None,
    options: RerunOptions,
    show: Callable[[RunDiff, list[str], Path], None] = lambda found, warnings, folder: None,
    show_departure: Callable[[Departure], None] = lambda departure: None,
    output: int | None = None,
) -> Rerun:
    """Run a recorded run again, as `rerun` does.

    Args:
        recorded: The run.
        location: Of its store, with secrets; None if only the store is known.
        options: How.
        show: Called before it runs with what differs now, warnings, and the folder.
        show_departure: Called while it runs, when a point differs for the first time.
        output: The descriptor for the output of its process; None: that of this process.
    """
    recorded, resumed = _with_first_code(recorded)
    run = recorded.run
    check_ended(run)
    config = recorded_config(run, options.sets)
    if unset := config.unset():
        raise MissingValuesError(missing_text(unset))
    observers = observer_places(recorded, location, options.observers)
    expected = read_expectation(recorded.store, run)
    files = require_files(options.files)
    with tempfile.TemporaryDirectory(prefix="sacred-rerun-") as private:
        with new_folder(options.folder, run) as folder:
            prepared = prepare_folder(recorded.store, run, folder, options.repository)
            copied = copy_files(files, prepared.layout.working_dir)
            environment = _environment(run, options, Path(private))
        found = present_differences(
            recorded, environment.version, has_packages=options.environment is not None
        )
        warnings = [*resumed, *prepared.warnings, *copied, *environment.warnings]
        if imports_sacred(run):
            warnings.append(
                "the script imports Sacred: sacred-core takes its place, with other random numbers "
                "for the same seed (_seed, _rnd)"
            )
        show(found, warnings, folder)
        plan = make_plan(recorded, config, expected, prepared, observers, options)
        plan.outcome = str(Path(private, "outcome.json"))
        outcome, code = run_process(plan, Path(private), environment.python, show_departure, output)
    return conclude(
        expected,
        outcome,
        code,
        run_id=run.id,
        location=recorded.location,
        folder=str(folder),
        differences=difference_data(found),
        changed=config.changed,
        warnings=warnings,
        rtol=options.rtol,
        atol=options.atol,
    )


def check_ended(run: StoredRun) -> None:
    """Check that a run was started and has ended.

    Raises:
        RerunError: it was not.
    """
    run_id = str(run.id)
    if run.recorded_status == "QUEUED":
        raise RerunError(
            f"run {run_id!r} is queued and was never started: start it with --id={run_id} on the "
            "command line of its script"
        )
    if run.damage is not None:
        raise RerunError(f"run {run_id!r} is damaged: {run.damage}")
    if run.is_running():
        raise RerunError(f"run {run_id!r} is still running: wait for its end")


def observer_places(
    recorded: ComparedRun, location: str | None, chosen: Sequence[str] | None
) -> list[str]:
    """Return the flags or locations of where a rerun is recorded.

    Raises:
        RerunError: the store of the run has no location that another process could open.
        StoreError: nothing can be recorded at a location.
    """
    if chosen is not None:
        for each in chosen:
            split_flag(each)  # raises where its plugin is not installed
        return [*chosen]
    if location is None:
        store = recorded.store
        observer = store.new_observer() if isinstance(store, ContinuingStore) else None
        location = getattr(observer, "store_location", None)
        if location is None or MASK in location:
            raise RerunError(
                f"the store {recorded.location!r} has no location that another process can open: "
                'pass observers=["-F my_runs"], or [] to record nothing'
            )
    spec, _ = split_flag(location)
    if spec is None:
        new_observer(location)  # raises where nothing can be recorded
    return [location]


@contextlib.contextmanager
def new_folder(folder: str | os.PathLike[str] | None, run: StoredRun) -> Iterator[Path]:
    """Create the folder of a rerun; remove it if the block fails.

    Raises:
        OptionError: it exists and is not empty.
    """
    path = Path(folder).expanduser().absolute() if folder is not None else free_folder(run)
    try:
        path.mkdir(parents=True, exist_ok=True)
        is_empty = next(path.iterdir(), None) is None
    except OSError as error:
        raise OptionError(f"cannot create the folder {str(path)!r}: {error.strerror}") from None
    if not is_empty:
        raise OptionError(f"the folder {str(path)!r} is not empty: name a new one with --folder")
    try:
        yield path.resolve()
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise


def free_folder(run: StoredRun) -> Path:
    """Return a path in the working directory where no file is."""
    words = f"{run.name}-{run.id}"
    name = "rerun-" + "".join(c if c.isalnum() or c in "-_." else "-" for c in words)[:100]
    numbered = (f"{name}-{number}" for number in range(2, 10_000))
    return next(
        path for each in (name, *numbered) if not os.path.lexists(path := Path.cwd() / each)
    )


def make_plan(
    recorded: ComparedRun,
    config: RecordedConfig,
    expected: Expectation,
    prepared: Preparation,
    observers: list[str],
    options: RerunOptions,
) -> Plan:
    """Return what the process of a rerun has to do."""
    run, layout = recorded.run, prepared.layout
    rerun_of = {"uid": run.uid, "id": run.id, "location": recorded.location}
    return Plan(
        **script_fields(run, layout, config, prepared.sources),
        expected=expected,
        meta=rerun_meta(run.meta, dict(config.sets), rerun_of),
        repositories=prepared.repositories,
        observers=observers,
        rtol=options.rtol,
        atol=options.atol,
        stops=options.stops,
    )


def _with_first_code(recorded: ComparedRun) -> tuple[ComparedRun, list[str]]:
    """Return a run with the code of its first segment, and a warning for each other code."""
    run = recorded.run
    if not run.recorded_segments:
        return recorded, []
    warnings = [
        f"segment {number} of the run had other code: the rerun uses that of segment 1"
        for number in changed_code(run)
    ]
    return ComparedRun(recorded.store, with_first_code(run), recorded.location), warnings


def _environment(run: StoredRun, options: RerunOptions, private: Path) -> Environment:
    if options.environment is None:
        return Environment(python=sys.executable, version=None, warnings=[])
    if options.environment != "uv":
        raise OptionError(f"env must be 'uv', got {options.environment!r}")
    return make_environment(run, private / "environment")
