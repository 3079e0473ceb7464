"""Makes the folder of a rerun from a stored run."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import attrs

from sacred_core.patches import encode_patch
from sacred_core.rerun.files import (
    create_folder,
    levels_above_resources,
    restore_resources,
    restore_sources,
)
from sacred_core.rerun.layout import Layout, plan_layout
from sacred_core.rerun.repository import (
    apply_patch,
    check_out,
    find_recorded,
    is_new_file,
    opened_repository,
    read_patch,
    split_patch,
    top_of,
    tracked_names,
)
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore


@attrs.frozen(kw_only=True)
class Preparation:
    """The folder of a rerun.

    Attributes:
        layout: Where its files are.
        sources: The names of the sources.
        repositories: Those of the record, with the uncommitted changes.
        warnings: What is missing in it, or differs.
    """

    layout: Layout
    sources: list[str]
    repositories: list[dict[str, Any]]
    warnings: list[str]


def prepare_folder(
    store: RunStore, run: StoredRun, folder: Path, repository: str | None = None
) -> Preparation:
    """Write the recorded files of a run into an empty folder.

    Args:
        store: Of the run.
        run: The run.
        folder: An absolute path.
        repository: The path or URL of a git repository with the recorded commit, from which all
            other tracked files are taken.

    Raises:
        RerunError: a source is not stored or damaged, or the commit cannot be reached.
    """
    patches = {
        str(each["commit"]): patch
        for each in run.repositories
        if each.get("dirty") and (patch := read_patch(store, run, str(each["commit"])))
    }
    warnings = [
        f"the uncommitted changes of the commit {str(each['commit'])[:12]} are not stored"
        for each in run.repositories
        if each.get("dirty") and str(each["commit"]) not in patches
    ]
    repositories = [
        each | (encode_patch(patches[commit]) if commit in patches else {})
        for each in run.repositories
        if (commit := str(each["commit"]))
    ]
    if repository is None:
        layout = _plan_for_patches(run, folder, patches.values())
    else:
        layout, commit = _check_out(run, folder, repository, patches, warnings)
        patches.pop(commit, None)
    warnings += restore_sources(store, run, layout)
    warnings += restore_resources(store, run, layout)
    for patch in patches.values():
        warnings += _add_new_files(run, layout, patch)
    create_folder(folder, layout.working_dir)
    return Preparation(
        layout=layout, sources=[*run.sources], repositories=repositories, warnings=warnings
    )


def _check_out(
    run: StoredRun, folder: Path, place: str, patches: dict[str, bytes], warnings: list[str]
) -> tuple[Layout, str]:
    """Write the files of the recorded commit, with the patch; return the layout and the commit."""
    with opened_repository(place) as repository:
        commit = str(find_recorded(repository, run, place)["commit"])
        names = tracked_names(repository, commit)
        patch = patches.get(commit)
        added = [] if patch is None else split_patch(patch)
        top = top_of([*names, *added], run.sources, _base_parts(run))
        if top is None:
            warnings.append("no source of the run is in the repository: its files may be elsewhere")
        levels, below = top or (0, PurePosixPath())
        layout = plan_layout(run, folder, max(levels, levels_above_resources(run)))
        target = _top_in(layout, levels, below)
        check_out(repository, commit, target)
    problem = None if patch is None else apply_patch(target, patch)
    if problem is not None:
        warnings.append(f"the uncommitted changes cannot be applied: {problem}")
    return layout, commit


def _plan_for_patches(run: StoredRun, folder: Path, patches: Iterable[bytes]) -> Layout:
    """Return the layout where the new files of patches have a place, too."""
    tops = [_top_of_patch(run, split_patch(patch)) for patch in patches]
    levels = max((top[0] for top in tops if top is not None), default=0)
    return plan_layout(run, folder, max(levels, levels_above_resources(run)))


def _add_new_files(run: StoredRun, layout: Layout, patch: bytes) -> list[str]:
    """Create the files that a patch adds and that are not there, and return which are missing."""
    parts = split_patch(patch)
    top = _top_of_patch(run, parts)
    levels, below = top or (0, PurePosixPath())
    target = _top_in(layout, levels, below)
    warnings = []
    for name, part in parts.items():
        if top is not None and target.joinpath(name).is_file():
            continue
        if top is None or not is_new_file(part):
            warnings.append(f"{name!r}, which had uncommitted changes, is missing: use --repo")
            continue
        problem = apply_patch(target, part)
        if problem is not None:
            warnings.append(f"{name!r} cannot be created from the stored changes: {problem}")
    return warnings


def _top_of_patch(run: StoredRun, parts: dict[str, Any]) -> tuple[int, PurePosixPath] | None:
    return top_of(parts, run.sources, _base_parts(run))


def _base_parts(run: StoredRun) -> tuple[str, ...]:
    base_dir = run.experiment.get("base_dir")
    return PurePosixPath(base_dir).parts[1:] if isinstance(base_dir, str) else ()


def _top_in(layout: Layout, levels: int, below: PurePosixPath) -> Path:
    parts = layout.base.parts
    return layout.inside(PurePosixPath(*parts[: len(parts) - levels]) / below)
