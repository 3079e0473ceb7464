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
from functools import partial
from typing import Any

import attrs

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.stores import StoredRun, guard, leases, make_run
from sacred_core.stores.folder_format import CONFIG, RUN, run_fields, shared_names
from sacred_core.stores.guarded import not_found_error
from sacred_core.stores.tokens import TOKEN
from sacred_objects.bucket import read_json
from sacred_objects.contents import pending_keys
from sacred_objects.ids import ClaimObjects, note_deleted
from sacred_objects.listing import batches_without
from sacred_objects.object_keys import JSON, PENDING, TRASH, BucketLayout
from sacred_objects.run_index import RunIndex

_LIST = "deletion.json"


def _to_tuple(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(keys)


@attrs.frozen
class _Deletion:
    """The data of one deletion.

    Attributes:
        name: The folder of the run.
        identity: The token of the run, or the digest of its record.
        shared: Keys of content that others may use.
    """

    name: str
    identity: str
    shared: tuple[str, ...] = attrs.field(converter=_to_tuple)

    def prefix(self, layout: BucketLayout) -> str:
        """Return the prefix of the objects of this deletion."""
        return f"{layout.root}{TRASH}{self.name}.{self.identity}/"


def delete_run(layout: BucketLayout, name: str) -> None:
    """Delete the run in the folder ``name``.

    Raises:
        StoreError: there is none, or another process is deleting it.
    """
    data = layout.bucket.get(layout.run(name) + RUN)
    if data is None:
        finish_deletions(layout)
        raise not_found_error(name, repr(layout.display_name))
    try:
        entry = json.loads(data)
    except (ValueError, RecursionError):  # what it shares is unknown
        entry = {}
    keys = {key for each in shared_names(entry) if (key := layout.content_key(each)) is not None}
    deletion = _Deletion(name, _identity(entry, data), tuple(sorted(keys)))
    note_deleted(layout, name)
    listed = deletion.prefix(layout) + _LIST
    is_first = layout.bucket.put_if_absent(
        listed, json.dumps(attrs.asdict(deletion)).encode(), JSON
    )
    if is_first and layout.bucket.size(layout.run(name) + RUN) is None:
        layout.bucket.delete([listed])  # another process has deleted the run completely
        raise not_found_error(name, repr(layout.display_name))
    if not _finish(layout, deletion):
        raise StoreError(
            f"run {name!r} in {layout.display_name} is being deleted by another process"
        )
    finish_deletions(layout)


def finish_deletions(layout: BucketLayout) -> None:
    """Remove what deletions have left that were interrupted."""
    for deletion in list(_unfinished_deletions(layout)):
        _finish(layout, deletion)


def _identity(entry: Any, data: bytes) -> str:
    token = entry.get(TOKEN) if isinstance(entry, dict) else None
    is_plain = isinstance(token, str) and token.isalnum()
    return token if is_plain else hashlib.sha256(data).hexdigest()[:32]  # type: ignore[return-value]


def _unfinished_deletions(layout: BucketLayout) -> Iterator[_Deletion]:
    """Yield the deletions that were not finished."""
    for folder in layout.bucket.folders(layout.root + TRASH):
        with contextlib.suppress(DamagedRecordError, TypeError):
            stored = read_json(layout.bucket, f"{layout.root}{TRASH}{folder}/{_LIST}")
            if stored is not None:
                deletion = _Deletion(**stored)
                if deletion.prefix(layout) == f"{layout.root}{TRASH}{folder}/":
                    yield deletion


def _finish(layout: BucketLayout, deletion: _Deletion) -> bool:
    """Remove everything of a deleted run; return False where another process does that."""
    prefix = deletion.prefix(layout)
    lease = leases.claim(ClaimObjects(layout.bucket, prefix))
    if lease is None:
        return False
    with leases.releasing(lease, always=False):
        _remove_own(layout, deletion)
        if _remove_unused(layout, deletion.shared):
            own = list(layout.bucket.list(prefix))
            layout.bucket.delete(key for key in own if not key.endswith(_LIST))
            layout.bucket.delete([prefix + _LIST])
            return True
    lease.release()
    return True


def _remove_own(layout: BucketLayout, deletion: _Deletion) -> None:
    prefix = layout.run(deletion.name)
    data = layout.bucket.get(prefix + RUN)
    if data is not None:
        with contextlib.suppress(ValueError, RecursionError):
            if _identity(json.loads(data), data) != deletion.identity:
                return  # another run has the id
        layout.bucket.delete([prefix + RUN])
    layout.bucket.delete(layout.bucket.list(f"{layout.root}{PENDING}{deletion.identity}/"))
    config = prefix + CONFIG
    own = list(layout.bucket.list(prefix))
    if config in own or data is not None:  # else another run may be about to get the id
        RunIndex(layout).remove(deletion.name)
        layout.bucket.delete(key for key in own if key != config)
        layout.bucket.delete([config])


def _remove_unused(layout: BucketLayout, shared: tuple[str, ...]) -> bool:
    """Remove content that no run uses; return False where some of it has to stay for now."""
    # What a record cannot have named is not content: the list may be edited.
    keys = {key for key in shared if layout.content_key(layout.to_name(key)) == key}
    if not keys:
        return True
    try:
        used = _find_used(layout, {})
        pending = pending_keys(layout, used.by_token)
        # What is no longer pending is in a record that was written meanwhile.
        ended = {name for name, run in used.runs.items() if run.recorded_status != "RUNNING"}
        named = used.keys | _find_used(layout, ended).keys
    except DamagedRecordError:
        return False  # what that run uses is unknown
    layout.bucket.delete(keys - named - pending)
    return not (keys - named) & pending


@attrs.define
class _Used:
    """The content that runs use: its keys, and the runs by name and by token."""

    keys: set[str] = attrs.field(factory=set)
    runs: dict[str, StoredRun] = attrs.field(factory=dict)
    by_token: dict[str, StoredRun] = attrs.field(factory=dict)


def _find_used(layout: BucketLayout, known: Container[str]) -> _Used:
    """Return what all runs but those that are known use.

    Raises:
        DamagedRecordError: a record cannot be read.
    """

    used = _Used()
    for name, entry in _read_entries(layout, known):
        if isinstance(entry, dict):
            keys = (layout.content_key(each) for each in shared_names(entry))
            used.keys.update(key for key in keys if key is not None)
            used.runs[name] = run = _run_of(name, entry)
            if isinstance(token := entry.get(TOKEN), str):
                used.by_token[token] = run
    return used


def _read_entries(layout: BucketLayout, known: Container[str]) -> Iterator[tuple[str, Any]]:
    """Yield the content of ``run.json`` of each run, by the name of the folder."""

    def read(layout: BucketLayout, name: str) -> Any:
        with guard("the record"):
            return read_json(layout.bucket, layout.run(name) + RUN)

    for batch in batches_without(layout, known):
        yield from batch.read_each(partial(read, batch.layout))


def _run_of(name: str, entry: dict[str, Any]) -> StoredRun:
    return make_run(name, run_fields(lambda: entry))
