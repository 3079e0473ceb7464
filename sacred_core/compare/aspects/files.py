"""Artifacts and resources, by the digests of their contents."""

from pathlib import PurePath
from typing import Any

from sacred_core.compare.compared_run import ComparedRun
from sacred_core.compare.records import MISSING, Difference
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.readable_numbers import size_text
from sacred_core.stores.digests import read_md5
from sacred_core.stores.recorded_files import FileInfo

_KINDS = ("artifact", "resource")


def collect_files(side: ComparedRun) -> dict[str, Any]:
    """Return the MD5 digest of each file, as ``"artifact model.pt"``; metadata of artifacts.

    A file without a recorded digest is read. A resource below the folder of the sources has its
    path there, so that the same file in a copy of the folder is compared.
    """
    facts: dict[str, Any] = {}
    for kind in _KINDS:
        for name, (path, info) in _files(side, kind).items():
            facts[f"{kind} {name}"] = info.md5 or _read_md5(side, kind, path)
            if info.metadata:
                facts[f"metadata of {kind} {name}"] = info.metadata
    return facts


def render_files(
    difference: Difference, first: ComparedRun, second: ComparedRun
) -> Difference | None:
    """Return the sizes and digests."""
    if difference.first is None or difference.second is None:
        return None  # it is reported as not comparable
    kind, _, name = difference.key.partition(" ")
    if kind not in _KINDS:
        return difference
    if kind == "resource" and _is_moved(difference, first, second):
        return None
    lines, sizes = [], []
    for sign, fact, side in (("-", difference.first, first), ("+", difference.second, second)):
        _, info = _files(side, kind).get(name, (name, FileInfo()))
        sizes.append(info.size if fact is not MISSING else None)
        if fact is not MISSING:
            size = "" if info.size is None else f"{size_text(info.size)}, "
            lines.append(f"{sign} {difference.key}: {size}MD5 {fact}")
    return difference.shown(lines, {"kind": kind, "name": name, "sizes": sizes})


def _files(side: ComparedRun, kind: str) -> dict[str, tuple[str, FileInfo]]:
    """Return the recorded name of each file and what is known about it."""
    if kind == "artifact":
        return {name: (name, info) for name, info in side.run.artifact_info.items()}
    folder = PurePath(str(side.run.experiment.get("base_dir") or ""))
    return {
        _path_below(folder, path): (path, info) for path, info in side.run.resource_info.items()
    }


def _is_moved(difference: Difference, first: ComparedRun, second: ComparedRun) -> bool:
    """Return whether the run without the resource has its content under another path."""
    if difference.first is MISSING:
        return difference.second in _digests(first)
    return difference.second is MISSING and difference.first in _digests(second)


def _digests(side: ComparedRun) -> set[str | None]:
    return {info.md5 for info in side.run.resource_info.values() if info.md5}


def _path_below(folder: PurePath, path: str) -> str:
    is_below = folder.is_absolute() and PurePath(path).is_relative_to(folder)
    return PurePath(path).relative_to(folder).as_posix() if is_below else path


def _read_md5(side: ComparedRun, kind: str, name: str) -> str | None:
    try:
        return read_md5(side.store, side.run.id, kind, name)
    except UnavailableError:
        raise
    except (StoreError, OSError) as error:
        side.report(f"the {kind} {name!r} has no digest, and cannot be read: {error}")
        return None
