"""How the run of a rank becomes a part of the run that rank 0 has started.

Rank 0 records an ordinary run, whose metadata contain the key of the group. The run of another rank
has the observers of parts instead, and the seed of the run of rank 0.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from sacred_core.delivery.used_folders import flush_command
from sacred_core.masking import mask_value
from sacred_core.plurals import counted
from sacred_core.ranks.detection import Rank
from sacred_core.ranks.search import Found, RunSearch, wait_for
from sacred_core.serialization import is_same_data, plain
from sacred_core.settings import SETTINGS
from sacred_core.spool.observer import SpoolObserver
from sacred_core.state_folder import state_folder
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.uids import UidIndex
from sacred_core.stores.writers import WriterStore, part_meta

#: Attributes of an observer that hold for what it records of a part as well.
_COPIED = ("retry_policy", "failure_dir")
#: Entries of a configuration that differ, in a message.
_SHOWN = 5

#: The uids of the runs that this process has joined, as which rank.
_joined: set[tuple[str, Rank]] = set()


class RankRun(Protocol):
    """The attributes of a `sacred_core.run.run.Run` that has not started."""

    config: Mapping[str, Any]
    meta_info: dict[str, Any]
    observers: list[Any]
    options: dict[str, Any]
    run_logger: Any
    spool: str | None
    queue_only: bool
    unobserved: bool
    uid: str
    writer: str
    _id: Any


def start_group(run: RankRun, rank: Rank) -> None:
    """Make a run that of rank 0, which the other ranks find."""
    text = f"{rank.group} {time.time_ns()}".encode()
    run.uid = hashlib.md5(text, usedforsecurity=False).hexdigest()
    run.meta_info["uid"] = run.uid
    run.meta_info |= _group_meta(rank)


def find_run(run: RankRun, rank: Rank) -> Found | None:
    """Wait for the run of rank 0, and return it; None if there is none, or nothing is recorded.

    Without stores, or if the run is queued, the run of this rank is not recorded.

    Args:
        run: Of this rank, with the observers of an ordinary run.
        rank: Of this process, not 0.
    """
    observers = _with_stores(run.observers)
    if run.queue_only or not observers:
        return None
    search = RunSearch(
        observers[0].open_store,
        rank,
        wait=SETTINGS.RANKS.WAIT,
        joined=frozenset(uid for uid, own in _joined if own == rank),
        watched=() if run._id is None else (run._id,),
        is_resumed=run.options.get("--resume") is not None,
    )

    def report() -> None:
        run.run_logger.info(
            "Rank %s waits up to %s for the run of rank 0 in %s",
            rank.number, counted(SETTINGS.RANKS.WAIT, "second"), _location(observers[0]),
        )  # fmt: skip

    found, reason = wait_for(search.find, SETTINGS.RANKS.WAIT, report)
    if found is None:
        run.run_logger.warning(
            "Rank %s found no run of rank 0 in %s within %s%s. If rank 0 has started, set "
            "SACRED_GROUP to the same value for all ranks",
            rank.number, _location(observers[0]), counted(SETTINGS.RANKS.WAIT, "second"),
            f" ({reason})" if reason else "",
        )  # fmt: skip
    return found


def join_run(run: RankRun, rank: Rank, found: Found | None) -> None:
    """Make the run of a rank a part of the run of rank 0.

    Args:
        run: Of this rank, with the observers of an ordinary run.
        rank: Of this process, not 0.
        found: What `find_run` returned; None: the part is recorded in a folder of this machine.
    """
    observers = _with_stores(run.observers)
    if run.queue_only or not observers:
        if run.queue_only:
            run.run_logger.info("Rank 0 queues the run; rank %s does nothing", rank.number)
        run.observers, run.unobserved = [], True
        return
    run.writer = rank.writer
    run.meta_info |= {"writer": rank.writer, **_group_meta(rank)}
    if found is None:
        run.spool = run.spool or SETTINGS.SPOOL or _default_spool()
        run.observers, run._id = observers, None
        _warn_of_spool(run, rank, run.spool)
        return
    _warn_of_differences(run, rank, found)
    _joined.add((found.run.uid, rank))
    run.meta_info |= part_meta(found.run.uid, rank.writer)
    run.uid, run._id = found.run.uid, found.run.id
    is_spooled = run.spool or SETTINGS.SPOOL  # the spool delivers to the part
    run.observers = observers if is_spooled else [*_part_observers(run, rank, observers, found)]
    run.unobserved = not run.observers


def _part_observers(
    run: RankRun, rank: Rank, observers: Sequence[Any], found: Found
) -> Iterator[Any]:
    """Yield an observer for each store; a store that does not have the run has a spool."""
    for number, observer in enumerate(observers):
        own = found if number == 0 else _find_in_other(observer, found.run.uid)
        if own is None:
            run.run_logger.warning(
                "Rank %s found the run of rank 0 in %s, but not in %s",
                rank.number, _location(observers[0]), _location(observer),
            )  # fmt: skip
            _warn_of_spool(run, rank, _default_spool())
            yield SpoolObserver(observer, _default_spool())
        elif not isinstance(own.store, WriterStore):
            run.run_logger.warning(
                "%s cannot record parts of a run: of this run it has only rank 0", own.store
            )
        else:
            part = own.store.writer_observer(own.run.id)
            for name in _COPIED:
                if hasattr(observer, name):
                    setattr(part, name, getattr(observer, name))
            yield part


def _find_in_other(observer: Any, uid: str) -> Found | None:
    """Return the run in another store: rank 0 starts it in all stores before it continues."""

    def find() -> Found | None:
        store: RunStore = observer.open_store()
        stored = UidIndex(store).find(uid)
        return None if stored is None else Found(store=store, run=stored)

    return wait_for(find, SETTINGS.RANKS.WAIT)[0]


def _default_spool() -> str:
    return str(state_folder("ranks"))


def _warn_of_spool(run: RankRun, rank: Rank, folder: str) -> None:
    run.run_logger.warning(
        "Rank %s records in the spool %s. To deliver the record to the run of rank 0 when it is "
        "there: %s",
        rank.number, folder, flush_command(folder),
    )  # fmt: skip


def _group_meta(rank: Rank) -> dict[str, Any]:
    return {"group": rank.group, "job": rank.job, "world_size": rank.world_size}


def _with_stores(observers: Sequence[Any]) -> list[Any]:
    """Return the observers that have a store, as rank 0 calls them: it alone sends messages."""
    found = [each for each in _uncovered(observers) if _has_store(each)]
    return sorted(found, key=lambda each: -getattr(each, "priority", 0))


def _uncovered(observers: Sequence[Any]) -> Iterator[Any]:
    """Yield the observers to which others forward events."""
    for observer in observers:
        if isinstance(observer, SpoolObserver):
            yield from _uncovered(observer.inner)
        elif hasattr(observer, "covered_observer"):
            yield from _uncovered([observer.covered_observer])
        else:
            yield observer


def _has_store(observer: Any) -> bool:
    has_location = getattr(observer, "store_location", None) is not None
    return has_location and hasattr(observer, "open_store")


def _location(observer: Any) -> str:
    return str(
        getattr(observer, "display_location", None)
        or getattr(observer, "store_location", None)
        or type(observer).__name__
    )


def _warn_of_differences(run: RankRun, rank: Rank, found: Found) -> None:
    """Warn if the configuration is not that of rank 0, which is the one in the record."""
    own = mask_value(plain(dict(run.config)))[0]
    paths = list(_differences(found.run.config, own, ""))
    if paths:
        more = len(paths) - _SHOWN
        run.run_logger.warning(
            "The configuration of rank %s differs from that of rank 0, which is recorded: %s%s",
            rank.number, "; ".join(paths[:_SHOWN]),
            f"; and {counted(more, 'other entry')}" if more > 0 else "",
        )  # fmt: skip


def _differences(first: Any, own: Any, path: str) -> Iterator[str]:
    """Yield each entry that differs, with the value of rank 0 and the own one."""
    if isinstance(first, dict) and isinstance(own, dict):
        for key in dict.fromkeys((*first, *own)):
            inner = f"{path}.{key}" if path else str(key)
            yield from _differences(first.get(key, _MISSING), own.get(key, _MISSING), inner)
    elif not is_same_data(first, own):
        yield f"{path} is {_short(first)} in rank 0 and {_short(own)} here"


_MISSING = object()


def _short(value: Any) -> str:
    if value is _MISSING:
        return "missing"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
