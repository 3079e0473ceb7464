"""Reads the record of one run in a bucket."""

import functools
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count
from typing import Any

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.jsonpickle_data import decode_jsonpickle, decode_run_entry, sacred_release
from sacred_core.stores import Annotation, Read, guard, once, require_record
from sacred_core.stores.folder_format import (
    CONFIG,
    INFO,
    RUN,
    parse_annotations,
    parse_time,
    run_fields,
)
from sacred_objects import layout
from sacred_objects.bucket import BucketAwayError, BucketMissingError
from sacred_objects.json_objects import read_json


class RunFolder:
    """The objects of a run; each is fetched when it is asked for.

    Args:
        place: Where the runs are.
        name: Of the folder there.
    """

    def __init__(self, place: layout.Place, name: str) -> None:
        self._place = place
        self._bucket = place.bucket
        self._prefix = place.run(name)
        self.entry = once(self._entry)

    def is_run(self) -> bool:
        """Return whether the folder has a record, which may be damaged.

        Raises:
            NotARunError: it is that of another program.
            StoreError: the bucket cannot be read.
        """
        try:
            return self.entry() is not None
        except DamagedRecordError:
            return True

    def fields(self) -> dict[str, Read]:
        """Return what reads each field of the run; see `sacred_core.stores.GuardedStore`."""
        fields = run_fields(self.entry)
        return {
            **fields,
            "heartbeat": functools.partial(self._heartbeat, fields["heartbeat"]),
            "config": functools.partial(self._values, CONFIG),
            "info": functools.partial(self._values, INFO),
            "annotations": lambda: list(self._annotations()),
        }

    def _entry(self) -> Any:
        """Return what ``run.json`` holds, or None if there is none."""
        entry = self._json(RUN, None, decode_run_entry)
        place = f"'{self._bucket.url}/{self._prefix}{RUN}'"
        return entry if entry is None else require_record(entry, place)

    def _heartbeat(self, stored: Read) -> datetime | None:
        """Return the last sign of life; of a running run it may be in an object of its own."""
        last: datetime | None = stored()
        if self.entry().get("status") != "RUNNING":
            return last
        beat = self._json(layout.HEARTBEAT, {}, decode_jsonpickle)
        times = [time for time in (last, parse_time(beat.get("heartbeat"))) if time is not None]
        return max(times, default=None)

    def _values(self, name: str) -> Any:
        try:
            release = sacred_release(self.entry().get("experiment"))
        except DamagedRecordError:
            release = None
        return self._json(name, {}, functools.partial(decode_jsonpickle, release=release))

    def _annotations(self) -> Iterator[Annotation]:
        for number in count(1):
            data = self._bucket.get(self._prefix + layout.annotation_key(number))
            if data is None:
                return
            yield from parse_annotations(data)

    def _json(self, name: str, default: Any, decode: Callable[[Any], Any]) -> Any:
        key = self._prefix + name
        try:
            with guard(f"'{self._bucket.url}/{key}'"):
                return read_json(self._bucket, key, default, decode)
        except (DamagedRecordError, BucketAwayError, BucketMissingError):
            raise
        except StoreError as error:
            next(iter(self._bucket.folders(self._place.root)), None)  # raises if all is refused
            raise DamagedRecordError(str(error)) from None
