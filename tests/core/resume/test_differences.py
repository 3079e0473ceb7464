"""Tests of the comparison of configurations."""

from typing import Any

import pytest

from sacred_core.masking import MASK
from sacred_core.resume.differences import config_differences, differences_text


@pytest.mark.parametrize(
    ("stored", "config", "text"),
    [
        ({"a": 1}, {"a": 1}, ""),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 2, "b": 1}}, ""),
        ({"a": float("nan")}, {"a": float("nan")}, ""),
        ({"a": [1, 2]}, {"a": (1, 2)}, ""),
        ({"password": MASK}, {"password": "secret-4711"}, ""),
        ({"a": 1}, {"a": 1.0}, "a: 1 → 1.0"),
        ({"a": 1}, {"a": True}, "a: 1 → True"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b: 1 → 2"),
        ({"a": 1}, {"b": 1}, "a: 1 → (missing), b: (missing) → 1"),
        ({"a": []}, {"a": {}}, "a: [] → {}"),
    ],
)
def test_entries_that_differ_are_listed(
    stored: dict[str, Any], config: dict[str, Any], text: str
) -> None:
    """Values are equal if they are stored alike, in any order of keys; secrets if masked alike."""
    assert differences_text(config_differences(stored, config)) == text


def test_long_differences_are_shortened() -> None:
    """At most eight entries are shown, and 60 characters of a value."""
    stored = {f"entry{n}": "a" * 100 for n in range(10)}
    text = differences_text(config_differences(stored, dict.fromkeys(stored, 1)))
    assert text.endswith("…→ 1, and 2 other entries".replace("…→", "… →"))
    assert "a" * 60 not in text
