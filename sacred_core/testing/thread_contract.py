"""Threads that read one store at the same time, as a server of pages does."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sacred_core.exceptions import StoreError
from sacred_core.stores import find_runs
from sacred_core.stores.changes import change_token, list_ids
from sacred_core.stores.curves import summaries, tail
from sacred_core.testing.event_driver import EventDriver

_THREADS = 4
_ROUNDS = 3


class ThreadContract:
    """The part of `StoreContract` that is about several threads in one process."""

    make_observer: Any
    make_store: Any

    def test_threads_read_one_store(self, tmp_path: Path) -> None:
        """4 threads that read one store while runs are recorded find what one thread finds."""
        ended, running = (EventDriver(self.make_observer(tmp_path)) for _ in range(2))
        ids = [driver.start(config={"a": 1}) for driver in (ended, running)]
        for driver in (ended, running):
            driver.print("printed\n")
            driver.log("loss", [0.5, 0.25])
            driver.beat()
        ended.complete(result=3)
        store = self.make_store(tmp_path)
        expected = [*_found(store, ids)]
        with ThreadPoolExecutor(_THREADS) as pool:
            readers = [pool.submit(_read_often, store, ids) for _ in range(_THREADS)]
            added = []
            for _ in range(_ROUNDS):
                driver = EventDriver(self.make_observer(tmp_path))
                added.append(driver.start())
                driver.complete()
            for reader in readers:
                for found in reader.result(60):
                    assert found == expected, f"a thread found {found}, not {expected}"
        assert {*list_ids(store)} == {*ids, *added}, "runs that were added are missing"


def _read_often(store: Any, ids: list[Any]) -> list[list[Any]]:
    return [[*_found(store, ids)] for _ in range(_ROUNDS)]


def _found(store: Any, ids: list[Any]) -> Iterator[Any]:
    """Yield what a store has of runs, read in every way."""
    change_token(store)
    listed = {run.id: run for run in find_runs(store)}
    for run_id in ids:
        run = store.get(run_id)
        yield run.id, run.recorded_status, run.config, run.result
        yield listed[run_id].config, listed[run_id].damage
        yield store.output(run_id)
        yield store.metrics(run_id)["loss"]["values"]
        yield [block.last for block in summaries(store, run_id)["loss"]]
        yield tail(store, run_id, {"loss": 1})["loss"]["values"]
        yield _error_of(store)


def _error_of(store: Any) -> str:
    try:
        store.get("missing")
    except StoreError as error:
        return str(error)
    return ""
