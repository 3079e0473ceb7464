"""The ids of the runs in a TinyDB."""

import uuid

from sacred_core.stores.claims import RunIds
from sacred_tinydb.database import Document
from sacred_tinydb.storage import Storage


class DocumentIds(RunIds):
    """The ids of a TinyDB; used only while it is locked.

    Attributes:
        number: Of the document of the new run.
        replaced: The document that it replaced.
    """

    def __init__(self, storage: Storage, document: Document, display_name: str) -> None:
        super().__init__(display_name)
        self.number = 0
        self.replaced: Document = {}
        self._storage = storage
        self._document = document

    def insert(self, run_id: int | str, other_id: int | str | None) -> bool:
        """Add the document."""
        if self._storage.find(run_id) is not None:
            return False
        if other_id is not None:
            self._document["run_id"] = other_id
        self._document["_id"] = run_id
        self.number = self._storage.database.add(self._document)
        return True

    def take_over(self, run_id: int | str, is_start: bool) -> bool:
        """Replace the document of the queued run."""
        number, queued = self._storage.find(run_id) or (0, {})
        if not is_start or queued.get("status") != "QUEUED":
            return False
        if queue_time := (queued.get("meta") or {}).get("queue_time"):
            self._document["meta"] = {**self._document["meta"], "queue_time": queue_time}
        if "annotations" in queued:
            self._document["annotations"] = queued["annotations"]
        self._replace(number, queued)
        return True

    def overwrite(self, run_id: int | str) -> bool:
        """Replace the document of the run."""
        found = self._storage.find(run_id)
        if found is not None:
            self._replace(*found)
        return found is not None

    def new_id(self, previous: int | None) -> str:
        """Return an id that no run has or had, as Sacred does in place of numbers."""
        return uuid.uuid4().hex

    def _replace(self, number: int, old: Document) -> None:
        self.number, self.replaced = number, old
        self._document["_id"] = old["_id"]
        self._storage.database.put(number, self._document)
