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
#: Each entry is a key, a newline, a value and a null character.
_REMOTES = (
    "config", "--local", "--includes", "--null", "--get-regexp", r"^remote\..*\.url$"
)  # fmt: skip


def find_repositories(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return ``{"url", "commit", "dirty"}`` of each git repository that ``paths`` are in.

    ``dirty`` is None where the program git, which compares the files, is not installed.

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
    from sacred_core.provenance.git_command import GitCommand  # only where there is a repository

    try:
        with (
            GitCommand(root, "diff", *_DIFF) as diff,
            GitCommand(root, "rev-parse", "--verify", "HEAD") as head,
            GitCommand(root, *_REMOTES) as remotes,
        ):
            commit = head.output().decode().strip()
            patch = diff.output(SETTINGS.GIT.PATCH_LIMIT + 1)
            url = _url(remotes.output(none_found=1).decode(errors="replace"))
    except FileNotFoundError:
        return _read_without_git(root)
    except (OSError, ValueError) as error:  # no commit, or a broken repository
        _warn(root, error)
        return None
    described: dict[str, Any] = {"url": mask_text(url) if url else None, "commit": commit}
    described["dirty"] = bool(patch)
    return described | (_store_patch(patch, root) if patch and SETTINGS.GIT.SAVE_PATCH else {})


def _warn(root: Path, error: Exception) -> None:
    reason = mask_text(" ".join(str(error).split())) or type(error).__name__
    _logger.warning("The git repository %s is not recorded: %s", root, reason)


def _read_without_git(root: Path) -> dict[str, Any] | None:
    """Return what GitPython reads without the program git, which is missing in many containers."""
    try:
        with _git_python().Repo(root) as repository:
            commit = repository.head.dereference_recursive(repository, "HEAD")
            remotes = sorted(repository.remotes, key=lambda remote: remote.name != "origin")
            url = mask_text(str(remotes[0].config_reader.get("url"))) if remotes else None
    except Exception as error:  # noqa: BLE001 - it raises what reading files raises
        _warn(root, error)
        return None
    _logger.warning(
        "The program git is not installed: it is not recorded whether %s has uncommitted changes",
        root,
    )
    return {"url": url, "commit": commit, "dirty": None}


def _git_python() -> Any:
    """Import GitPython, which fails without the program git unless it is asked not to."""
    added = "GIT_PYTHON_REFRESH" not in os.environ
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    try:
        import git
    finally:
        if added:
            del os.environ["GIT_PYTHON_REFRESH"]
    return git


def _url(listed: str) -> str | None:
    """Return the address of ``origin``, else of the first remote, from what `_REMOTES` lists."""
    entries = (entry.partition("\n") for entry in listed.split("\0") if entry)
    urls = {key.removeprefix("remote.").removesuffix(".url"): url for key, _, url in entries}
    return urls.get("origin", next(iter(urls.values()), None))


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
