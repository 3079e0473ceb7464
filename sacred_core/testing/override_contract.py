"""What a store promises to subclasses of its observer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from sacred_core.exceptions import SacredError
from sacred_core.stores.summaries import COLUMNS
from sacred_core.testing.comparing import assert_metrics
from sacred_core.testing.documented import overridden
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.id_contract import IdContract
from sacred_core.testing.samples import TRACE


class OverrideContract(IdContract):
    """The part of `StoreContract` that is about methods which a subclass overrides."""

    def test_overridden_methods_record_the_same(self, tmp_path: Path) -> None:
        """Overrides with the signatures of Sacred's manual, by position or name, lose nothing."""
        plain = self._record_runs(self.make_observer(tmp_path), tmp_path)
        for by_position in (True, False):
            observer = overridden(self.make_observer(tmp_path), by_position)
            found = self._record_runs(observer, tmp_path)
            assert found == plain, f"by_position={by_position}: {found} instead of {plain}"

    def test_overridden_starts_respect_the_id_that_is_asked_for(self, tmp_path: Path) -> None:
        """An existing id is refused, and a queued run is started, as without an override."""
        plain = self._record_requested(10, lambda: self.make_observer(tmp_path), tmp_path)
        for number, by_position in ((20, True), (30, False)):

            def make(by_position: bool = by_position) -> Any:
                return overridden(self.make_observer(tmp_path), by_position)

            found = self._record_requested(number, make, tmp_path)
            assert found == plain, f"by_position={by_position}: {found} instead of {plain}"

    def test_an_override_may_change_the_points(self, tmp_path: Path) -> None:
        """The changed points are stored in order and without gaps, also after a retry."""
        observer = self.make_observer(tmp_path)
        observer.__class__ = _thin(type(observer))
        driver = EventDriver(observer, times=2)
        run_id = driver.start()
        for number in range(3):
            driver.log("loss", [10 * number + n for n in range(4)], first_step=4 * number)
        driver.complete()
        found = self.make_store(tmp_path).metrics(run_id)
        assert found["loss"]["values"] == [1, 3, 11, 13, 21, 23], found["loss"]
        assert found["all"]["values"] == [0, 2, 1, 3, 10, 12, 11, 13, 20, 22, 21, 23], found["all"]

    def _record_requested(
        self, number: int, make: Callable[[], Any], tmp_path: Path
    ) -> dict[str, Any]:
        """Return what becomes of runs that ask for ``number`` and for the id of a queued run."""
        driver = EventDriver(make())
        found: dict[str, Any] = {"first": driver.start(_id=number, asked_id=number) == number}
        driver.complete()
        try:
            EventDriver(make()).start(_id=number, asked_id=number)
        except SacredError as error:
            found["second"] = type(error)
        queued = EventDriver(make()).queue()
        found["queued"] = EventDriver(make()).start(_id=queued, asked_id=queued) == queued
        return {**found, "status": self.make_store(tmp_path).get(queued).status}

    def _record_runs(self, observer: Any, tmp_path: Path) -> list[Any]:
        """Return what the store has of a queued run and of an interrupted one."""
        file = tmp_path / "overridden.txt"
        file.write_text("content")
        queued = EventDriver(observer).queue(host_info={"hostname": "queued here"})
        driver = EventDriver(observer)
        run_id = driver.start()
        store = self.make_store(tmp_path)
        for number in range(3):
            driver.print(f"line {number}\n")
            driver.log("loss", [float(number), 0.5], first_step=2 * number)
            driver.beat({"number": number}, number, captured=[["a.py", "main", ["rate"]]])
        driver.resource(str(file))
        driver.artifact("a", str(file), metadata={"b": 1}, content_type="text/x-special")
        driver.code(str(tmp_path), [], ["numpy==2.0"])
        driver.beat(info={"number": 3}, result=3)
        driver.interrupt("OUT_OF_BUDGET", tuple(TRACE))
        assert_metrics(store, run_id, driver)
        runs = [attrs.evolve(store.get(each), id=0) for each in (queued, run_id)]
        assert runs[1].captured, "the captured functions of the event are lost"
        return [*runs, store.output(run_id), store.metrics(run_id)]


def _thin(parent: Any) -> Any:
    """Return a subclass that logs every second point, and all of them under another name."""

    class Thinned(parent):  # type: ignore[misc]
        def log_metrics(self, metrics_by_name: Any, info: Any) -> None:
            loss = metrics_by_name["loss"]
            for name, first in (("all", 0), ("all", 1), ("loss", 1)):
                points = {key: loss[key][first::2] for key in COLUMNS}
                super().log_metrics({name: {"name": name, **points}}, info)

    return Thinned
