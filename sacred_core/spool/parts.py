"""Parts of runs in a spool: what other processes than that of the run recorded.

The metadata of such a record are those of `sacred_core.stores.writers.part_meta`. It is delivered
to the parts of its run in the targets, see `sacred_core.spool.part_targets`.
"""

import shutil
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import attrs

from sacred_core.delivery.failures import format_error
from sacred_core.delivery.used_folders import note_folder
from sacred_core.events import Event, Heartbeat, RunStarted
from sacred_core.file_locks import ProcessLock, is_locked
from sacred_core.observers.forwarding import ForwardingObserver
from sacred_core.spool.descriptions import SpooledRun, SpoolTarget, describe_start
from sacred_core.spool.folder_format import folder_format_spec
from sacred_core.stores.locations import FilePath, absolute_path
from sacred_core.stores.writers import RUN, WRITER

#: In the folder for the child processes of a run, the locked file of each writer.
NAMES = "_names"


class PartSpoolObserver(ForwardingObserver):
    """Records a part of a run in a local folder, from where others deliver it.

    These are the process of the run, see `sacred_core.spool.relay`, and ``sacred spool flush``. The
    start must have the metadata of `sacred_core.stores.writers.part_meta`.

    Args:
        targets: The stores of the run.
        folder: The spool. Several processes can use it at the same time.

    Attributes:
        folder: The absolute path of the spool.

    Raises:
        SpoolError: sacred-file is not installed.
    """

    role = "in the spool"

    def __init__(self, targets: Sequence[SpoolTarget], folder: FilePath) -> None:
        self.folder = Path(absolute_path(folder))
        self._targets = tuple(targets)
        self._run: SpooledRun | None = None
        self._lock: ProcessLock | None = None
        self._failed: set[int] = set()
        self._recorded = threading.Condition()
        self._beat: datetime | None = None
        self._error = ""
        super().__init__(folder_format_spec().create(str(self.folder)))

    def __copy__(self) -> Self:
        """Return one for another part at the same time."""
        twin = super().__copy__()
        twin._run, twin._lock, twin._failed = None, None, set()
        twin._recorded, twin._beat, twin._error = threading.Condition(), None, ""
        return twin

    @property
    def record_together(self) -> Any:
        """The method of the observer that records in the folder, or None."""
        return getattr(self.covered_observer, "record_together", None)

    def forward(self, event: Event, resolve_lazy: Callable[[str], Any]) -> Any:
        """Record an event in the folder."""
        if isinstance(event, RunStarted):
            return self._start(event, resolve_lazy)
        try:
            answer = super().forward(event, resolve_lazy)
        except BaseException as error:
            self._note(event, format_error(error) if isinstance(error, Exception) else "ended")
            raise
        self._note(event, "")
        return answer

    def wait_recorded(self, beat: datetime | None, seconds: float) -> str:
        """Wait until all up to a heartbeat is recorded; return why it is not, or an empty string.

        Args:
            beat: The time of the heartbeat.
            seconds: Wait so long, at most.
        """
        with self._recorded:
            self._recorded.wait_for(lambda: self._error or self._has(beat), seconds)
            if self._has(beat):
                return ""
            return self._error or "the disk does not answer"

    def _has(self, beat: datetime | None) -> bool:
        is_late = beat is not None and (self._beat is None or self._beat < beat)
        return not is_late and not self._failed

    def _note(self, event: Event, error: str) -> None:
        with self._recorded:
            (self._failed.add if error else self._failed.discard)(event.seq)
            if isinstance(event, Heartbeat) and not error:
                self._beat = event.beat_time
            self._error = error
            self._recorded.notify_all()

    def join(self) -> None:
        """Unlock the part, which has ended, so that it is delivered as a whole."""
        super().join()
        if self._run is not None and self._lock is not None:
            if self._failed:  # they are written to another folder, and belong to this record
                attrs.evolve(self._run, keep=True).write()
            self._lock.release()

    def _start(self, event: RunStarted, resolve_lazy: Callable[[str], Any]) -> Any:
        """Describe the part first, so that it is found when the process is killed at any moment."""
        note_folder(self.folder)
        meta = event.meta_info
        run, self._lock = describe_start(
            self.folder,
            event,
            uid=meta["uid"],
            targets=self._targets,
            writer=meta[WRITER],
            run=meta[RUN],
        )
        try:
            run_id = super().forward(event, resolve_lazy)
            self._run = attrs.evolve(run, run_id=run_id)
            self._run.write()
        except BaseException:
            run.remove()
            self._lock.release()
            raise
        return run_id


def remove_private_folder(folder: Path) -> None:
    """Remove the folder for the child processes of a run, unless one of them is recording there.

    Other folders, such as the spool of a user, are not changed.
    """
    names = folder / NAMES
    if names.is_dir() and not any(map(is_locked, names.iterdir())):
        shutil.rmtree(folder, ignore_errors=True)
