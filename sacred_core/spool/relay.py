"""The process of a run delivers what its child processes record, while the run lasts.

A child process records into a part in the private folder of the run, see `PartSpoolObserver`. What
is not delivered when the process of the run ends, or is killed, is in the folder: ``sacred spool
flush`` delivers it.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from sacred_core.delivery.failures import format_error
from sacred_core.delivery.used_folders import flush_command, forget_folder
from sacred_core.exceptions import SacredError, StoreError, UnavailableError
from sacred_core.loggers import own_logger
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.spool.copier import Copier
from sacred_core.spool.descriptions import SpooledRun, SpoolTarget, read_descriptions
from sacred_core.spool.folder_format import folder_format_spec
from sacred_core.spool.part_targets import PartsTarget, open_parts
from sacred_core.spool.parts import remove_private_folder
from sacred_core.spool.updating import RunUpdater
from sacred_core.stores.opening import open_store
from sacred_core.transfer.known_runs import Target

_logger = own_logger(__name__)
#: What a copier returns when nothing will follow.
_DONE = "done"
#: Seconds between a failure and the next attempt, and at the end of a run for all stores.
RETRY_INTERVAL, _END_TIMEOUT = 5.0, 30.0


@attrs.frozen(kw_only=True)
class RelayStore:
    """A store of the run.

    Attributes:
        target: As the descriptions of parts name it.
        open: Returns the store; called in the thread that delivers.
        run_id: The id of the run there; None: it is found by its uid.
    """

    target: SpoolTarget
    open: Callable[[], Any]
    run_id: Any


def start_relay(folder: Path, stores: Iterable[tuple[str, str, Any, Any]]) -> "ChildRelay":
    """Start to deliver what is in the private folder of a run.

    Args:
        folder: The private folder.
        stores: Of each store of the run the class of its observer, its location, the id of the run
            there or None, and the observer.
    """
    return ChildRelay(folder, [_relay_store(*each) for each in stores])


def _relay_store(name: str, location: str, run_id: Any, observer: Any) -> RelayStore:
    open_own = getattr(observer, "open_store", None)
    return RelayStore(
        target=SpoolTarget(observer=name, location=mask_text(location)),
        open=partial(open_store, location) if open_own is None else open_own,
        run_id=run_id,
    )


class ChildRelay:
    """Delivers the parts of a private folder to the stores of the run, each in its own thread.

    Args:
        folder: The private folder.
        stores: Of the run.

    Attributes:
        writers: The names of the child processes that have recorded something, sorted.
    """

    def __init__(self, folder: Path, stores: Sequence[RelayStore]) -> None:
        self.writers: list[str] = []
        self._folder = folder
        self._guard = threading.Lock()
        self._is_closing = False
        self._lines = [_Line(folder, store, self._note_delivered) for store in stores]
        self._copiers = [
            Copier(line.store.target, partial(self._update, line), RETRY_INTERVAL, _do_nothing)
            for line in self._lines
        ]
        for copier in self._copiers:
            copier.start()

    def wake(self) -> None:
        """Deliver what is new, in the background, and read the names of new writers."""
        self._read_writers()
        for copier in self._copiers:
            copier.wake()

    def close(self) -> None:
        """Deliver the rest, for a limited time, and report what is left."""
        until = time.monotonic() + _END_TIMEOUT
        self._read_writers()
        self._is_closing = True
        for copier in self._copiers:
            copier.close()
        for copier in self._copiers:
            copier.wait(until)
        self._report()

    def _read_writers(self) -> None:
        names = {run.writer for run in read_descriptions(self._folder) if run.writer}
        self.writers = sorted(names | set(self.writers))

    def _update(self, line: "_Line", note_answer: Callable[[], None]) -> str | None:
        is_last = self._is_closing  # before the parts are listed: another one may follow
        is_left = line.deliver(note_answer)
        return _DONE if is_last and not is_left else None

    def _note_delivered(self, found: SpooledRun, target: SpoolTarget) -> None:
        """Note that a store has the whole part; when all have it, remove it from the folder."""
        with self._guard:
            run = found.reread()
            if run is None or run.keep:  # some of its events are in another folder
                return
            left = tuple(each for each in run.targets if each != target)
            if left:
                attrs.evolve(run, targets=left).write()
                return
            lock = run.lock()
            if lock is None:
                return
            try:
                local = folder_format_spec().open(str(run.spool))
                with contextlib.suppress(StoreError), local.translate_errors():
                    local.remove(local.require(run.run_id))
                run.remove()
            finally:
                lock.release()

    def _report(self) -> None:
        left = []
        for run in read_descriptions(self._folder):
            if run.run_id is None and not run.is_locked:  # it was killed while it started
                run.remove()
            else:
                left.append(run)
        if not left:
            remove_private_folder(self._folder)
            if not self._folder.exists():
                forget_folder(self._folder)
            return
        active = [run.writer for run in left if run.is_locked]
        if active:
            _logger.warning(
                "%s of the run %s still running: %s. What they record from now on is stored by: %s",
                counted(len(active), "child process"), "is" if len(active) == 1 else "are",
                ", ".join(active), flush_command(str(self._folder)),
            )  # fmt: skip
        reasons = {str(c.target): c.reason for c in self._copiers if c.run_id is None}
        if reasons and len(active) < len(left):
            _logger.warning(
                "What child processes of the run recorded is in %s, but not in all stores (%s). To "
                "deliver it: %s",
                self._folder,
                "; ".join(f"{target}: {reason}" for target, reason in reasons.items()),
                flush_command(str(self._folder)),
            )


class _Line:
    """The delivery to one store, in the thread of a `Copier`."""

    def __init__(
        self,
        folder: Path,
        store: RelayStore,
        note_delivered: Callable[[SpooledRun, SpoolTarget], None],
    ) -> None:
        self.store = store
        self._folder = folder
        self._note_delivered = note_delivered
        self._source: Any = None
        self._parts: Target | None = None
        self._updaters: dict[str, RunUpdater] = {}
        self._has_warned = False

    def deliver(self, note_answer: Callable[[], None]) -> bool:
        """Copy what is new of all parts; return whether something will follow.

        Raises:
            Exception: what a driver raises for one of the parts; the others are copied.
        """
        errors: list[Exception] = []
        is_left = False
        for run in self._waiting():
            try:
                is_over = not run.is_locked  # before the rest is read
                self._updater(run).update(note_answer)
            except Exception as error:  # noqa: BLE001 - of a driver; the others may be copied
                errors.append(error)
                if _is_answer(error):  # such as that the run is not there yet
                    note_answer()
                continue
            if is_over:
                self._note_delivered(run, self.store.target)
                self._updaters.pop(run.uid, None)
            else:
                is_left = True
        if errors:
            self._warn(errors[0])
            raise errors[0]
        return is_left

    def _waiting(self) -> Iterator[SpooledRun]:
        for run in read_descriptions(self._folder):
            if run.run_id is not None and self.store.target in run.targets:
                yield run

    def _updater(self, run: SpooledRun) -> RunUpdater:
        if self._source is None:
            self._source = folder_format_spec().open(str(self._folder))
        if run.uid not in self._updaters:
            assert run.run_id is not None
            self._updaters[run.uid] = RunUpdater(
                self._source, run.run_id, partial(self._open_parts, run)
            )
        return self._updaters[run.uid]

    def _open_parts(self, run: SpooledRun) -> Target:
        if self._parts is None:
            store = self.store.open()
            if self.store.run_id is None:
                self._parts = open_parts(Target(store), self._source.get(run.run_id))
            else:
                self._parts = PartsTarget(store, store.get(self.store.run_id))
        return self._parts

    def _warn(self, error: Exception) -> None:
        if not self._has_warned:
            self._has_warned = True
            _logger.warning(
                "What child processes record cannot be stored in %s now: %s. It is tried again",
                self.store.target, format_error(error),
            )  # fmt: skip


def _is_answer(error: Exception) -> bool:
    """Return whether a store answered, with an error."""
    has_failed = isinstance(error, (UnavailableError, TimeoutError))
    return isinstance(error, SacredError) and not has_failed


def _do_nothing(run_id: object) -> None:
    """Do nothing at the end of a thread."""
