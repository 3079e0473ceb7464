"""What the tests of files share."""

from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with the bytes "content"."""
    found = tmp_path / "file"
    found.write_bytes(b"content")
    return found
