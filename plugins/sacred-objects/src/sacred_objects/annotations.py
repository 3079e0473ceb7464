"""Tags and notes, of which each is an object: nothing is appended to objects."""

from collections.abc import Iterator
from itertools import count

from sacred_core.stores import Annotation
from sacred_core.stores.folder_format import annotation_line, parse_annotations
from sacred_objects.bucket import Bucket
from sacred_objects.object_keys import TEXT, annotation_key
from sacred_objects.segments import Copy


def put_annotation(
    bucket: Bucket, prefix: str, annotation: Annotation, first: int = 1
) -> tuple[int, Copy]:
    """Write the next object, and return its number and a copy.

    An object with the same annotation was written by an attempt whose answer was lost: no two
    annotations of a user have the same time.

    Args:
        bucket: Where the run is.
        prefix: Of the keys of the run.
        annotation: What is added.
        first: Objects of lower numbers exist.
    """
    data = annotation_line(annotation)
    folder = prefix.rstrip("/").rpartition("/")[2]
    number = first
    while True:
        key = prefix + annotation_key(number)
        version = bucket.put_if_absent(key, data, TEXT)
        if version is None and bucket.get(key) == data:
            version = bucket.version(key)
        if version is not None:
            return number, Copy(f"{folder}/{annotation_key(number)}", version, data)
        number += 1


def read_annotations(bucket: Bucket, prefix: str) -> Iterator[Annotation]:
    """Yield the annotations of a run, the oldest first."""
    for number in count(1):
        data = bucket.get(prefix + annotation_key(number))
        if data is None:
            return
        yield from parse_annotations(data)
