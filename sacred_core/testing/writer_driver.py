"""Records runs and their parts for the contracts about writers."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.events import Event
from sacred_core.exceptions import UnavailableError
from sacred_core.provenance.sources import md5_of
from sacred_core.stores.writers import WriterStore, part_id, part_meta
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.samples import EXPERIMENT

#: Of the run, unless a test has several.
UID = "0123456789abcdef0123456789abcdef"
#: Seconds for which an event is delivered again, and between two attempts.
_PATIENCE, _PAUSE = 60.0, 0.05


class PatientDriver(EventDriver):
    """Delivers an event again while the store is locked by other writers, as a run does."""

    def _deliver(self, event: Event) -> None:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return super()._deliver(event)
            except UnavailableError:
                if time.monotonic() > until:
                    raise
            time.sleep(_PAUSE)


class WriterDriver:
    """Starts runs and parts in the store of a contract."""

    make_observer: Callable[[Path], Any]
    make_store: Callable[[Path], Any]
    make_precise_store: Callable[[Path], Any]

    def has_writers(self, tmp_path: Path) -> bool:
        """Return whether the store of an observer has parts of runs."""
        observer = self.make_observer(tmp_path)
        has_writers = isinstance(observer.open_store(), WriterStore)
        observer.join()
        return has_writers

    def name_writers(self, driver: EventDriver, names: list[str]) -> None:
        """Name the writers in the record of the run, as its process does."""
        observer = getattr(driver.observer, "covered_observer", driver.observer)  # of a queue
        run = observer.require_run()
        run.writers = names
        with observer.translate_errors():
            assert observer.update_run(run, frozenset({"writers", "heartbeat"}))

    def start_main(self, tmp_path: Path, uid: str = UID) -> tuple[EventDriver, Any]:
        """Start a run, and return its driver and its id."""
        driver = EventDriver(self.make_observer(tmp_path))
        ex_info = {**EXPERIMENT, "name": "writers", "sources": [], "dependencies": []}
        return driver, driver.start(ex_info=ex_info, meta_info={"uid": uid, "beat_interval": 10.0})

    def start_part(
        self, tmp_path: Path, run_id: Any, name: str, uid: str = UID, code: Path | None = None
    ) -> EventDriver:
        """Start the part of a writer, and return its driver."""
        driver = PatientDriver(self.make_store(tmp_path).writer_observer(run_id))
        sources = [] if code is None else [[code.name, md5_of(code)]]
        ex_info = {**EXPERIMENT, "name": "writers", "base_dir": str(tmp_path), "sources": sources}
        started = driver.start(_id=run_id, ex_info=ex_info, meta_info=part_meta(uid, name))
        assert started == part_id(name), f"the part has the id {started!r}"
        return driver
