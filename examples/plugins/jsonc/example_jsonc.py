"""A format of configuration files: JSON with comments and trailing commas, in ``.jsonc`` files."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sacred_core import ConfigSource, hookimpl

#: A string, which is not changed; or a comment; or a comma before a bracket that closes.
_PARTS = re.compile(
    r"""(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<comma>,)"""
    r"""(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])""",
    re.DOTALL,
)


def load(path: Path) -> Any:
    """Return the content of a file.

    Raises:
        ValueError: it is not JSON; the message has the line and the column.
    """
    return json.loads(_PARTS.sub(_blank, path.read_text(encoding="utf-8-sig")))


def dump(entries: Any, path: Path) -> None:
    """Write JSON, which has no comments."""
    path.write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _blank(part: re.Match[str]) -> str:
    """Return a string unchanged, and spaces for a comment or comma: positions stay the same."""
    return part[0] if part["string"] else re.sub(r"[^\n]", " ", part[0])


@hookimpl
def sacred_config_sources() -> Iterable[ConfigSource]:
    """Offer the format."""
    yield ConfigSource([".jsonc"], load, dump)
