"""Which runs a store lists as changed since a token was taken."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from sacred_core.exceptions import ChangeTokenError
from sacred_core.stores import Annotation, RunQuery, find_runs
from sacred_core.stores.changes import change_token, encode_token, missing_ids
from sacred_core.testing.effort import examples
from sacred_core.testing.event_driver import START, EventDriver


class ChangesContract:
    """The part of `StoreContract` that is about changes.

    Attributes:
        change_sequences: How many random sequences of changes are made, a quarter of them in a
            quick check.
        most_changes: How often a run is changed until the store has to skip another one.
    """

    change_sequences = 8
    most_changes = 20_000
    make_observer: Callable[[Path], Any]
    make_store: Callable[[Path], Any]

    def make_precise_store(self, tmp_path: Path) -> Any:
        """Return a store that tolerates no differences of clocks; by default `make_store`.

        A store may list runs that changed shortly before a token was taken again.
        """
        return self.make_store(tmp_path)

    def test_no_change_is_missed(self, tmp_path: Path) -> None:
        """What changed since any earlier token is listed, after each of many random changes."""
        for seed in range(examples(self.change_sequences // 4, self.change_sequences)):
            changer = _Changer(self, tmp_path, random.Random(seed))
            changer.change()  # a store may need a run
            store = self.make_precise_store(tmp_path)
            states: list[tuple[str, dict[Any, Any]]] = []
            now = _state(store)
            for _ in range(6):
                states.append((change_token(store), now))
                change = changer.change()
                now = _state(store)
                for token, before in states:
                    changed = {each for each in now if now[each] != before.get(each)}
                    listed = {run.id for run in store.list(RunQuery(since=token))}
                    assert changed <= listed <= set(now), f"{change}: {changed} not in {listed}"

    def test_what_does_not_change_is_skipped(self, tmp_path: Path) -> None:
        """A run that ended is not listed with those that change after it."""
        ended = EventDriver(self.make_observer(tmp_path))
        ended_id = ended.start()
        ended.complete()
        other = EventDriver(self.make_observer(tmp_path))
        other_id = other.start()
        store = self.make_precise_store(tmp_path)
        for _ in range(self.most_changes):  # until the clock of the store has advanced
            token = change_token(store)
            other.beat()
            listed = [run.id for run in store.list(RunQuery(since=token))]
            assert other_id in listed
            if ended_id not in listed:
                break
        else:
            raise AssertionError("a run is listed again and again, although it ended")
        assert [run.id for run in find_runs(store, since=token)] == [other_id]

    def test_since_is_one_condition_of_several(self, tmp_path: Path) -> None:
        """A condition, an order, a limit and fields apply to the runs that changed."""
        drivers = [EventDriver(self.make_observer(tmp_path)) for _ in range(6)]
        ids = [driver.start(config={"a": -n}) for n, driver in enumerate(drivers)]
        store = self.make_store(tmp_path)
        token = change_token(store)
        for driver in drivers[1:]:
            driver.log("loss", [1.0])
            driver.beat()
            driver.complete()
        drivers[0].complete()
        assert [run.id for run in store.list(RunQuery(since=token, limit=2))] == ids[-2:]
        found = find_runs(store, "config.a < 0", "config.a", limit=4, offset=1, since=token)
        assert [run.id for run in found] == ids[4:0:-1]
        found = find_runs(store, "metrics.loss.last = 1 and config.a > -3", since=token, fields=())
        assert [run.id for run in found] == ids[1:3]
        assert find_runs(store, "config.a = 1", since=token) == []

    def test_deleted_runs_are_found(self, tmp_path: Path) -> None:
        """A deleted run is not listed as changed; its id is found to be missing."""
        ids = []
        for _ in range(3):
            driver = EventDriver(self.make_observer(tmp_path))
            ids.append(driver.start())
            driver.complete()
        store = self.make_store(tmp_path)
        token = change_token(store)
        assert missing_ids(store, ids) == []
        store.delete(ids[1])
        assert missing_ids(store, ids) == [ids[1]]
        assert ids[1] not in [run.id for run in store.list(RunQuery(since=token))]

    def test_invalid_tokens_are_refused(self, tmp_path: Path) -> None:
        """A token of another store, a damaged one and any other string are errors."""
        EventDriver(self.make_observer(tmp_path)).start()
        store = self.make_store(tmp_path)
        token = change_token(store)
        middle = len(token) // 2
        other = "a" if token[middle] != "a" else "b"
        for wrong in (
            "", "1", "1.", "x", "1.\N{DIGIT ONE}", "9" + token[1:], token[:-1], token + "AAAA",
            token[:middle] + other + token[middle + 1 :],
            encode_token("another kind", store, 1),
            encode_token(_kind_of(store), object(), 1),
        ):  # fmt: skip
            error = _refusal(store, wrong)
            assert error is not None, f"the token {wrong!r} was accepted"
        assert _refusal(store, token) is None


def _refusal(store: Any, token: str) -> ChangeTokenError | None:
    try:
        list(store.list(RunQuery(since=token)))
    except ChangeTokenError as error:
        return error
    return None


def _kind_of(store: Any) -> str:
    return getattr(store, "change_kind", None) or "digests"


def _state(store: Any) -> dict[Any, Any]:
    """Return what a store returns of each run."""
    return {
        run.id: (
            repr(attrs.asdict(run, recurse=False)),
            repr(store.metrics(run.id)),
            store.output(run.id),
        )
        for run in store.list()
    }


class _Changer:
    """Makes random changes to the runs of a store."""

    def __init__(self, contract: ChangesContract, folder: Path, draw: random.Random) -> None:
        self._contract = contract
        self._folder = folder
        self._draw = draw
        self._running: list[EventDriver] = []
        self._ids: list[Any] = []
        self._number = 0

    def change(self) -> str:
        """Make one change, and return its name."""
        self._number += 1
        if not self._ids:
            self._start()
            return "start"
        changes: list[Callable[[], None]] = [
            self._start, self._queue, self._beat, self._print, self._log, self._artifact,
            self._code, self._end, self._tag, self._note, self._own_note,
        ]  # fmt: skip
        change = self._draw.choice(changes)
        change()
        return change.__name__

    def _start(self) -> None:
        driver = EventDriver(self._contract.make_observer(self._folder))
        self._ids.append(driver.start(config={"n": self._number}))
        self._running.append(driver)

    def _queue(self) -> None:
        self._ids.append(EventDriver(self._contract.make_observer(self._folder)).queue())

    def _beat(self) -> None:
        for driver in self._some_running():
            driver.beat(info={"n": self._number})

    def _print(self) -> None:
        for driver in self._some_running():
            driver.print(f"{self._number % 10}", max(0, len(driver.output) - 1))

    def _log(self) -> None:
        for driver in self._some_running():
            driver.log("loss", [float(self._number)])

    def _artifact(self) -> None:
        file = self._folder / f"made {self._number}"
        file.write_text("content")
        for driver in self._some_running():
            driver.artifact(file.name, str(file))

    def _code(self) -> None:
        for driver in self._some_running():
            driver.code(".", [], [f"package=={self._number}"])

    def _end(self) -> None:
        for driver in self._some_running():
            self._running.remove(driver)
            ends: list[Callable[[], None]] = [driver.complete, driver.fail, driver.interrupt]
            self._draw.choice(ends)()

    def _tag(self) -> None:
        self._annotate(added=(f"tag{self._number}",))

    def _note(self) -> None:
        self._annotate(note=f"note {self._number}")

    def _own_note(self) -> None:
        for driver in self._some_running():
            driver.annotate(f"own note {self._number}", [f"own tag {self._number}"])

    def _annotate(self, **fields: Any) -> None:
        run_id = self._draw.choice(self._ids)
        store = self._contract.make_store(self._folder)
        store.annotate(run_id, Annotation(time=START, user="ann", **fields))

    def _some_running(self) -> list[EventDriver]:
        return [self._draw.choice(self._running)] if self._running else []
