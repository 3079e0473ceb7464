"""Checks for tests of every kind of bucket."""

from pathlib import Path

from sacred_objects import Bucket, BucketAwayError


def assert_pages_are_refused(bucket: Bucket, folder: Path) -> None:
    """Check a bucket whose server is a proxy that answers everything with its own page.

    Nothing is taken for written, empty, missing, deleted or the content of an object.
    """
    large = folder / "large"
    large.write_bytes(b"x" * (9 << 20))
    with large.open("rb") as file:
        for ask in (
            lambda: bucket.put("key", b"data"),
            lambda: bucket.put("key", file),
            lambda: bucket.put_if_absent("key", b"data"),
            lambda: bucket.get("key"),
            lambda: bucket.get("key", 1, 2),
            lambda: bucket.size("key"),
            lambda: list(bucket.list("a/")),
            lambda: list(bucket.times("a/")),
            lambda: list(bucket.folders("a/")),
            lambda: bucket.delete(["key"]),
        ):
            message = ""
            try:
                ask()
            except BucketAwayError as error:
                message = str(error)
            assert "cannot be reached: " in message and "proxy" in message, message
