"""Tests of uncommitted changes as plain data."""

import pytest

from sacred_core.patches import decode_patch, encode_patch


@pytest.mark.parametrize("patch", [b"", b"diff --git a/x b/x\n+a\n", bytes(range(256))])
def test_a_change_comes_back(patch: bytes) -> None:
    """UTF-8 is a string, anything else base64."""
    entry = encode_patch(patch)
    assert set(entry) == ({"patch"} if patch[-1:] != b"\xff" else {"patch_base64"})
    assert all(isinstance(value, str) for value in entry.values())
    assert decode_patch({"commit": "c0ffee", **entry}) == patch


def test_an_entry_without_a_change() -> None:
    """A repository that is clean has none."""
    assert decode_patch({"commit": "c0ffee", "dirty": False}) is None
