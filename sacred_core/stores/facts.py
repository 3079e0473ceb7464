"""Additions to the fields of Sacred: summaries of metrics, and facts about files and output.

Backends store it as one value of plain data.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores.model import StoredRun
from sacred_core.stores.recorded_files import FileInfo, digest_in
from sacred_core.stores.summaries import decode_summary, encode_summary

if TYPE_CHECKING:  # a run that is recorded does not read others
    from sacred_core.stores.guarded import Read
    from sacred_core.stores.segments import Segment
    from sacred_core.stores.worker_claims import WorkerClaim

#: The fields of a run that are part of it.
FACTS = frozenset(("metrics", "files", "output_length", "segments", "writers", "claim"))
_TYPES = {"size": int, "md5": str, "content_type": str, "metadata": dict}


def encode_facts(run: StoredRun) -> dict[str, Any]:
    """Return the facts of a run as plain data."""
    metrics = {name: encode_summary(own) for name, own in (run.metrics or {}).items()}
    files = {
        kind: {name: _encode_file(info) for name, info in own.items()}
        for kind, own in run.files.items()
    }
    facts: dict[str, Any] = {"metrics": metrics, "files": files}
    if run.output_length is not None:
        facts["output_length"] = run.output_length
    if run.recorded_segments:
        from sacred_core.stores.segments import encode_segment  # few runs are resumed

        facts["segments"] = list(map(encode_segment, run.recorded_segments))
    if run.writers:
        facts["writers"] = list(run.writers)
    if run.claim is not None:
        from sacred_core.stores.worker_claims import encode_claim  # few runs are queued

        facts["claim"] = encode_claim(run.claim)
    return facts


def facts_fields(read: "Read", entries: "Mapping[str, Read] | None" = None) -> dict[str, "Read"]:
    """Return functions that read the fields of a run from its facts; see `GuardedStore`.

    Args:
        read: Returns what `encode_facts` returned, None of a run that has none.
        entries: For the kinds of files, what returns the entries of a run that has no facts, as
            Sacred recorded it: a name, and perhaps an MD5 digest by itself or in another name.
    """

    def files() -> dict[str, dict[str, FileInfo]] | None:
        known = _decode_files(read())
        if known is not None or entries is None:
            return known
        return {kind: digests_of(found()) for kind, found in entries.items()}

    return {
        "metrics": lambda: _decode_metrics(read()),
        "files": files,
        "output_length": lambda: _decode_length(read()),
        "segments": lambda: segments_of(read()),
        "writers": lambda: _decode_writers(read()),
        "claim": lambda: _decode_claim(read()),
    }


def _encode_file(info: FileInfo) -> dict[str, Any]:
    return {name: value for name in _TYPES if (value := getattr(info, name)) is not None}


def digests_of(entries: Any) -> dict[str, FileInfo]:
    """Return what is known of files from entries as of `facts_fields`."""
    found = {}
    for name, *others in filter(_is_entry, entries or ()):
        md5 = next(filter(None, map(digest_in, reversed(others))), None)
        if md5 is not None:
            found[str(name)] = FileInfo(md5=md5)
    return found


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, (list, tuple)) and len(entry) > 1


def _decode_metrics(stored: Any) -> dict[str, Any] | None:
    metrics = _part(stored, "metrics")
    if metrics is None:
        return None
    try:
        return {name: decode_summary(own) for name, own in metrics.items()}
    except (TypeError, ValueError) as error:
        raise DamagedRecordError(f"the summary of a metric is damaged: {error}") from None


def _decode_files(stored: Any) -> dict[str, dict[str, FileInfo]] | None:
    files = _part(stored, "files")
    if files is None:
        return None
    try:
        return {
            kind: {name: _decode_file(info) for name, info in own.items()}
            for kind, own in files.items()
        }
    except (AttributeError, TypeError) as error:
        raise DamagedRecordError(f"the facts about files are damaged: {error}") from None


def _decode_file(stored: Mapping[str, Any]) -> FileInfo:
    info = FileInfo(**stored)
    for name, kind in _TYPES.items():
        value = getattr(info, name)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            raise TypeError(f"{name} is of the type {type(value).__name__}")
    return info


def _decode_length(stored: Any) -> int | None:
    length = stored.get("output_length") if isinstance(stored, Mapping) else None
    is_valid = length is None or (type(length) is int and length >= 0)
    if not is_valid:
        raise DamagedRecordError(f"the length of the output is not one: {str(length)[:40]!r}")
    return length


def segments_of(facts: Any) -> "list[Segment] | None":
    """Return the segments of a run from what `encode_facts` returned; None if it has only one.

    Raises:
        DamagedRecordError: they have another form.
    """
    segments = facts.get("segments") if isinstance(facts, Mapping) else None
    if segments is None:
        return None
    from sacred_core.stores.segments import decode_segments

    return decode_segments(segments)


def _decode_writers(stored: Any) -> list[str] | None:
    writers = stored.get("writers") if isinstance(stored, Mapping) else None
    is_valid = isinstance(writers, list) and all(isinstance(each, str) for each in writers)
    if writers is not None and not is_valid:
        raise DamagedRecordError("the names of the writers of the run are damaged")
    return writers


def _decode_claim(stored: Any) -> "WorkerClaim | None":
    claim = stored.get("claim") if isinstance(stored, Mapping) else None
    if claim is None:
        return None
    from sacred_core.stores.worker_claims import decode_claim

    return decode_claim(claim)


def _part(stored: Any, name: str) -> Mapping[str, Any] | None:
    if stored is None:
        return None
    if not isinstance(stored, Mapping) or not isinstance(stored.get(name), Mapping):
        raise DamagedRecordError(f"the facts of the run have no {name}")
    return stored[name]  # type: ignore[no-any-return]
