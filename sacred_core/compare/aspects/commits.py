"""The commits of repositories, and uncommitted changes by file."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.patch_files import PatchFile, blob_id, comparable_line, patch_files
from sacred_core.compare.records import Difference
from sacred_core.compare.text_diff import unified_diff

CHANGES = "uncommitted changes of "
COMMIT = "commit of "
#: The name of a repository without an address.
_UNNAMED = "the repository"


def collect_commit(side: ComparedRun) -> dict[str, Any]:
    """Return the commit of each repository, and a digest of each uncommitted change by its file.

    Changes of recorded sources are omitted: the texts of sources are compared.
    """
    facts: dict[str, Any] = {}
    for name, repository in _repositories(side):
        facts[f"{COMMIT}{name}"] = repository.get("commit")
        if repository.get("dirty") and not _changes(side, repository):
            facts[f"{CHANGES}{name}"] = "not recorded"
    return facts | {key: change.digest for key, change in _all_changes(side)}


def render_commit(difference: Difference, first: ComparedRun, second: ComparedRun) -> Difference:
    """Return the hunks that differ, or all of them where one run has none."""
    if not difference.key.startswith(CHANGES):
        return difference
    old, new = (dict(_all_changes(side)).get(difference.key) for side in (first, second))
    if old and new:
        hunks = [*unified_diff(old.changes, new.changes, comparable_line)]
        remark, lines = "", hunks or [*new.changes]  # of a binary file the content is not shown
    elif one := old or new:
        remark, lines = f", only in the {'first' if old else 'second'} run", [*one.changes]
    else:
        return difference
    return difference.shown([f"{difference.key}{remark}:", *lines], {"diff": "\n".join(lines)})


def _repositories(side: ComparedRun) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each repository with a name: its address, or a number where this is not unique."""
    names: set[str] = set()
    for repository in side.run.repositories:
        address = str(repository.get("url") or _UNNAMED)
        name = address if address not in names else f"{address} ({len(names) + 1})"
        names.add(name)
        yield name, repository


def _changes(side: ComparedRun, repository: dict[str, Any]) -> list[PatchFile]:
    patch = side.patch(str(repository.get("commit"))) if repository.get("dirty") else None
    return patch_files(patch or "")


def _all_changes(side: ComparedRun) -> Iterator[tuple[str, PatchFile]]:
    for number, (name, repository) in enumerate(_repositories(side)):
        place = "" if number == 0 else f" in {name}"
        for change in _changes(side, repository):
            if not _is_source(side, change):
                yield f"{CHANGES}{change.path}{place}", change


def _is_source(side: ComparedRun, change: PatchFile) -> bool:
    """Return whether the changed content is that of a recorded source."""
    name = PurePosixPath(change.path).name
    return any(
        blob_id(side.read_file("source", source) or b"") == change.blob
        for source in side.run.sources
        if PurePosixPath(source.replace("\\", "/")).name == name
    )
