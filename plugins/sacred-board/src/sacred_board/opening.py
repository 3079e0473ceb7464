"""Opens the locations of a board at its start, and finds those that have no store."""

import contextlib
import threading
import time
from collections.abc import Sequence

from sacred_board.data.locations import Location, unique_slugs
from sacred_core.cli.runs.options import open_runs
from sacred_core.exceptions import SacredError, UnavailableError
from sacred_core.hooks.targets import resolve_target
from sacred_core.listing.empty_stores import empty_text
from sacred_core.masking import mask_text
from sacred_core.stores import RunStore, find_runs
from sacred_core.stores.explaining import require_existing
from sacred_core.stores.opening import location_spec

#: Seconds after which a store that has not answered is shown as one that is away.
PATIENCE = 5.0
_LATER = "its runs are shown when it can be reached"


class _Opening:
    """A location that is opened in a thread, which ends with the process."""

    def __init__(self, name: str, is_recursive: bool) -> None:
        self.name = name
        self.is_recursive = is_recursive
        self._store: RunStore | None = None
        self._error: BaseException | None = None
        self._remark = ""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def open(self) -> RunStore:
        """Return the store that the thread opened, or open it again."""
        store, self._store = self._store, None
        return open_runs(self.name, self.is_recursive) if store is None else store

    def wait(self, end: float) -> str:
        """Wait until the store answered; return a sentence if no runs are shown, else "".

        Args:
            end: The time at which it is no longer waited for.

        Raises:
            SacredError: there is no store at the location.
        """
        self._thread.join(max(0, end - time.monotonic()))
        if self._thread.is_alive():
            return f"{mask_text(self.name)} has not answered; {_LATER}"
        if self._error is not None:
            raise self._error
        return self._remark

    def _run(self) -> None:
        try:
            store = open_runs(self.name, self.is_recursive)
            require_existing(store)
            if not find_runs(store, limit=1, fields=()):
                self._remark = empty_text(self.name)
            self._store = store
        except UnavailableError as error:
            self._remark = f"{error}; {_LATER}"
        except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
            self._error = error


def _import_store(name: str) -> None:
    """Import the plugin that opens a location, if there is one."""
    with contextlib.suppress(SacredError):  # raised when the location is opened
        spec = location_spec(name)
        if spec is not None and spec.store is not None:
            resolve_target(spec.store)


def open_locations(names: Sequence[str], is_recursive: bool) -> tuple[list[Location], list[str]]:
    """Return the locations of a board, and sentences about those of which no runs are shown.

    A store that cannot be reached now may be reached later.

    Args:
        names: The locations as the user wrote them.
        is_recursive: They are folders, in which all stores are shown.

    Raises:
        SacredError: there is no store at a location.
    """
    slugs = unique_slugs(mask_text(each) for each in names)
    for each in names:
        _import_store(each)  # which may take long, and is not the time of a store that is away
    openings = [_Opening(each, is_recursive) for each in names]
    end = time.monotonic() + PATIENCE
    remarks = [each.wait(end) for each in openings]
    locations = [
        Location(each.name, slug, each.open) for each, slug in zip(openings, slugs, strict=True)
    ]
    return locations, [each for each in remarks if each]
