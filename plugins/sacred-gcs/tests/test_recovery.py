"""Tests of `sacred runs recover` with runs in Google Cloud Storage."""

from typing import Any


def test_last_words_are_recovered(crash_script: Any, bucket: Any) -> None:
    """Whatever was written is in the output of the run, once."""
    url = f"gs://{bucket.name}/runs"
    crash_script.assert_recovered(url, "--gcs", url)
