"""Tests of `sacred runs recover` with runs in S3."""

from typing import Any


def test_last_words_are_recovered(crash_script: Any, bucket: Any) -> None:
    """Whatever was written is in the output of the run, once."""
    where = "s3://{bucket}/runs?region={region}&endpoint_url={endpoint_url}"
    url = where.format(**bucket.arguments)
    crash_script.assert_recovered(url, "--s3", url)
