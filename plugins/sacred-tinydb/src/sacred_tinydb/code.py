"""Puts copies of the code of a run into their places."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sacred_tinydb.database import Document
from sacred_tinydb.documents import file_tag
from sacred_tinydb.storage import Files, StagedCopy


def enter_sources(files: Files, staged: Iterable[Sequence[Any]]) -> list[list[str]]:
    """Put copies of sources into their places; return name, md5 and tag of each."""
    return [
        [name, copy.md5, file_tag(files.enter(copy))]
        if isinstance(copy, StagedCopy)
        else [name, copy]
        for name, copy in staged
    ]


def enter_code(files: Files, experiment: Mapping[str, Any]) -> Document:
    """Put the copies of sources and patches into their places, and return what names them.

    Args:
        files: Where the copies are.
        experiment: With `StagedCopy` in the place of each stored content.
    """
    repositories = [
        {name: _enter_patch(files, value) for name, value in repository.items()}
        for repository in experiment["repositories"]
    ]
    sources = enter_sources(files, experiment.get("sources") or ())
    return {**experiment, "sources": sources, "repositories": repositories}


def _enter_patch(files: Files, value: Any) -> Any:
    return file_tag(files.enter(value)) if isinstance(value, StagedCopy) else value
