"""What a run stores is equal to what release 0.1.0 stores, but for times and ids."""

from pathlib import Path
from types import ModuleType
from typing import Any

from sacred_s3 import S3Observer, S3Store


def test_buckets_are_equal_to_those_of_release_0_1_0(
    golden_records: ModuleType, bucket: Any, tmp_path: Path
) -> None:
    """Every object has the same key, the same content and the same content type."""
    golden_records.record_runs(
        tmp_path / "files",
        lambda: S3Observer(basedir="runs", **bucket.arguments),
        lambda: S3Store(basedir="runs", **bucket.arguments),
    )
    stored = {}
    for key in bucket.listed():
        head = bucket.client.head_object(Bucket=bucket.name, Key=key)
        stored[key] = [head["ContentType"], golden_records.readable(bucket.read(key))]
    golden_records.assert_golden("s3", stored, tmp_path)
