"""Causes: uncommitted changes of files that are not sources, commits, and resources."""

import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from sacred_core.compare.aspects.commits import CHANGES, COMMIT
from sacred_core.compare.causes import levels
from sacred_core.compare.causes.evidence import Evidence
from sacred_core.compare.causes.explanation import Cause
from sacred_core.compare.records import MISSING, Difference
from sacred_core.compare.values import pair_text
from sacred_core.plurals import counted

_RESOURCE = "resource "
#: The fact about changes that are too large to be stored.
_UNKNOWN = "not recorded"
#: Characters of a digest, and of a commit, that are shown.
_SHORT = 8


def file_causes(evidence: Evidence) -> Iterator[Cause]:
    """Yield patches of files that are not sources, then resources, then commits."""
    found = evidence.shown("commit")
    patches = [each for each in found if each.key.startswith(CHANGES)]
    patches = [each for each in patches if _UNKNOWN not in (each.first, each.second)]
    yield from (_patch(each) for each in patches)
    paths = [PurePath(_path(each)) for each in patches]
    folders = {str(side.run.experiment.get("base_dir") or "") for side in evidence.sides}
    for each in _resources(evidence):
        files = [os.path.normpath(PurePath(folder, _name(each))) for folder in folders]
        if not any(PurePath(file).parts[-len(path.parts) :] == path.parts
                   for file in files for path in paths):  # fmt: skip
            yield _resource(each)
    yield from (_commit(each, evidence) for each in found if each.key.startswith(COMMIT))


def _path(difference: Difference) -> str:
    return difference.key.removeprefix(CHANGES).partition(" in ")[0]


def _patch(each: Difference) -> Cause:
    lines = str(each.details.get("diff", "")).splitlines()
    counts = [sum(line.startswith(sign) for line in lines) for sign in "-+"]
    where = {(True, False): " in the second run only", (False, True): " in the first run only"}
    remark = where.get((each.first is MISSING, each.second is MISSING), " differ")
    size = f": {counted(counts[1], 'line')} added, {counts[0]} removed" if any(counts) else ""
    return Cause(
        kind="patch",
        key=_path(each),
        text=f"uncommitted changes of {_path(each)}{remark}{size}",
        first=each.first,
        second=each.second,
        details=each.details,
        order=(levels.FILE, 0),
    )


def _resources(evidence: Evidence) -> Iterator[Difference]:
    """Yield the resources that differ; two of one name in different folders are one resource."""
    found = [each for each in evidence.differences("files") if each.key.startswith(_RESOURCE)]
    added = [each for each in found if each.first is MISSING]
    for each in found:
        if each.first is MISSING:
            continue
        name = PurePath(each.key).name
        same = [other for other in added if PurePath(other.key).name == name]
        if each.second is not MISSING or not same:
            yield each
            continue
        other = next((other for other in same if other.second == each.first), same[0])
        added.remove(other)
        if other.second != each.first:
            yield Difference("files", other.key, each.first, other.second)
    yield from added


def _name(resource: Difference) -> str:
    return resource.key.removeprefix(_RESOURCE)


def _resource(each: Difference) -> Cause:
    path = _name(each)
    if each.first is MISSING or each.second is MISSING:
        text = f"{path} only in the {'second' if each.first is MISSING else 'first'} run"
    else:
        digests = " → ".join(str(md5 or "unknown")[:_SHORT] for md5 in (each.first, each.second))
        text = f"content of {path} differs, MD5 {digests}"
    return Cause(
        kind="resource",
        key=path,
        text=text,
        first=each.first,
        second=each.second,
        order=(levels.FILE, 1),
    )


def _commit(each: Difference, evidence: Evidence) -> Cause:
    first, second = (_short(commit) for commit in (each.first, each.second))
    name = each.key.removeprefix(COMMIT)
    remark = ", files that are not sources may differ" if not evidence.source_changes else ""
    return Cause(
        kind="commit",
        key=name,
        text=f"of {name} {pair_text(first, second, has_quotes=False)}{remark}",
        first=each.first,
        second=each.second,
        order=(levels.FILE, 2),
    )


def _short(commit: Any) -> Any:
    return commit[:_SHORT] if isinstance(commit, str) else commit
