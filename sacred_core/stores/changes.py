"""Which runs changed since an earlier listing.

A *token* is taken before a listing. A later listing with this token, `RunQuery.since`, has the runs
that were added or changed since it was taken: in their record, output, metrics, files, tags or
notes. A run may be listed although it did not change; no change is missed. Deleted runs are not
listed: `missing_ids` returns them.

A store that finds changed runs itself is a `ChangeStore`. For any other store a token consists of
digests of the records of all runs that ended, and a run that did not end counts as changed.

A token is the version, a dot, and in URL-safe Base64 a CRC-32 and the JSON of a list: the kind of
store, a digest of the name of the store, and what the store needs, its *position*.
"""

import hashlib
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import crc32
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Protocol, runtime_checkable

import attrs

from sacred_core.exceptions import ChangeTokenError, StoreError
from sacred_core.stores.model import StoredRun
from sacred_core.stores.query import Field
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.run_store import IdStore, RunQuery, RunStore

#: How much the clocks of machines may differ that give times to changes, with what a cache adds:
#: clients of a network folder read the times of files from one, by default for up to a minute.
CLOCK_TOLERANCE = timedelta(minutes=1)
#: After this time without a change, whatever changed before is known, by any clock.
_QUIET = timedelta(minutes=5)
_VERSION = "1"
#: The kind of store in tokens of digests.
_DIGESTS = "digests"
#: Digests in a token: each is of the runs whose ids have the same remainder.
_MOST_DIGESTS = 256
_DIGEST_BYTES = 6
#: Not in digests, so that tokens of earlier releases stay valid: they follow from other fields.
_LATER_FIELDS = ("output_length", "annotations", "recorded_segments", "writers", "claim")


@runtime_checkable
class ChangeStore(Protocol):
    """A store whose method `list` regards `RunQuery.since`."""

    def change_token(self) -> str:
        """Return a token of the present state; see the function `change_token`."""


def change_token(store: RunStore) -> str:
    """Return a token for `RunQuery.since`; take it before the listing, so that nothing is missed.

    Args:
        store: From `open_store`.

    Raises:
        StoreError: the store cannot be read.
    """
    if isinstance(store, ChangeStore):
        return store.change_token()
    return digest_token(store, store.list())


def list_runs(store: RunStore, query: RunQuery) -> Iterator[StoredRun]:
    """Return the runs that ``store.list`` returns, those that changed if the query has a token.

    The condition of a query with a token is not applied if the store is not a `ChangeStore`.

    Raises:
        ChangeTokenError: the token is damaged, or another store issued it.
        StoreError: the store cannot be read.
    """
    if query.since is None or isinstance(store, ChangeStore):
        return store.list(query)
    return select_changed(store, query.since, store.list(RunQuery(now=query.now)))


def missing_ids(store: RunStore, ids: Iterable[int | str]) -> list[int | str]:
    """Return which of some ids are not those of runs in the store: the runs were deleted.

    Args:
        store: From `open_store`.
        ids: As in `StoredRun.id`.

    Raises:
        StoreError: the store cannot be read.
    """
    present = {normalize_id(run_id) for run_id in list_ids(store)}
    return [each for each in ids if normalize_id(each) not in present]


def list_ids(store: RunStore) -> list[int | str]:
    """Return the ids of all runs, damaged ones too, in no particular order.

    Args:
        store: From `open_store`.

    Raises:
        StoreError: the store cannot be read.
    """
    if isinstance(store, IdStore):
        return store.ids()
    return [run.id for run in store.list(RunQuery(fields=[Field("id")]))]


def encode_token(kind: str, store: object, position: Any) -> str:
    """Return a token.

    Args:
        kind: Of store; another one if positions have another form.
        store: Its ``display_name`` is a part of the token.
        position: Plain data.
    """
    data = json.dumps([kind, _store_digest(store), position], separators=(",", ":")).encode()
    text = urlsafe_b64encode(crc32(data).to_bytes(4, "big") + data).decode().rstrip("=")
    return f"{_VERSION}.{text}"


def decode_token(kind: str, store: object, token: str) -> Any:
    """Return the position that `encode_token` received.

    Raises:
        ChangeTokenError: the token is damaged, or another store issued it.
    """
    found_kind, found_store, position = _parse_token(token)
    if found_kind != kind:
        raise _error(token, f"it is of another kind of store ({found_kind!r}, not {kind!r})")
    if found_store != _store_digest(store):
        raise _error(token, "it is of another store")
    return position


