"""What a store promises to users who name it by its location, such as ``acme:///data/runs``."""

from pathlib import Path
from typing import Any

from sacred_core.exceptions import SacredError
from sacred_core.stores import open_store
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.secret_contract import SecretContract

#: Commands of ``sacred runs``, with arguments of a run that does not exist.
_COMMANDS: dict[str, list[str]] = {
    "list": [],
    "show": ["1"],
    "tag": ["1", "a-tag"],
    "note": ["1", "a note"],
    "delete": ["1", "--yes"],
}


class LocationContract(SecretContract):
    """The part of `StoreContract` that is about locations: `open_store` and ``sacred runs``.

    The plugin is installed.
    """

    def location(self, tmp_path: Path) -> str | None:
        """Return what `open_store` opens where `make_observer` records.

        By default it is the `store_location` of the observer. None: the store has no location,
        for example because it is in memory, and these rules are not tested.
        """
        location: str | None = self.make_observer(tmp_path).store_location
        assert location is not None, (
            "the observer has no store_location: set it, or override `location` in this test"
        )
        return location

    def test_open_store_opens_its_location(self, tmp_path: Path) -> None:
        """`open_store` reads the runs, their output, metrics and files."""
        location = self.location(tmp_path)
        if location is None:
            skip_rule("location() returns None")
        run_id = _record_run(self.make_observer(tmp_path), tmp_path)
        store = open_store(location)
        assert [run.id for run in store.list()] == [run_id]
        assert store.get(run_id) == self.make_store(tmp_path).get(run_id)
        assert store.output(run_id) == "printed\n"
        assert store.metrics(run_id)["loss"]["values"] == [0.5]
        with store.open_file(run_id, "artifact", "made") as file:
            assert file.read() == b"content"

    def test_sacred_runs_works_on_its_location(self, tmp_path: Path) -> None:
        """`sacred runs list`, `show`, `tag`, `note` and `delete` work on the location."""
        location = self.location(tmp_path)
        if location is None:
            skip_rule("location() returns None")
        run_id = str(_record_run(self.make_observer(tmp_path), tmp_path))
        assert run_id in _sacred_runs("list", location)
        assert "printed" in _sacred_runs("show", location, run_id)
        _sacred_runs("tag", location, run_id, "a-tag")
        _sacred_runs("note", location, run_id, "a note")
        shown = _sacred_runs("show", location, run_id)
        assert "a-tag" in shown and "a note" in shown, shown
        _sacred_runs("delete", location, run_id, "--yes")
        assert list(open_store(location).list()) == []

    def existing(self, tmp_path: Path) -> set[str]:
        """Return the names of what exists in the store, such as tables or collections.

        By default these are the files below ``tmp_path``.
        """
        return set(map(str, tmp_path.rglob("*")))

    def test_reading_creates_nothing(self, tmp_path: Path) -> None:
        """Where nothing was recorded, no command of `sacred runs` creates anything, and a missing
        run is an error.
        """
        before = self.existing(tmp_path)
        location = self.location(tmp_path)
        if location is None:
            skip_rule("location() returns None")
        made = self.existing(tmp_path) - before
        assert not made, f"the observer has created {made} although no run has started"
        for command, arguments in _COMMANDS.items():
            result = _invoke(command, location, *arguments)
            message = f"sacred runs {command}: {result.exception!r}\n{result.output}"
            assert isinstance(result.exception, (SacredError, SystemExit, type(None))), message
            assert command == "list" or result.exception is not None, message
            made = self.existing(tmp_path) - before
            assert not made, f"`sacred runs {command}` has created {made}"


def _record_run(observer: Any, tmp_path: Path) -> Any:
    """Record a run that ends, and return its id."""
    made = tmp_path / "made"
    made.write_bytes(b"content")
    driver = EventDriver(observer)
    run_id = driver.start()
    driver.print("printed\n")
    driver.log("loss", [0.5])
    driver.artifact("made", str(made))
    driver.beat()
    driver.complete()
    return run_id


def _sacred_runs(*arguments: str) -> str:
    """Return what a command prints that succeeds."""
    result = _invoke(*arguments)
    command = " ".join(("sacred runs", *arguments))
    assert result.exit_code == 0, f"{command}: {result.exception!r}\n{result.output}"
    return str(result.output)


def _invoke(*arguments: str) -> Any:
    from click.testing import CliRunner

    from sacred_core.cli.main import sacred

    return CliRunner().invoke(sacred, ["runs", *arguments])
