"""Copies of files that an observer did not record when they were added."""

import shutil
import tempfile
from pathlib import Path

import attrs

from sacred_core.events import ArtifactAdded
from sacred_core.loggers import own_logger
from sacred_core.stable_files import copy_version

_logger = own_logger(__name__)
#: Bytes that stay free.
_SPARE = 1_000_000_000


class SafeCopies:
    """A folder for files that one observer records later: the user may change or remove them."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._count = 0

    def of(self, event: ArtifactAdded) -> ArtifactAdded:
        """Return ``event`` with a copy of its file, or as it is where there is no space."""
        source = Path(event.filename)
        try:
            if self._folder is None:
                # Not a TemporaryDirectory: a forked child that ends would remove it.
                self._folder = Path(tempfile.mkdtemp(prefix="sacred-artifacts-"))
            size = source.stat().st_size
            if shutil.disk_usage(self._folder).free < size + _SPARE:
                raise OSError(f"{size} bytes would leave too little space")
            self._count += 1
            folder = self._folder / str(self._count)
            folder.mkdir()
            copy = folder / source.name
            copy_version(source, copy)
        except FileNotFoundError:  # which is why it was not recorded
            return event
        except OSError as error:
            _logger.warning(
                "Could not back up artifact %r (%s); keep the file until the run ends",
                event.filename, error,
            )  # fmt: skip
            return event
        return attrs.evolve(event, filename=str(copy))

    def remove(self) -> None:
        """Remove the copies."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
