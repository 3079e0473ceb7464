"""Reads the record of one run in the format of folders, wherever its files are."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from sacred_core.exceptions import DamagedRecordError, NotARunError
from sacred_core.jsonpickle_data import (
    decode_jsonpickle,
    decode_run_entry,
    sacred_release,
    without_metric_references,
)
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.checking import require_record
from sacred_core.stores.folder_format import CONFIG, INFO, LEASE, RUN, run_fields
from sacred_core.stores.guarded import Read, once
from sacred_core.stores.tokens import TOKEN

#: The default that `content_of` expects of what reads a JSON file.
MISSING: Any = object()


def content_of(found: Any, place: str) -> Any:
    """Return the content of a JSON file, None if ``found`` is `MISSING`.

    Raises:
        DamagedRecordError: the content is null; the message has the ``place``.
    """
    if found is None:
        raise DamagedRecordError(f"{place} is null")
    return None if found is MISSING else found


class RecordFolder(ABC):
    """The files of a run, each of which is read when it is requested.

    Args:
        name: Of the folder.

    Attributes:
        name: Of the folder.
        entry: Returns the content of ``run.json``, None if it is missing.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.entry = once(self._entry)

    @abstractmethod
    def location(self, name: str) -> str:
        """Return where a file is, for messages."""

    @abstractmethod
    def read_json(self, name: str, decode: Callable[[Any], Any]) -> Any:
        """Return the decoded content of a JSON file, None if it is missing.

        Raises:
            DamagedRecordError: it cannot be read.
        """

    @abstractmethod
    def read_annotations(self) -> Iterable[Annotation]:
        """Return the annotations of the run."""

    def exists(self) -> bool:
        """Return whether the folder has a record, which may be damaged or of another program."""
        try:
            return self.is_run()
        except NotARunError:
            return True

    def is_run(self) -> bool:
        """Return whether the folder has a record, which may be damaged.

        Raises:
            NotARunError: it is that of another program.
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
            "claim": partial(self._claim, fields["claim"]),
            "config": partial(self._values, CONFIG),
            "info": self._info,
            "annotations": lambda: list(self.read_annotations()),
        }

    def _entry(self) -> Any:
        entry = self.read_json(RUN, decode_run_entry)
        return entry if entry is None else require_record(entry, self.location(RUN))

    def _claim(self, stored: Read) -> Any:
        """Return the claim of a worker, with the renewals of a run that has not started."""
        claim = stored()
        if claim is None or self._sound_entry().get("status") != "QUEUED":
            return claim
        from sacred_core.stores.worker_claims import with_beats  # few runs are queued

        try:
            return with_beats(claim, self.read_json(LEASE, lambda found: found))
        except DamagedRecordError:
            return claim

    def _info(self) -> Any:
        info = self._values(INFO)
        return info if TOKEN in self._sound_entry() else without_metric_references(info)

    def _values(self, name: str) -> Any:
        release = sacred_release(self._sound_entry().get("experiment"))
        found = self.read_json(name, partial(decode_jsonpickle, release=release))
        return {} if found is None else found

    def _sound_entry(self) -> dict[str, Any]:
        """Return the content of ``run.json``, nothing if it cannot be read."""
        try:
            return self.entry() or {}
        except DamagedRecordError:
            return {}
