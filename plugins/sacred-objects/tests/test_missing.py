"""Tests of folders of a bucket that do not exist."""

from typing import Any

import pytest
from sacred_objects import ObjectObserver, ObjectStore, bucket_layout

from sacred_core.exceptions import StoreError
from sacred_core.testing.event_driver import record_completed_run


def test_a_folder_without_objects_is_named(bucket: Any) -> None:
    """The error has the folders that exist; a folder with runs, and the bucket itself, exist."""
    record_completed_run(ObjectObserver(lambda: bucket, bucket.url, "a/runs"))
    bucket.put("b/other", b"")
    for folder in ("a/runs", "a", "b", ""):
        ObjectStore(bucket_layout(bucket, folder)).require_existing()
    for folder in ("runs", "a/run"):
        with pytest.raises(StoreError) as error:
            ObjectStore(bucket_layout(bucket, folder)).require_existing()
        assert str(error.value) == (
            f"there is no folder 'memory://bucket/{folder}': the bucket has the folders a, b"
        )


def test_an_empty_bucket_is_named(bucket: Any) -> None:
    """A bucket without any folder is said to be empty, and stays so."""
    with pytest.raises(StoreError, match=r"there is no folder 'memory://bucket/runs': .* is empty"):
        ObjectStore(bucket_layout(bucket, "runs")).require_existing()
    assert bucket.objects == {}
