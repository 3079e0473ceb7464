"""What a list of runs leaves out: one line for each kind, so that no run is missing silently."""

from types import TracebackType
from typing import Any

import attrs

from sacred_core.exceptions import DamagedRecordError, NotARunError, StoreError
from sacred_core.loggers import own_logger

_logger = own_logger(__name__)
_MOST_NAMES = 5
#: Parts of a record that are dictionaries or lists, if they are there.
_DICTS = ("experiment", "host", "meta", "config", "info")
_LISTS = ("artifacts", "resources")


def check_record(record: Any, place: str) -> dict[str, Any]:
    """Return the record of a run, as each store of documents has it, if it is one.

    Args:
        record: What was read.
        place: The file or document, for the message.

    Raises:
        NotARunError: it is data of another program: no dictionary with the status of a run.
        DamagedRecordError: a part has another type.
    """
    if not isinstance(record, dict) or not isinstance(record.get("status"), str):
        raise NotARunError(f"{place} is not the record of a run: it has no status")
    for names, kind in ((_DICTS, dict), (_LISTS, list)):
        for name in names:
            if record.get(name) is not None and not isinstance(record[name], kind):
                found = type(record[name]).__name__
                raise DamagedRecordError(
                    f"{place} is damaged: {name!r} is not a {kind.__name__} ({found})"
                )
    for entry in record.get("resources") or ():
        if not isinstance(entry, (list, tuple)) or len(entry) < 2:
            raise DamagedRecordError(f"{place} is damaged: {entry!r} is not a resource")
    return record


@attrs.define
class SkippedRuns:
    """Collects what a list of runs skips, and logs a line for each kind at its end."""

    _damaged: list[tuple[str, str]] = attrs.field(factory=list)
    _foreign: list[tuple[str, str]] = attrs.field(factory=list)

    def add(self, name: Any, error: StoreError) -> None:
        """Note that ``name`` was skipped for a reason."""
        found = self._foreign if isinstance(error, NotARunError) else self._damaged
        found.append((str(name), str(error)))

    def __enter__(self) -> "SkippedRuns":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for what, found in (
            ("runs that cannot be read", self._damaged),
            ("records of other programs", self._foreign),
        ):
            if found:
                names = [name for name, _ in found[:_MOST_NAMES]]
                names += ["…"] * (len(found) > _MOST_NAMES)
                _logger.warning(
                    "Skipping %s %s (%s): %s", len(found), what, ", ".join(names), found[0][1]
                )
