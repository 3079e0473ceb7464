"""What a store promises where the record of a run is damaged."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.stores import DAMAGED, RunQuery, find_runs
from sacred_core.stores.run_ids import normalize_id
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.claim_contract import ClaimContract
from sacred_core.testing.damage_checks import QUERIES, Sound, check_query
from sacred_core.testing.event_driver import EventDriver


class DamageContract(ClaimContract):
    """The part of `StoreContract` that is about records which cannot be read."""

    def damage(self, tmp_path: Path, run_id: Any) -> bool:
        """Write something into the record of a run that cannot be read, and return True.

        The rules of this class are only checked if a subclass defines this.
        """
        del tmp_path, run_id
        return False

    def test_a_damaged_record_hides_no_other(self, tmp_path: Path) -> None:
        """The run has the status DAMAGED and the reason; every other run is read as before."""
        ids = record_sound_runs(lambda: self.make_observer(tmp_path), tmp_path)
        before = Sound.of(self.make_store(tmp_path), [ids[0], ids[2]])
        if not self.damage(tmp_path, ids[1]):
            skip_rule("damage() returns False")
        store = self.make_store(tmp_path)
        before.check(store)
        assert [run.id for run in store.list()] == ids, "the damaged run is not in the list"
        assert [run.id for run in store.list(RunQuery(limit=2))] == ids[1:]
        (run,) = find_runs(store, "status = DAMAGED")
        assert run.id == ids[1] and run.damage, f"listed as {run}"
        assert store.get(ids[1]) == run, "get returns something else than list"
        assert run.status == DAMAGED and not run.is_running()
        for query in QUERIES:
            check_query(store, query)

    def test_a_damaged_run_is_deleted(self, tmp_path: Path) -> None:
        """A damaged run is deleted without data that others share; so are other runs."""
        ids = record_sound_runs(lambda: self.make_observer(tmp_path), tmp_path)
        before = Sound.of(self.make_store(tmp_path), [ids[0], ids[2]])
        if not self.damage(tmp_path, ids[1]):
            skip_rule("damage() returns False")
        store = self.make_store(tmp_path)
        store.delete(ids[0])
        Sound({ids[2]: before.runs[ids[2]]}).check(store)
        store.delete(ids[1])
        assert [run.id for run in store.list()] == ids[2:]
        Sound({ids[2]: before.runs[ids[2]]}).check(store)
        store.delete(ids[2])
        assert list(store.list()) == []

    def test_runs_start_beside_a_damaged_one(self, tmp_path: Path) -> None:
        """The id of a damaged run is not free."""
        ids = record_sound_runs(lambda: self.make_observer(tmp_path), tmp_path)
        if not self.damage(tmp_path, ids[1]):
            skip_rule("damage() returns False")
        driver = EventDriver(self.make_observer(tmp_path))
        new = driver.start()
        driver.complete(result=7)
        store = self.make_store(tmp_path)
        assert new not in ids and [run.id for run in store.list()] == [*ids, new]
        assert store.get(new).result == 7


def record_sound_runs(make_observer: Callable[[], Any], folder: Path) -> list[Any]:
    """Record three runs that share a resource in ``folder``, and return their ids."""
    file = folder / "shared"
    file.write_bytes(b"content")
    ids = []
    for number in range(3):
        driver = EventDriver(make_observer())
        ids.append(driver.start(config={"n": number, "more": {"x": ["ä", 1.5]}}))
        driver.resource(str(file))
        driver.artifact("made", str(file))
        driver.print("printed\n")
        driver.log("loss", [1.0, number / 10])
        driver.beat(info={"x": number})
        driver.complete(result=number)
    return [normalize_id(run_id) for run_id in ids]
