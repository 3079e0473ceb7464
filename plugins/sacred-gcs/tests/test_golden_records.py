"""What a run stores is equal to what release 0.1.0 stores, but for times and ids."""

from pathlib import Path
from types import ModuleType
from typing import Any

from google.cloud import storage
from sacred_gcs import GoogleCloudStorageObserver, GoogleCloudStorageStore

ADDED = ("runs/_index/", "runs/_ids/started-")


def test_buckets_are_equal_to_those_of_release_0_1_0(
    golden_records: ModuleType, bucket: Any, tmp_path: Path
) -> None:
    """Every object has the same key, the same content and the same content type; additions are
    the index of runs, and numbers of runs that started.
    """

    def read() -> dict[str, Any]:
        return {
            blob.name: [blob.content_type, golden_records.readable(blob.download_as_bytes())]
            for blob in storage.Client(project="proj").list_blobs(bucket.name)
            if not blob.name.startswith(ADDED)
        }

    golden_records.check_records(
        "gcs",
        tmp_path,
        lambda: GoogleCloudStorageObserver(bucket.name, "runs"),
        lambda: GoogleCloudStorageStore(bucket.name, "runs"),
        read,
    )
