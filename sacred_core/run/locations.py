"""Where a run is recorded, and what finds it there: commands and child processes."""

import contextlib
import logging
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sacred_core.delivery.dispatcher import Dispatcher
from sacred_core.environment import RunAddress, publish_address
from sacred_core.masking import mask_text
from sacred_core.state_folder import private_folder

if TYPE_CHECKING:
    from sacred_core.spool.relay import ChildRelay


class RunLocation(NamedTuple):
    """One store of a run.

    Attributes:
        name: The class of the observer.
        location: What `sacred_core.stores.open_store` opens.
        run_id: The id of the run there; None if it is unknown.
        observer: The observer.
    """

    name: str
    location: str
    run_id: Any
    observer: Any


class RunLocations:
    """The stores in which the observers of a run record it. No attribute of an observer raises.

    Args:
        dispatcher: Of the run.
        logger: Where failures are reported, for debugging.
    """

    def __init__(self, dispatcher: Dispatcher, logger: logging.Logger) -> None:
        self._dispatcher = dispatcher
        self._logger = logger

    def stores(self) -> list[RunLocation]:
        """Return the stores that observers write to."""
        found = (self._store(observer, run_id) for observer, run_id in self._dispatcher.run_ids)
        return [each for each in found if each is not None and each.run_id is not None]

    def final_stores(self) -> list[RunLocation]:
        """Return the stores that have the run in the end: not a spool, but those of its targets."""
        found: list[RunLocation | None] = []
        for observer, run_id in self._dispatcher.run_ids:
            inner = getattr(observer, "inner", None)
            if isinstance(inner, list):
                found += (self._store(each, None) for each in inner)
            else:
                found.append(self._store(observer, run_id))
        return [each for each in found if each is not None]

    def shown(self) -> list[tuple[str, Any]]:
        """Return the locations as users write them, without secrets, and the id of the run."""
        return [
            (mask_text(location), own_id)
            for observer, run_id in self._dispatcher.run_ids
            for location, own_id in self._shown_by(observer, run_id)
            if isinstance(location, str) and own_id is not None
        ]

    def _store(self, observer: Any, run_id: Any) -> RunLocation | None:
        location = None
        try:
            location = getattr(observer, "store_location", None)
        except Exception as error:  # noqa: BLE001 - foreign code must not harm the run
            self._log_failure(observer, "store_location", error)
        if not isinstance(location, str):
            return None
        return RunLocation(type(observer).__name__, location, run_id, observer)

    def _shown_by(self, observer: Any, run_id: Any) -> Iterator[tuple[Any, Any]]:
        try:
            if hasattr(observer, "run_locations"):
                yield from list(observer.run_locations(run_id))
                return
            location = getattr(observer, "store_location", None)
            yield getattr(observer, "display_location", None) or location, run_id
            return
        except Exception as error:  # noqa: BLE001 - foreign code must not harm the run
            self._log_failure(observer, "run_locations", error)
        with contextlib.suppress(Exception):
            yield observer.store_location, run_id

    def _log_failure(self, observer: Any, name: str, error: Exception) -> None:
        self._logger.debug("%s.%s: %s", type(observer).__name__, name, error)


class ChildProcesses:
    """The processes that a run starts: they find it by its address, and may record in it.

    Args:
        locations: Of the run.
    """

    def __init__(self, locations: RunLocations) -> None:
        self._locations = locations
        self._folder = ""
        self._relay: ChildRelay | None = None

    def publish(self, run: Any) -> None:
        """Let processes that are started from now on find a run, or the recorded one around it."""
        if not run.observers:
            publish_address(run, RunAddress(str(run.meta_info.get("parent", ""))))
            return
        self._folder = private_folder(run.uid)
        found = () if run.is_part else self._locations.final_stores()  # ranks deliver nothing
        stores = tuple((each.name, mask_text(each.location)) for each in found)
        name = str(run.experiment_info.get("name", ""))
        suffix = f"-segment{run.segment + 1}" if run.segment else ""
        publish_address(run, RunAddress(run.uid, self._folder, name, run.command, suffix, stores))

    def writers(self) -> list[str] | None:
        """Have delivered what the processes recorded, and return their names; None without any."""
        if self._relay is None and self._folder and os.path.isdir(self._folder):  # noqa: PTH112
            from sacred_core.spool.relay import start_relay

            self._relay = start_relay(Path(self._folder), self._locations.final_stores())
        if self._relay is None:
            return None
        self._relay.wake()
        return self._relay.writers

    def close(self) -> None:
        """Have delivered the rest, once the end of the run is recorded."""
        if self._relay is not None:
            self._relay.close()


def show_command(location: str, run_id: Any) -> str:
    """Return the command that shows a run, quoted for a shell.

    Args:
        location: Of its store, without secrets.
        run_id: Its id there.
    """
    words = [location, str(run_id)]
    if any(word.startswith("-") for word in words):  # it is not an option
        words.insert(0, "--")
    return shlex.join(["sacred", "runs", "show", *words])
