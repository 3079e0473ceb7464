"""How much of a run a store has, compared with another store."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from sacred_core.stores import curves
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.canonical import canonical_json
from sacred_core.stores.model import StoredRun
from sacred_core.stores.recorded_files import FileInfo
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.summaries import merge_summaries
from sacred_core.stores.times import milliseconds

_MILLISECOND = timedelta(milliseconds=1)


@attrs.define(kw_only=True)
class Stored:
    """How much of a run a target has.

    Attributes:
        run: The run in the target.
        output: Its output; or only the number of its characters where the run has ended.
    """

    run: StoredRun
    output: str | int = 0

    @classmethod
    def of(cls, store: RunStore, run: StoredRun) -> "Stored":
        """Return how much of a run a store has.

        The output is read if the run has not ended, because the source may rewrite its end. Points
        of a run without summaries are counted if it has ended; else they are sent again, so that
        the target has summaries at its end.

        Args:
            store: The target.
            run: In the target, with all attributes.

        Raises:
            StoreError: it cannot be read.
        """
        if (run.metrics is None and has_ended(run)) or run.recorded_segments:
            run = with_all_points(store, run)
        is_settled = has_ended(run) and run.output_length is not None
        output = run.output_length if is_settled else store.output(run.id)
        return cls(run=run, output=output or "")


def with_all_points(store: RunStore, run: StoredRun) -> StoredRun:
    """Return a run with the summaries of all its points, also of those that are hidden.

    Args:
        store: That of the run.
        run: With all attributes.

    Raises:
        StoreError: the points cannot be read.
    """
    blocks = curves.summaries(store, run.id, raw=True)
    merged = {name: merge_summaries(own) for name, own in blocks.items() if own}
    return attrs.evolve(run, status=run.recorded_status, metrics=merged)


def was_resumed(run: StoredRun, known: StoredRun) -> bool:
    """Return whether a record of a run has later segments than another one has."""
    return len(run.recorded_segments) > len(known.recorded_segments)


def has_same_segments(run: StoredRun, known: StoredRun) -> bool:
    """Return whether two records of a run have the same segments, as far as both have them.

    They have not if two copies of a run were resumed independently.
    """
    pairs = zip(run.recorded_segments, known.recorded_segments, strict=False)
    return all(is_same_time(one.start_time, other.start_time) for one, other in pairs)


def is_unstarted(run: StoredRun) -> bool:
    """Return whether a run is queued and was never started: it has nothing but its start."""
    return run.recorded_status == "QUEUED" and run.start_time is None


def has_ended(run: StoredRun) -> bool:
    """Return whether the record of a run has an end."""
    return run.recorded_status not in ("RUNNING", "QUEUED", "")


def is_continued(run: StoredRun, known: StoredRun) -> bool:
    """Return whether a record of a run has what follows another one, or the same.

    Args:
        run: Of the run.
        known: Another record of it, to which what is missing there would be added.
    """
    if was_resumed(known, run) or not has_same_segments(run, known):
        return False
    return was_resumed(run, known) or not has_ended(known) or has_same_end(run, known)


def has_same_end(one: StoredRun, other: StoredRun) -> bool:
    """Return whether two records of a run have the same end."""
    return (
        has_ended(one)
        and one.recorded_status == other.recorded_status
        and is_same_time(one.stop_time, other.stop_time)
    )


def is_same_time(one: datetime | None, other: datetime | None) -> bool:
    """Return whether two times are the same, as far as each store has them: to the millisecond."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < _MILLISECOND


def is_same_file(info: FileInfo, known: FileInfo) -> bool:
    """Return whether a copy of a file has its content and details, as far as they are known.

    Two stores of Sacred may have the same run, of which one has no details.
    """
    is_content = info.md5 is None or known.md5 is None or info.md5 == known.md5
    is_type = info.content_type in (None, known.content_type)
    # NaN is not equal to NaN, and some stores return other strings for halves of characters.
    is_metadata = info.metadata is None or (
        canonical_json(info.metadata) == canonical_json(known.metadata)
    )
    return is_content and is_type and is_metadata


def is_same_file_set(files: Mapping[str, FileInfo], known: Mapping[str, FileInfo]) -> bool:
    """Return whether there is a copy of each file; see `is_same_file`."""
    return all(name in known and is_same_file(info, known[name]) for name, info in files.items())


def annotation_key(annotation: Annotation) -> tuple[Any, ...]:
    """Return what identifies an annotation in all stores."""
    return (
        milliseconds(annotation.time), annotation.user, annotation.note,
        annotation.added, annotation.removed,
    )  # fmt: skip
