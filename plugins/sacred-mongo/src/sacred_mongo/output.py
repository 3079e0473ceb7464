"""What a run prints: the end of it in its document, what came earlier in files."""

from typing import Any

from sacred_mongo.collections import Collections, RunKey
from sacred_mongo.connection import Document
from sacred_mongo.values import to_unicode

#: Bytes. A document has 16 MB, of which others need some.
_LARGEST = 7_000_000
#: Characters that stay in the document when it overflows.
_KEPT = 500_000
#: Below so many characters the whole is sent, which needs no computing by the server.
_SHORT = 2_000


class Output:
    """The output of one run.

    Args:
        collections: Where the run is.
        run: Which it is.
        entry: The run's document, if there is output in it already.
    """

    def __init__(
        self, collections: Collections, run: RunKey, entry: Document | None = None
    ) -> None:
        entry = entry or {}
        self._collections = collections
        self._run = run
        self._text: str = entry.get("captured_out") or ""
        self._start: int = entry.get("captured_out_start") or 0
        self._parts: list[Document] = list(entry.get("captured_out_parts") or [])
        self._bytes = len(self._text.encode())

    def write(self, text: str, offset: int) -> None:
        """Replace the output from the character ``offset`` on by ``text``."""
        text = to_unicode(text)
        if offset < self._start:
            self._reopen(offset)
        keep = min(offset - self._start, len(self._text))
        is_appended = keep == len(self._text)
        new = self._text + text if is_appended else self._text[:keep] + text
        size = self._bytes + len(text.encode()) if is_appended else len(new.encode())
        if size > _LARGEST:
            self._overflow(new)
            return
        self._collections.change(self._run, _update(new, text, keep))
        self._text, self._bytes = new, size

    def _overflow(self, text: str) -> None:
        """Put all but the end of ``text`` into a file."""
        early, late = text[:-_KEPT], text[-_KEPT:]
        kept = self._collections.files.store_bytes(
            early.encode(), "captured_out", f"{self._collections.owner(self._run)}/{self._start}"
        )
        part = {"file_id": kept.id, "start": self._start, "length": len(early)}
        self._replace([*self._parts, part], late)

    def _reopen(self, offset: int) -> None:
        """Take back those parts that end behind ``offset``."""
        parts = [p for p in self._parts if p["start"] + p["length"] <= offset]
        start = parts[-1]["start"] + parts[-1]["length"] if parts else 0
        gone = self._parts[len(parts) :]
        files = self._collections.files
        text = "".join(files.read(part["file_id"]).decode() for part in gone)[: offset - start]
        if len(text.encode()) > _LARGEST:
            early, text = text[:-_KEPT], text[-_KEPT:]
            owner = f"{self._collections.owner(self._run)}/{start}"
            kept = files.store_bytes(early.encode(), "captured_out", owner)
            parts = [*parts, {"file_id": kept.id, "start": start, "length": len(early)}]
        self._replace(parts, text)
        kept_ids = {part["file_id"] for part in parts}
        files.delete(p["file_id"] for p in gone if p["file_id"] not in kept_ids)

    def _replace(self, parts: list[Document], text: str) -> None:
        start = parts[-1]["start"] + parts[-1]["length"] if parts else 0
        self._collections.set(
            self._run,
            {"captured_out": text, "captured_out_start": start, "captured_out_parts": parts},
        )
        self._parts, self._text, self._start = parts, text, start
        self._bytes = len(text.encode())


def full_output(collections: Collections, entry: Document) -> str:
    """Return the whole output of a run from its document and its files."""
    parts = entry.get("captured_out_parts") or []
    early = [collections.files.read(part["file_id"]).decode() for part in parts]
    return "".join([*early, entry.get("captured_out") or ""])


def _update(new: str, text: str, keep: int) -> Any:
    if len(new) < _SHORT:
        return {"$set": {"captured_out": new}}
    # The server joins what it has with what is new; sent twice it yields the same.
    before = {"$substrCP": ["$captured_out", 0, keep]}
    return [{"$set": {"captured_out": {"$concat": [before, {"$literal": text}]}}}]