def time_position(times: Iterable[int], tolerance: timedelta) -> int:
    """Return a position of a store that finds changes by times: none that follows is earlier.

    That is the time of the last change less the tolerance; or, if nothing changed for five minutes,
    the time after the last change, so that runs that were copied together are not listed again.

    Args:
        times: Of all changes until now, in nanoseconds since 1970, by the clock of the storage.
        tolerance: How much clocks may differ, such as `CLOCK_TOLERANCE`.
    """
    now = time.time_ns()
    # The clock may have been wrong once, years ahead.
    last = min(max(times, default=0), now)
    if now - last > _nanoseconds(max(_QUIET, 3 * tolerance)):
        return last + 1
    return last - _nanoseconds(tolerance)


def digest_token(store: object, runs: Iterable[StoredRun]) -> str:
    """Return a token of any store.

    Args:
        store: Of the runs.
        runs: All runs of the store with all attributes.
    """
    found = ((run.id, _digest_with_parts(store, run)) for run in runs)
    digests = [(run_id, digest) for run_id, digest in found if digest is not None]
    # More than runs, as some have the same remainder; a power of two.
    count = min(_MOST_DIGESTS, 1 << (4 * len(digests)).bit_length())
    combined = b"".join(each.to_bytes(_DIGEST_BYTES, "big") for each in _combine(digests, count))
    return encode_token(_DIGESTS, store, urlsafe_b64encode(combined).decode())


def select_changed(store: object, token: str, runs: Iterable[StoredRun]) -> Iterator[StoredRun]:
    """Yield those of all runs of a store that changed since `digest_token` returned the token.

    Args:
        store: Of the runs.
        token: From `digest_token`.
        runs: All runs of the store with all attributes, which are in memory together.

    Raises:
        ChangeTokenError: the token is damaged, or another store issued it.
    """
    combined = urlsafe_b64decode(decode_token(_DIGESTS, store, token))
    before = [
        int.from_bytes(combined[start : start + _DIGEST_BYTES], "big")
        for start in range(0, len(combined), _DIGEST_BYTES)
    ]
    found = [(run, _digest_with_parts(store, run)) for run in runs]
    ended = [(run.id, digest) for run, digest in found if digest is not None]
    after = _combine(ended, len(before))
    for run, digest in found:
        number = _number(run.id, len(before))
        if digest is None or before[number] != after[number]:
            yield run


def _digest_with_parts(store: object, run: StoredRun) -> int | None:
    """Return the digest of a run and of what its writers recorded, None as `_digest` does."""
    own = _digest(run)
    if own is None or not run.writers:
        return own
    from sacred_core.stores.writers import stored_parts  # few runs have writers

    try:
        digests = list(map(_digest, stored_parts(store, run.id).values()))
    except StoreError:  # it was deleted meanwhile
        return None
    return None if None in digests else _hash(repr((own, digests)))


def _digest(run: StoredRun) -> int | None:
    """Return a digest of the record, None if the run has to count as changed.

    Output and points of a run that did not end may grow without a change of the record, and of a
    damaged one it is not known what changes.
    """
    if run.recorded_status == "RUNNING" or run.damage is not None:
        return None
    try:
        names = [each.name for each in attrs.fields(StoredRun) if each.name not in _LATER_FIELDS]
        names += ["claim"] if run.claim is not None else []
        fields = (f"{name}={getattr(run, name)!r}" for name in names)
        return _hash(f"StoredRun({', '.join(fields)})")
    except RecursionError:
        return None


def _combine(digests: Iterable[tuple[int | str, int]], count: int) -> list[int]:
    """Return ``count`` digests, which do not depend on the order of the runs."""
    combined = [0] * count
    for run_id, digest in digests:
        combined[_number(run_id, count)] ^= digest
    return combined


def _number(run_id: int | str, count: int) -> int:
    return _hash(repr(run_id)) % count


def _nanoseconds(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1) * 1000


def _hash(text: str) -> int:
    digest = hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return int.from_bytes(digest[:_DIGEST_BYTES], "big")


def _store_digest(store: object) -> str:
    name = str(getattr(store, "display_name", type(store).__name__))
    return f"{_hash(name):012x}"


def _parse_token(token: str) -> tuple[str, str, Any]:
    version, _, text = token.partition(".")
    if version != _VERSION and version.isdecimal():
        raise _error(token, "it is of another version of sacred-core")
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if version != _VERSION or crc32(data[4:]) != int.from_bytes(data[:4], "big"):
            raise ValueError
        kind, store, position = json.loads(data[4:])
    except ValueError:
        raise _error(token, "it is not complete, or was changed") from None
    return kind, store, position


def _error(token: str, reason: str) -> ChangeTokenError:
    shown = token if len(token) <= 40 else f"{token[:40]}…"
    return ChangeTokenError(
        f"cannot list the changes since the token {shown!r}: {reason}; list all runs and use the "
        "token of this listing"
    )
