"""What is recorded about the code of an experiment."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from sacred_core.provenance import dependencies, repositories, sources


class Coded(Protocol):
    """An ingredient, as far as its code is concerned."""

    path: str
    base_dir: Any
    save_git_info: bool
    main_file: str | None
    added_sources: list[Path]
    added_dependencies: dict[str, str]


def experiment_info(root: Coded, ingredients: Iterable[Coded]) -> dict[str, Any]:
    """Return name, folder, sources, dependencies and repositories of ``root``.

    Args:
        root: The experiment.
        ingredients: All that it uses, itself included.

    Returns:
        ``sources`` are pairs of file name and md5, ``dependencies`` texts like ``numpy==2.0``,
        ``repositories`` dictionaries with ``url``, ``commit`` and ``dirty``.
    """
    parts = list(ingredients)
    base = base_dir_of(root)
    folders = {base, *map(base_dir_of, parts)}
    modules = {path: m for folder in folders for m, path in sources.local_modules(folder)}
    mains = [Path(os.path.realpath(part.main_file)) for part in parts if part.main_file]
    added = [path.resolve() for part in parts for path in part.added_sources]
    found = sources.sources_of({*modules, *mains, *added}, base)
    versions = dependencies.discovered(modules.values())
    for part in parts:
        versions |= part.added_dependencies
    saves_git = any(part.save_git_info for part in parts)
    return {
        "name": root.path,
        "base_dir": str(base),
        "mainfile": os.path.relpath(root.main_file, base) if root.main_file else None,
        "sources": [[source.filename, source.md5] for source in found],
        "dependencies": [f"{name}=={versions[name]}" for name in sorted(versions, key=str.lower)],
        "repositories": repositories.discovered(s.path for s in found) if saves_git else [],
    }


def base_dir_of(part: Coded) -> Path:
    """Return the folder that the sources are searched in."""
    if part.base_dir is not None:
        return Path(os.path.realpath(os.fsdecode(part.base_dir)))
    return Path(os.path.realpath(part.main_file)).parent if part.main_file else Path.cwd()
