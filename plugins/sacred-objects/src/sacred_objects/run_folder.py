"""Reads the record of one run in a bucket."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from sacred_core.exceptions import DamagedRecordError, StoreError
from sacred_core.jsonpickle_data import decode_jsonpickle
from sacred_core.stores import Annotation, Read, guard
from sacred_core.stores.folder_format import parse_time
from sacred_core.stores.record_folder import MISSING, RecordFolder, content_of
from sacred_objects import object_keys
from sacred_objects.annotations import read_annotations
from sacred_objects.bucket import BucketAwayError, BucketMissingError, read_json


class RunFolder(RecordFolder):
    """The objects of a run; each is fetched when it is requested.

    Args:
        layout: Where the runs are.
        name: Of the folder there.

    Attributes:
        prefix: Of the keys.
    """

    def __init__(self, layout: object_keys.BucketLayout, name: str) -> None:
        super().__init__(name)
        self._layout = layout
        self._bucket = layout.bucket
        self.prefix = layout.run(name)

    def location(self, name: str) -> str:
        """Return the URL of an object in quotation marks."""
        return f"'{self._bucket.url}/{self.prefix}{name}'"

    def fields(self) -> dict[str, Read]:
        """Return what reads each field; heartbeat and info may be in separate objects.

        Those of a resumed run are not: a former process may still write such an object, which it
        does after a look at the record.
        """
        fields = super().fields()
        return {
            **fields,
            "heartbeat": partial(self._heartbeat, fields["heartbeat"]),
            "info": partial(self._latest_info, fields["info"]),
        }

    def read_json(self, name: str, decode: Callable[[Any], Any]) -> Any:
        """Return the decoded content of an object."""
        try:
            with guard(self.location(name)):
                found = read_json(self._bucket, self.prefix + name, MISSING, decode)
                return content_of(found, self.location(name))
        except (DamagedRecordError, BucketAwayError, BucketMissingError):
            raise
        except StoreError as error:
            next(iter(self._bucket.folders(self._layout.root)), None)  # raises if all is refused
            raise DamagedRecordError(str(error)) from None

    def read_annotations(self) -> Iterator[Annotation]:
        """Return the annotations, each of an object."""
        return read_annotations(self._bucket, self.prefix)

    def _heartbeat(self, stored: Read) -> datetime | None:
        last: datetime | None = stored()
        if self.entry().get("status") != "RUNNING" or "info" in self.entry():
            return last
        beat = self.read_json(object_keys.HEARTBEAT, decode_jsonpickle) or {}
        times = [time for time in (last, parse_time(beat.get("heartbeat"))) if time is not None]
        return max(times, default=None)

    def _latest_info(self, stored: Read) -> Any:
        return self._sound_entry()["info"] if "info" in self._sound_entry() else stored()
