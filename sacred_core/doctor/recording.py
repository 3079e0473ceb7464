"""Checks of what a run that starts in the working directory would record."""

from collections.abc import Iterator
from pathlib import Path

from sacred_core.delivery.used_folders import used_folders
from sacred_core.doctor.findings import Finding, logged_warnings, passed, warning
from sacred_core.plurals import counted
from sacred_core.provenance.host import get_host_info
from sacred_core.provenance.repositories import find_repositories
from sacred_core.run.spools import spool_entries
from sacred_core.spool.entries import describe_entry, read_entries

_PROVENANCE = "sacred_core.provenance"
#: Words of the warnings about a repository, and what to do.
_FIXES = {
    "program git is not installed": "install git",
    "dubious ownership": "git config --global --add safe.directory {folder}",
    "Needed a single revision": "commit the files: git add . && git commit",
    "SETTINGS.GIT.PATCH_LIMIT": "commit the changes, or raise SETTINGS.GIT.PATCH_LIMIT",
}


def check_git() -> Iterator[Finding]:
    """Find what is recorded of the repository of the working directory."""
    folder = Path.cwd()
    with logged_warnings(_PROVENANCE) as warnings:
        found = find_repositories([folder / "script.py"])
    for message in warnings:
        known = (fix for words, fix in _FIXES.items() if words in message)
        yield warning(message, next(known, "git status shows the reason").format(folder=folder))
    for repository in found:
        changes = {True: ", with uncommitted changes", False: ", without changes", None: ""}
        commit = repository["commit"][:12]
        yield passed(f"commit {commit}{changes[repository['dirty']]}")
    if not found and not warnings:
        yield warning(
            f"{folder} is not in a git repository: no commit is recorded with runs",
            "git init && git add . && git commit",
        )


def check_host() -> Iterator[Finding]:
    """Find what is recorded of the machine."""
    with logged_warnings(_PROVENANCE) as warnings:
        found = get_host_info()
    for message in warnings:
        yield warning(message, "correct what the message names; other entries are recorded")
    yield passed(f"recorded of the machine: {', '.join(found)}")


def check_undelivered() -> Iterator[Finding]:
    """Find what earlier runs could not store."""
    entries = [describe_entry(entry) for entry in read_entries(used_folders())]
    waiting = [entry for entry in entries if not entry.is_active]
    if waiting:
        yield warning(
            f"{counted(len(waiting), 'entry')} of spools are not delivered to their stores",
            "sacred spool list shows them; sacred spool flush delivers them",
        )
    left = [entry for entry in spool_entries() if entry.has_spool and not entry.is_live]
    if left:
        yield warning(
            f"the last output of {counted(len(left), 'run')} that crashed is not in a store",
            "sacred runs recover",
        )
    if not waiting and not left:
        yield passed("everything that runs recorded is in their stores")
