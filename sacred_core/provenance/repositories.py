"""Which commits the sources of an experiment are at."""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sacred_core.masking import masked_text

_logger = logging.getLogger(__name__)


def discovered(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return ``{"url", "commit", "dirty"}`` of each git repository that ``paths`` are in.

    A repository that git cannot tell about is left out with a warning.
    """
    folders = {path.parent for path in paths}
    roots = {root for root in map(_root, folders) if root is not None}
    return [found for root in sorted(roots) if (found := _described(root)) is not None]


def _root(folder: Path) -> Path | None:
    """Return the top of the repository, found without asking git."""
    return next((f for f in (folder, *folder.parents) if (f / ".git").exists()), None)


def _described(root: Path) -> dict[str, Any] | None:
    try:
        import git

        with git.Repo(root) as repository:
            commit = repository.head.commit.hexsha
            urls = [url for remote in repository.remotes for url in remote.urls]
            dirty = repository.is_dirty()
    except Exception as error:  # noqa: BLE001 - git is missing, broken, bare, or has no commit
        reason = masked_text(" ".join(str(error).split())) or type(error).__name__
        _logger.warning("The git repository %s is not recorded: %s", root, reason)
        return None
    return {"url": masked_text(urls[0]) if urls else None, "commit": commit, "dirty": dirty}
