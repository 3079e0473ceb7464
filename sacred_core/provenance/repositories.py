"""Which commits the sources of an experiment are at, and what was changed since."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sacred_core.loggers import own_logger
from sacred_core.masking import mask_text
from sacred_core.patches import encode_patch
from sacred_core.plurals import counted
from sacred_core.settings import SETTINGS

_logger = own_logger(__name__)
#: One process finds whether there is a change, and what it is, whatever the user has configured.
_DIFF = (
    "HEAD", "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv",
    "--no-renames", "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short",
    "--ignore-submodules=dirty",
)  # fmt: skip


def find_repositories(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return ``{"url", "commit", "dirty"}`` of each git repository that ``paths`` are in.

    One with uncommitted changes to tracked files has a ``patch`` too, which ``git apply`` takes
    (``patch_base64`` where it is not UTF-8), up to ``SETTINGS.GIT.PATCH_LIMIT`` bytes. A
    repository that git cannot read is skipped with a warning.
    """
    folders = {path.parent for path in paths}
    roots = {root for root in map(_root, folders) if root is not None}
    return [found for root in sorted(roots) if (found := _describe(root)) is not None]


def _root(folder: Path) -> Path | None:
    """Return the top of the repository, found without asking git."""
    return next((f for f in (folder, *folder.parents) if os.path.exists(f / ".git")), None)  # noqa: PTH110 - never raises


def _describe(root: Path) -> dict[str, Any] | None:
    try:
        import git

        with git.Repo(root) as repository:
            commit = repository.head.commit.hexsha
            patch = _patch(repository)
            url = _url(repository)
    except Exception as error:  # noqa: BLE001 - git is missing, broken, bare, or has no commit
        reason = mask_text(" ".join(str(error).split())) or type(error).__name__
        _logger.warning("The git repository %s is not recorded: %s", root, reason)
        return None
    described = {"url": mask_text(url) if url else None, "commit": commit, "dirty": bool(patch)}
    return described | (_store_patch(patch, root) if patch and SETTINGS.GIT.SAVE_PATCH else {})


def _url(repository: Any) -> str | None:
    """Return the address of ``origin``, else of the first remote; read without asking git."""
    remotes = sorted(repository.remotes, key=lambda remote: remote.name != "origin")
    return str(remotes[0].config_reader.get("url")) if remotes else None


def _patch(repository: Any) -> bytes:
    """Return the uncommitted change, up to one byte more than may be stored."""
    process = repository.git.diff(*_DIFF, as_process=True)
    try:
        read: bytes = process.proc.stdout.read(SETTINGS.GIT.PATCH_LIMIT + 1)
        if len(read) > SETTINGS.GIT.PATCH_LIMIT:
            process.proc.kill()
            process.proc.communicate()
            return read
    finally:
        process.proc.stdout.close()
    process.wait()  # raises the error of git
    return read


def _store_patch(patch: bytes, root: Path) -> dict[str, str]:
    if len(patch) > SETTINGS.GIT.PATCH_LIMIT:
        _logger.warning(
            "The uncommitted changes in %s are not stored: they are larger than %s "
            "(SETTINGS.GIT.PATCH_LIMIT)",
            root,
            counted(SETTINGS.GIT.PATCH_LIMIT, "byte"),
        )
        return {}
    return encode_patch(patch)
