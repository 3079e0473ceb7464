"""The files in a patch, as ``git diff`` writes it."""

import hashlib
import re

import attrs

from sacred_core.compare.text_diff import split_lines

_START = "diff --git "
_INDEX = re.compile(r"index [0-9a-f]+\.\.([0-9a-f]+)")
#: The line before a change of a file that is not a text.
_BINARY = "GIT binary patch"
#: The line before the changed lines, with their numbers.
_HUNK = re.compile(r"@@ -[0-9,]+ \+[0-9,]+ @@")


@attrs.frozen
class PatchFile:
    """What a patch changes in one file.

    Attributes:
        path: In its repository.
        lines: The lines of the patch about it.
    """

    path: str
    lines: tuple[str, ...]

    @property
    def blob(self) -> str | None:
        """The id that git has for the changed content; None if it is not in the patch."""
        found = (_INDEX.match(line) for line in self.lines[:6])
        return next((each[1] for each in found if each), None)

    @property
    def changes(self) -> tuple[str, ...]:
        """The lines without the header: the hunks, or what the header has besides names."""
        start = next((n for n, line in enumerate(self.lines) if _HUNK.match(line)), None)
        if start is not None:
            return self.lines[start:]
        if _BINARY in self.lines:
            return ("binary content",)
        return tuple(line for line in self.lines[1:] if not line.startswith("index "))

    @property
    def digest(self) -> str:
        """A hexadecimal digest of what is changed, without line numbers and what it is based on."""
        text = "\n".join(comparable_line(line) for line in self.lines)
        return hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def patch_files(patch: str) -> list[PatchFile]:
    """Return the files that a patch changes, in its order."""
    parts: list[list[str]] = []
    for line in split_lines(patch):
        if line.startswith(_START):
            parts.append([])
        if parts:
            parts[-1].append(line)
    return [PatchFile(_path(lines[0]), tuple(lines)) for lines in parts]


def comparable_line(line: str) -> str:
    """Return a line of a patch without line numbers, and without what the patch is based on."""
    if line.startswith("index "):
        return "index"
    return _HUNK.sub("@@", line) if line.startswith("@@") else line


def blob_id(content: bytes) -> str:
    """Return the id that git has for a content."""
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def _path(line: str) -> str:
    """Return the path in the first line: ``diff --git a/PATH b/PATH``, maybe in quotation marks."""
    names = line.removeprefix(_START)
    half = names[: len(names) // 2]
    return half.strip('"').removeprefix("a/")
