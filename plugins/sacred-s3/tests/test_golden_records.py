"""What a run stores is equal to what release 0.1.0 stores, but for times and ids."""

from pathlib import Path
from types import ModuleType
from typing import Any

from sacred_s3 import S3Observer, S3Store

ADDED = ("runs/_index/", "runs/_ids/started-")


def test_buckets_are_equal_to_those_of_release_0_1_0(
    golden_records: ModuleType, bucket: Any, tmp_path: Path
) -> None:
    """Every object has the same key, the same content and the same content type; additions are
    the index of runs, and numbers of runs that started.
    """

    def read() -> dict[str, Any]:
        return {
            key: [bucket.content_type(key), golden_records.readable(bucket.read(key))]
            for key in bucket.listed()
            if not key.startswith(ADDED)
        }

    golden_records.check_records(
        "s3",
        tmp_path,
        lambda: S3Observer(basedir="runs", **bucket.arguments),
        lambda: S3Store(basedir="runs", **bucket.arguments),
        read,
    )
