"""Where runs are kept: the database, the files, and the folders of runs under way."""

from pathlib import Path

import attrs
from hashfs import HashFS
from tinydb import TinyDB

from sacred_core.exceptions import DamagedRecordError
from sacred_core.stores import guard
from sacred_tinydb.database import Database, WholeFile
from sacred_tinydb.files import Files
from sacred_tinydb.live import Live
from sacred_tinydb.raw_documents import RawDocument
from sacred_tinydb.records import files_of

_METADATA, _FILES = "metadata.json", "hashfs"


@attrs.frozen
class Place:
    """The runs of one folder.

    Attributes:
        database: Their documents.
        files: Their files.
        live_root: The folder of the folders of runs under way.
    """

    database: Database
    files: Files
    live_root: Path

    def live(self, number: int, token: str | None = None) -> Live:
        """Return the folder of the run whose document has a number."""
        return Live(self.live_root / str(number), token)

    def remove_unused(self, file_ids: set[str], but: int | None = None) -> None:
        """Remove those of the files that no run names; only within `Database.locked`.

        Args:
            file_ids: The files.
            but: The number of a document that does not count.
        """
        if not file_ids:
            return
        documents = {n: found for n, found in self.database.all().items() if n != but}
        used: set[str] = set()
        try:
            with guard("the documents"):
                states = [self.live(number).state() for number in documents]
                for document in [*documents.values(), *states]:
                    if isinstance(document, RawDocument):
                        raise DamagedRecordError("a part of it cannot be parsed")
                    used.update(files_of(document))
        except DamagedRecordError:  # it is not known what a damaged run uses
            return
        for file_id in file_ids - used:
            self.files.delete(file_id)


def place_in(root: Path) -> Place:
    """Return the place in a folder, which need not be there yet."""
    db = TinyDB(root / _METADATA, storage=WholeFile)
    # The layout that the manual documents.
    return place_of(db, HashFS(str(root / _FILES), depth=3, width=2, algorithm="md5"))


def place_of(db: TinyDB, fs: HashFS) -> Place:
    """Return the place of a database and files; what else is needed is beside the files."""
    root = Path(fs.root)
    database = Database(db, root.with_name(f".{root.name}.lock"))
    return Place(database, Files(fs), root.with_name(f"{root.name}.live"))
