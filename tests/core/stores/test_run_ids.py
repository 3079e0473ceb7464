"""Tests of ids as stores list them."""

from typing import Any

import pytest

from sacred_core.stores.run_ids import normalize_id


@pytest.mark.parametrize(
    ("given", "listed"),
    [
        (5, 5), ("5", 5), ("0", 0), ("name", "name"), ("", ""),
        ("007", "007"), ("-5", "-5"), ("5.0", "5.0"), ("²", "²"), ("٣", "٣"), (" 5", " 5"),
        (2**63 - 1, 2**63 - 1), (str(2**63 - 1), 2**63 - 1), (2**63, str(2**63)),
        (str(2**63), str(2**63)), ("9" * 5000, "9" * 5000), (-5, -5),
    ],
)  # fmt: skip
def test_an_id_is_a_number_where_it_is_written_as_one(given: Any, listed: Any) -> None:
    """Within 64 bits and in its only spelling; everything else stays a string."""
    normalized = normalize_id(given)
    assert (normalized, type(normalized)) == (listed, type(listed))
