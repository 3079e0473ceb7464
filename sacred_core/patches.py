"""Uncommitted changes as plain data: a string, or base64 where they are not UTF-8."""

from collections.abc import Mapping
from typing import Any


def encode_patch(patch: bytes) -> dict[str, str]:
    """Return the entry of a repository for a change: ``patch`` or ``patch_base64``."""
    try:
        return {"patch": patch.decode()}
    except UnicodeDecodeError:
        import base64

        return {"patch_base64": base64.b64encode(patch).decode()}


def decode_patch(repository: Mapping[str, Any]) -> bytes | None:
    """Return the change that an entry of a repository contains, None if it contains none."""
    if "patch_base64" in repository:
        import base64

        return base64.b64decode(repository["patch_base64"])
    return str(repository["patch"]).encode() if "patch" in repository else None
