"""What an observer promises about the store that it opens itself."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.testing.event_driver import EventDriver


class OwnStoreContract:
    """The part of `StoreContract` that is about `RunObserver.open_store`."""

    make_observer: Callable[[Path], Any]
    make_store: Callable[[Path], Any]

    def test_the_observer_opens_an_empty_store_before_the_first_run(self, tmp_path: Path) -> None:
        """Where nothing was recorded, ``open_store()`` returns a store without runs, and a run can
        be started afterwards.
        """
        observer = self.make_observer(tmp_path)
        assert list(observer.open_store().list()) == [], "the store of a new place has runs"
        run_id = EventDriver(observer).start()
        assert [run.id for run in self.make_store(tmp_path).list()] == [run_id]

    def test_the_observer_opens_the_store_of_its_runs(self, tmp_path: Path) -> None:
        """``open_store()`` reads the runs of the observer while they are running and later."""
        observer = self.make_observer(tmp_path)
        driver = EventDriver(observer)
        run_id = driver.start(config={"a": 1})
        driver.print("printed\n")
        driver.log("loss", [0.5])
        driver.beat()
        store = observer.open_store()
        assert store.get(run_id).config == {"a": 1}
        assert store.output(run_id) == "printed\n"
        assert store.metrics(run_id)["loss"]["values"] == [0.5]
        driver.complete(result=1)
        store = observer.open_store()
        assert [run.id for run in store.list()] == [run_id]
        assert store.get(run_id) == self.make_store(tmp_path).get(run_id)
