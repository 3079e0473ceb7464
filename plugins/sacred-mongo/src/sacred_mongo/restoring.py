"""The end of a run: the files that its document names are stored."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sacred_core.loggers import own_logger
from sacred_mongo.connection import Document
from sacred_mongo.places import Place
from sacred_mongo.values import loaded_name

_logger = own_logger(__name__)


def restore_missing(place: Place, entry: Document) -> None:
    """Store again what is missing of the files that a run shares with others.

    It is missing where a run that also used it was deleted at the moment when this one began to
    use it. Where its file is not there any more either, or was changed, a warning names it.
    """
    for path, is_stored, is_same in _named(place, entry):
        try:
            if not is_stored() and not is_same(place.files.keep(path, str(path))):
                raise OSError("the file was changed")
        except OSError as error:
            _logger.warning("%s is missing in %s: %s", path, place.runs.full_name, error)


def _named(place: Place, entry: Document) -> Iterator[tuple[Path, Any, Any]]:
    """Yield files with what tells whether they are stored, and whether a stored one is the same."""
    for name, md5 in entry.get("resources") or ():
        yield (
            Path(loaded_name(name)),
            lambda name=name, md5=md5: place.files.find(name, md5) is not None,
            lambda kept, md5=md5: kept.md5 == md5,
        )
    experiment = entry.get("experiment") or {}
    base = Path(str(experiment.get("base_dir") or "."))
    for name, file_id in experiment.get("sources") or ():
        yield (
            base / loaded_name(name),
            lambda file_id=file_id: place.files.name_of(file_id) is not None,
            lambda kept, file_id=file_id: kept.id == file_id,
        )
