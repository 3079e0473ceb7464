"""Tests of the number of examples that tests try."""

import pytest

from sacred_core.testing.effort import VARIABLE, examples


@pytest.mark.parametrize(
    ("number", "quick", "deep", "expected"),
    [
        ("", 10, 1000, 10), ("20", 10, 1000, 20), ("20", 100, 1000, 100), ("2000", 10, 1000, 1000),
        ("20", 3, 5, 5), ("20", 61, 9, 9), ("3", 61, 9, 9), ("3", 4, 4, 4), ("1", 2, 20, 2),
    ],
)  # fmt: skip
def test_a_whole_check_tries_no_fewer_examples(
    number: str, quick: int, deep: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable is a number of examples, between the two that a test has."""
    monkeypatch.setenv(VARIABLE, number)
    assert examples(quick, deep) == expected
