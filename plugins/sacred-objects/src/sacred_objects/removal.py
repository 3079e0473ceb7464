"""Deletes runs, and the content that only they used.

A deletion first writes what it is going to remove below `TRASH`, and claims it: of several
processes one deletes a run. The record goes first, from then on there is no run; ``config.json``
goes last, as long as it is there the id is taken. What is left below `TRASH`, as after a crash, is
removed by the next deletion. Content that a running run uses, or is about to name, stays.
"""

import contextlib
import hashlib
import json
from collections.abc import Container, Iterable, Iterator
from typing import Any

import attrs

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.stores import StoredRun, guard, leases, make_run
from sacred_core.stores.folder_format import CONFIG, RUN, is_run_name, run_fields, shared_names
from sacred_core.stores.tokens import TOKEN
from sacred_objects.bucket import in_parallel, read_json
from sacred_objects.contents import pending_keys
from sacred_objects.ids import ClaimObjects, note_deleted
from sacred_objects.layout import JSON, PENDING, TRASH, Place

_LIST = "deletion.json"


def _to_tuple(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(keys)


@attrs.frozen
class _Deletion:
    """What is removed.

    Attributes:
        name: The folder of the run.
        identity: The token of the run, or the digest of its record.
        shared: Keys of content that others may use.
    """

    name: str
    identity: str
    shared: tuple[str, ...] = attrs.field(converter=_to_tuple)

    def prefix(self, place: Place) -> str:
        """Return the prefix of the objects of this deletion."""
        return f"{place.root}{TRASH}{self.name}.{self.identity}/"


def delete_run(place: Place, name: str) -> None:
    """Delete the run in the folder ``name``.

    Raises:
        StoreError: there is none, or another process is deleting it.
    """
    data = place.bucket.get(place.run(name) + RUN)
    if data is None:
        finish_deletions(place)
        raise _missing(place, name)
    try:
        entry = json.loads(data)
    except (ValueError, RecursionError):  # what it shares is unknown
        entry = {}
    keys = {key for each in shared_names(entry) if (key := place.content_key(each)) is not None}
    deletion = _Deletion(name, _identity(entry, data), tuple(sorted(keys)))
    note_deleted(place, name)
    listed = deletion.prefix(place) + _LIST
    is_first = place.bucket.put_if_absent(listed, json.dumps(attrs.asdict(deletion)).encode(), JSON)
    if is_first and place.bucket.size(place.run(name) + RUN) is None:
        place.bucket.delete([listed])  # another process has deleted the run completely
        raise _missing(place, name)
    if not _is_done(place, deletion):
        raise StoreError(f"run {name!r} in {place.shown} is being deleted by another process")
    finish_deletions(place)


def finish_deletions(place: Place) -> None:
    """Remove what deletions have left that were interrupted."""
    for deletion in list(_left(place)):
        _is_done(place, deletion)


def _missing(place: Place, name: str) -> StoreError:
    return StoreError(f"{place.shown!r} holds no run {name!r}")


def _identity(entry: Any, data: bytes) -> str:
    token = entry.get(TOKEN) if isinstance(entry, dict) else None
    is_plain = isinstance(token, str) and token.isalnum()
    return token if is_plain else hashlib.sha256(data).hexdigest()[:32]  # type: ignore[return-value]


def _left(place: Place) -> Iterator[_Deletion]:
    """Yield the deletions that were not finished."""
    for folder in place.bucket.folders(place.root + TRASH):
        with contextlib.suppress(DamagedRecordError, TypeError):
            stored = read_json(place.bucket, f"{place.root}{TRASH}{folder}/{_LIST}")
            if stored is not None:
                deletion = _Deletion(**stored)
                if deletion.prefix(place) == f"{place.root}{TRASH}{folder}/":
                    yield deletion


def _is_done(place: Place, deletion: _Deletion) -> bool:
    """Remove everything of a deleted run; return False where another process does that."""
    prefix = deletion.prefix(place)
    lease = leases.claim(ClaimObjects(place.bucket, prefix))
    if lease is None:
        return False
    with leases.releasing(lease, always=False):
        _remove_own(place, deletion)
        if _are_removed(place, deletion.shared):
            own = list(place.bucket.list(prefix))
            place.bucket.delete(key for key in own if not key.endswith(_LIST))
            place.bucket.delete([prefix + _LIST])
            return True
    lease.release()
    return True


def _remove_own(place: Place, deletion: _Deletion) -> None:
    prefix = place.run(deletion.name)
    data = place.bucket.get(prefix + RUN)
    if data is not None:
        with contextlib.suppress(ValueError, RecursionError):
            if _identity(json.loads(data), data) != deletion.identity:
                return  # another run has the id
        place.bucket.delete([prefix + RUN])
    place.bucket.delete(place.bucket.list(f"{place.root}{PENDING}{deletion.identity}/"))
    config = prefix + CONFIG
    own = list(place.bucket.list(prefix))
    if config in own or data is not None:  # else another run may be about to get the id
        place.bucket.delete(key for key in own if key != config)
        place.bucket.delete([config])


def _are_removed(place: Place, shared: tuple[str, ...]) -> bool:
    """Remove content that no run uses; return False where some of it has to stay for now."""
    # What a record cannot have named is not content: the list may be edited.
    keys = {key for key in shared if place.content_key(place.relative(key)) == key}
    if not keys:
        return True
    try:
        used = _used(place, {})
        pending = pending_keys(place, used.by_token)
        # What is no longer pending is in a record that was written meanwhile.
        ended = {name for name, run in used.runs.items() if run.recorded_status != "RUNNING"}
        named = used.keys | _used(place, ended).keys
    except DamagedRecordError:
        return False  # what that run uses is unknown
    place.bucket.delete(keys - named - pending)
    return not (keys - named) & pending


@attrs.define
class _Used:
    """What runs use: keys of content, and the runs by name and by token."""

    keys: set[str] = attrs.field(factory=set)
    runs: dict[str, StoredRun] = attrs.field(factory=dict)
    by_token: dict[str, StoredRun] = attrs.field(factory=dict)


def _used(place: Place, known: Container[str]) -> _Used:
    """Return what all runs but those that are known use.

    Raises:
        DamagedRecordError: a record cannot be read.
    """

    def read(name: str) -> Any:
        with guard("the record"):
            return read_json(place.bucket, place.run(name) + RUN)

    used = _Used()
    names = [n for n in place.bucket.folders(place.root) if is_run_name(n) and n not in known]
    for name, entry in zip(names, in_parallel(read, names), strict=True):
        if isinstance(entry, dict):
            keys = (place.content_key(each) for each in shared_names(entry))
            used.keys.update(key for key in keys if key is not None)
            used.runs[name] = run = _run_of(name, entry)
            if isinstance(token := entry.get(TOKEN), str):
                used.by_token[token] = run
    return used


def _run_of(name: str, entry: dict[str, Any]) -> StoredRun:
    return make_run(name, run_fields(lambda: entry))
