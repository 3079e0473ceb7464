"""The folder of a run that is recorded: written to only while it belongs to this run."""

from pathlib import Path

from sacred_core.atomic_files import replace_bytes
from sacred_core.exceptions import RunRemovedError
from sacred_core.stores.folder_format import RUN
from sacred_core.stores.record_files import read_json
from sacred_core.stores.tokens import TOKEN, run_removed
from sacred_file import layout


class OwnFolder:
    """The folder of a run, with a token of this run; see `sacred_core.stores.tokens`.

    While the run lasts the token is in the file `layout.SPARE`, which is read before each write;
    it is in ``run.json`` too.

    Args:
        folder: Which; it exists.
        token: Of the run.

    Attributes:
        is_recorded: The start of the run is written: before, there is no token to check.
    """

    def __init__(self, folder: Path, token: str) -> None:
        self.path = folder
        self.token = token
        self.is_recorded = False

    def begin(self) -> None:
        """Store the token, in place of that of an earlier run in this folder."""
        token = self.token.encode()
        replace_bytes(self.path / layout.SPARE, token.ljust(layout.SPARE_BYTES, b"\0"))

    def require(self) -> Path:
        """Return the folder.

        Raises:
            RunRemovedError: the run was deleted; another one may have its folder.
        """
        if self.is_recorded and not self._is_own():
            raise self.removed()
        return self.path

    def removed(self) -> RunRemovedError:
        """Return the error for a run that was deleted."""
        return run_removed(self.path.name, repr(str(self.path.parent)))

    def _is_own(self) -> bool:
        token = self.token.encode()
        try:
            with (self.path / layout.SPARE).open("rb", buffering=0) as file:
                return file.read(len(token)) == token
        except (FileNotFoundError, NotADirectoryError):  # it has ended, or is deleted
            entry = read_json(self.path / RUN, {})
            return isinstance(entry, dict) and entry.get(TOKEN) == self.token
