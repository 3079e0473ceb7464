"""Which ids the runs of every store may have, and how they are found."""

from pathlib import Path
from typing import Any

from sacred_core.exceptions import RunIdError, RunNotFoundError
from sacred_core.stores import Annotation, find_runs
from sacred_core.stores.run_ids import LARGEST, LONGEST, normalize_id
from sacred_core.testing.comparing import assert_refused
from sacred_core.testing.event_driver import START, EventDriver
from sacred_core.testing.value_contract import ValueContract

#: No run may have these: some store could not have it, or would take it for another one.
INVALID_IDS: list[Any] = [
    "", " ", "1 ", " 1", "a ", "\ta", "a\n", "a\0b", "a\x1b[2Jb", "\u200bab", "caf\udce9", "a/b",
    "../a", ".", "..", "a.", ".a", "_resources", "_a", "-a", "-1", -1, "a\\b", "a:b", "a*b", "a?b",
    'a"b', "a<b", "a>b", "a|b", "con", "NUL.txt", "Com1", "e\u0301", "x" * (LONGEST + 1),
    "ü" * (LONGEST // 2 + 1), LARGEST + 1, 2**63 - 1, str(2**63 - 1), 2**63, str(2**63), 10**4000,
    10**5000, "9" * 5000,
]  # fmt: skip
#: Ids of runs, and others that may be taken for them.
_IDS: list[Any] = [0, 1, "e", "ss"]
_OTHER_IDS: list[Any] = [
    "00", "01", "+1", "1_0", "1e0", "0x1", "1.0", "\u0661", "\u00b9", "\u00e9", "\u00df",
]  # fmt: skip


class IdContract(ValueContract):
    """The part of `StoreContract` that is about ids."""

    def test_invalid_ids_are_refused(self, tmp_path: Path) -> None:
        """A requested id that is invalid is refused; nothing is stored, and other runs start as
        before.
        """
        for number, asked in enumerate(INVALID_IDS):
            observer = self.make_observer(tmp_path)
            try:
                EventDriver(observer).start(_id=asked, asked_id=asked)
            except RunIdError:
                pass
            else:
                raise AssertionError(f"a run was started with the id {asked!r:.60}")
            if number % 10 == 0:
                self._assert_started(tmp_path)
        self._assert_started(tmp_path)
        assert len(list(self.make_store(tmp_path).list())) == len(INVALID_IDS) // 10 + 2

    def test_invalid_ids_of_other_observers_are_replaced(self, tmp_path: Path) -> None:
        """The run gets an id of this store, and its record contains the other one too."""
        for elsewhere in ("a/b", "1 ", 2**63 - 1, "caf\udce9", "x" * (LONGEST + 1)):
            driver = EventDriver(self.make_observer(tmp_path))
            run_id = driver.start(_id=elsewhere)
            run = self.make_store(tmp_path).get(run_id)
            assert (run.id, run.run_id) == (run_id, elsewhere)
            assert run_id != elsewhere
            driver.complete()

    def test_the_largest_id_does_not_end_the_numbers(self, tmp_path: Path) -> None:
        """Runs start and are found after the largest integer and the longest string."""
        for asked in (LARGEST, "ü" * (LONGEST // 2), "%25" * (LONGEST // 3)):
            driver = EventDriver(self.make_observer(tmp_path))
            assert driver.start(_id=asked, asked_id=asked) == asked
            driver.complete()
            assert self.make_store(tmp_path).get(asked).id == asked
        for _ in range(3):
            self._assert_started(tmp_path)

    def test_only_the_decimal_form_is_an_integer(self, tmp_path: Path) -> None:
        """Reading, annotating or deleting `01` does not affect run 1; both can exist."""
        for run_id in _IDS:
            self._start(tmp_path, run_id)
        store = self.make_store(tmp_path)
        for other in _OTHER_IDS:
            for read in (store.get, store.delete):
                assert_refused(lambda read=read, other=other: read(other), RunNotFoundError)
        for other in _OTHER_IDS:
            self._start(tmp_path, other)
        assert {run.id for run in store.list()} == {*_IDS, *_OTHER_IDS}
        for other in ("01", "1e0", "1"):
            found = find_runs(store, f"id = {other}")
            assert [run.id for run in found] == [normalize_id(other)]
        for other in _OTHER_IDS:
            assert store.get(other).id == other
            store.delete(other)
        assert [store.get(str(run_id)).id for run_id in _IDS] == _IDS

    def test_ids_that_cannot_exist_are_not_found(self, tmp_path: Path) -> None:
        """For any type and size, each method raises a `RunNotFoundError`."""
        self._start(tmp_path, 1)
        self._start(tmp_path, "a")
        store = self.make_store(tmp_path)
        for wanted in (*INVALID_IDS, True, None, 1.0, 1.5, float("inf"), float("nan"), "1/", "./1"):
            self._assert_unknown(store, wanted)
        assert {run.id for run in store.list()} == {1, "a"}

    def _assert_unknown(self, store: Any, run_id: Any) -> None:
        annotation = Annotation(time=START, user="ann", note="x")
        for read in (
            store.get, store.output, store.metrics, store.delete,
            lambda wanted: store.annotate(wanted, annotation),
            lambda wanted: store.open_file(wanted, "artifact", "a"),
        ):  # fmt: skip
            assert_refused(lambda read=read: read(run_id), RunNotFoundError)

    def _assert_started(self, tmp_path: Path) -> None:
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        driver.complete()
        assert self.make_store(tmp_path).get(run_id).status == "COMPLETED"

    def _start(self, tmp_path: Path, run_id: Any) -> None:
        driver = EventDriver(self.make_observer(tmp_path))
        assert driver.start(_id=run_id, asked_id=run_id) == run_id, f"not the id {run_id!r}"
        driver.complete()
