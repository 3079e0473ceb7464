"""Tests of `sacred runs recover` with runs in a TinyDB."""

from typing import Any


def test_last_words_are_recovered(crash_script: Any) -> None:
    """Whatever was written is in the output of the run, once."""
    crash_script.assert_recovered(f"tinydb://{crash_script.folder}/db", "-t", "db")
