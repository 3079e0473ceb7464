"""Copies of files that an observer did not record when they were added."""

import shutil
import tempfile
from pathlib import Path

from sacred_core.delivery.event_files import files_of, with_copied_files
from sacred_core.events import Event
from sacred_core.loggers import own_logger
from sacred_core.plurals import counted

_logger = own_logger(__name__)
#: Bytes that stay free.
_SPARE = 1_000_000_000


class SafeCopies:
    """A folder for files that one observer records later: the user may change or remove them."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._count = 0

    def of(self, event: Event) -> Event:
        """Return ``event`` with copies of its files, or as it is where there is no space."""
        files = files_of(event)
        if not files or self._has(files):
            return event
        try:
            if self._folder is None:
                # Not a TemporaryDirectory: a forked child that ends would remove it.
                self._folder = Path(tempfile.mkdtemp(prefix="sacred-artifacts-"))
            size = sum(path.stat().st_size for path in files if path.is_file())
            if shutil.disk_usage(self._folder).free < size + _SPARE:
                raise OSError(f"{counted(size, 'byte')} would leave too little free disk space")
            self._count += 1
            return with_copied_files(event, self._folder / str(self._count))
        except FileNotFoundError:  # which is why it was not recorded
            return event
        except OSError as error:
            _logger.warning(
                "Could not back up %s (%s); keep the file until the run ends",
                ", ".join(repr(str(path)) for path in files), error,
            )  # fmt: skip
            return event

    def remove(self) -> None:
        """Remove the copies."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _has(self, files: list[Path]) -> bool:
        return self._folder is not None and any(self._folder in path.parents for path in files)
