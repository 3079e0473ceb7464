"""The output of runs.

Its end is in the document of the run, what came earlier in files.
"""

from typing import Any

from sacred_mongo.collections import Collections, RunReference
from sacred_mongo.connection import Document
from sacred_mongo.values import to_unicode

#: Bytes of output in a document, which has 16 MB, of which others need some.
_LARGEST = 7_000_000
#: Characters that stay in the document when it overflows.
_KEPT = 500_000
#: Below so many characters the whole is sent, which needs no computing by the server.
_SHORT = 2_000


class Output:
    """The output of one run as it is stored.

    Args:
        entry: The document of the run; without, nothing is stored yet.
    """

    def __init__(self, entry: Document | None = None) -> None:
        entry = entry or {}
        self._text: str = entry.get("captured_out") or ""
        self._start: int = entry.get("captured_out_start") or 0
        self._parts: list[Document] = list(entry.get("captured_out_parts") or [])
        self._bytes = len(self._text.encode())

    def write(self, run: RunReference, text: str, offset: int) -> None:
        """Replace the output from the character ``offset`` on by ``text``."""
        text = to_unicode(text)
        if offset < self._start:
            self._reopen(run, offset)
        unchanged = min(offset - self._start, len(self._text))
        is_appended = unchanged == len(self._text)
        new = self._text + text if is_appended else self._text[:unchanged] + text
        size = self._bytes + len(text.encode()) if is_appended else len(new.encode())
        if size > _LARGEST:
            self._replace(run, self._parts, new)
            return
        run.change(_update(new, text, unchanged))
        self._text, self._bytes = new, size

    def _reopen(self, run: RunReference, offset: int) -> None:
        """Remove the parts that end after ``offset``."""
        parts = [p for p in self._parts if p["start"] + p["length"] <= offset]
        gone = self._parts[len(parts) :]
        files = run.collections.files
        text = "".join(files.read(part["file_id"]).decode() for part in gone)
        self._replace(run, parts, text[: offset - _end(parts)])
        kept_ids = {part["file_id"] for part in self._parts}
        files.delete(p["file_id"] for p in gone if p["file_id"] not in kept_ids)

    def _replace(self, run: RunReference, parts: list[Document], text: str) -> None:
        """Store ``text`` after ``parts``; if it is too long, all but its end as another part."""
        if len(text.encode()) > _LARGEST:
            early, text, start = text[:-_KEPT], text[-_KEPT:], _end(parts)
            stored = run.collections.files.store_bytes(
                early.encode(), "captured_out", f"{run.owner}/{start}"
            )
            parts = [*parts, {"file_id": stored.id, "start": start, "length": len(early)}]
        start = _end(parts)
        run.set({"captured_out": text, "captured_out_start": start, "captured_out_parts": parts})
        self._parts, self._text, self._start = parts, text, start
        self._bytes = len(text.encode())


def full_output(collections: Collections, entry: Document) -> str:
    """Return the whole output of a run from its document and its files."""
    parts = entry.get("captured_out_parts") or []
    early = [collections.files.read(part["file_id"]).decode() for part in parts]
    return "".join([*early, entry.get("captured_out") or ""])


def _end(parts: list[Document]) -> int:
    """Return the index of the first character after parts of the output."""
    return parts[-1]["start"] + parts[-1]["length"] if parts else 0


def _update(new: str, text: str, unchanged: int) -> Any:
    if len(new) < _SHORT:
        return {"$set": {"captured_out": new}}
    # The server joins what it has with what is new; sent twice it yields the same.
    before = {"$substrCP": ["$captured_out", 0, unchanged]}
    return [{"$set": {"captured_out": {"$concat": [before, {"$literal": text}]}}}]
