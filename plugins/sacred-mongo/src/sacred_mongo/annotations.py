"""Tags and notes in the document of a run."""

from datetime import datetime
from typing import Any

import attrs
import bson

from sacred_core.exceptions import StoreError
from sacred_core.plurals import counted
from sacred_core.stores import Annotation, guard
from sacred_mongo.collections import RunReference, to_run_id
from sacred_mongo.connection import Document
from sacred_mongo.values import decode, encode

#: The field.
ANNOTATIONS = "annotations"
#: Bytes, see `sacred_mongo.documents`: a document has at most 16 MB.
_LARGEST = 500_000


def add_annotation(run: RunReference, known: Any, annotation: Annotation) -> None:
    """Add an annotation to the list in the document.

    Args:
        run: The run.
        known: The list as it is in the document.
        annotation: What is added, once.

    Raises:
        DamagedRecordError: ``known`` is not a list.
        RunRemovedError: the run was deleted.
        StoreError: the list would be too large.
    """
    given = {name: value for name, value in attrs.asdict(annotation).items() if value}
    new = encode({key: list(v) if isinstance(v, tuple) else v for key, v in given.items()})
    run_id = to_run_id(run.id)
    with guard(f"the notes of run {str(run_id)!r}"):
        if not isinstance(known, list):
            raise TypeError("they are not a list")
        size = len(bson.encode({"": [*known, new]}))
    if size > _LARGEST:
        raise StoreError(
            f"the notes of run {str(run_id)!r} would have {counted(size, 'byte')}: their maximum "
            f"in MongoDB is {counted(_LARGEST, 'byte')}"
        )
    run.change({"$addToSet": {ANNOTATIONS: new}})


def read_annotation(stored: Document) -> Annotation:
    """Return an annotation from an item of the list."""
    items = stored.items()
    values: dict[str, Any] = {k: v if isinstance(v, datetime) else decode(v) for k, v in items}
    return Annotation(**values)
