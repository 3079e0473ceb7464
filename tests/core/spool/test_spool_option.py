"""Tests of the spool of all observers of a run: the option and the setting."""

from pathlib import Path
from typing import Any

import pytest

from sacred_core import SETTINGS, Experiment, RunObserver
from sacred_core.delivery.used_folders import undelivered_folder
from sacred_core.exceptions import OptionError
from sacred_core.spool.observer import SpoolObserver
from sacred_core.spool.wrapping import spool_observers
from sacred_core.state_folder import state_folder
from tests.core.spool.conftest import ServerObserver, Spool


class Messages(RunObserver):
    """Has no store."""

    def __init__(self) -> None:
        self.ids: list[Any] = []

    def started_event(self, _id: Any) -> None:
        self.ids.append(_id)


@pytest.fixture
def ex(spool: Spool) -> Experiment:
    """An experiment with two stores and an observer without one."""
    found = Experiment("ex", save_git_info=False)
    found.observers += [ServerObserver(spool.one), Messages(), ServerObserver(spool.two)]

    @found.main
    def main(_run: Any) -> list[str]:
        return [type(observer).__name__ for observer in _run.observers]

    return found


@pytest.fixture
def setting(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SETTINGS, "SPOOL", str(spool.folder))


def test_the_option_puts_all_stores_in_one_spool(ex: Experiment, spool: Spool) -> None:
    """Other observers receive the events directly, with the id of the run."""
    run = ex.run(options={"--spool": str(spool.folder)})
    assert run.result == ["SpoolObserver", "Messages"]
    assert ex.observers[1].ids == [1]
    for server in (spool.one, spool.two):
        assert [run.status for run in server.runs.list()] == ["COMPLETED"]
    assert len(ex.observers) == 3


def test_the_option_on_the_command_line(ex: Experiment, spool: Spool) -> None:
    """As for every option."""
    run = ex.run_commandline(["script.py", f"--spool={spool.folder}"])
    assert run.result[0] == "SpoolObserver"


@pytest.mark.usefixtures("setting")
def test_the_setting_is_that_of_all_runs(ex: Experiment, spool: Spool, tmp_path: Path) -> None:
    """The option takes precedence."""
    assert ex.run().result == ["SpoolObserver", "Messages"]
    other = tmp_path / "other"
    ex.run(options={"--spool": str(other)})
    assert other.is_dir()


@pytest.mark.usefixtures("setting")
def test_queued_and_unobserved_runs_have_no_spool(ex: Experiment, spool: Spool) -> None:
    """A queued run is in the stores; one that is not recorded is nowhere."""
    ex.run(options={"--queue": True})
    assert [run.status for run in spool.one.runs.list()] == ["QUEUED"]
    assert ex.run(options={"--unobserved": True}).result == []
    assert not spool.folder.exists()


@pytest.mark.usefixtures("setting")
def test_inherited_observers_are_spooled_once(spool: Spool, ex: Experiment) -> None:
    """A nested run has those of the outer one."""
    outer = Experiment("outer", save_git_info=False)
    outer.observers.append(ServerObserver(spool.one))
    del ex.observers[:]

    @outer.main
    def main() -> Any:
        return ex.run(inherit_observers=True).result

    assert outer.run().result == ["SpoolObserver"]
    assert len(list(spool.one.runs.list())) == 2


def test_a_spool_observer_stays(spool: Spool) -> None:
    """An observer that writes to the folder itself is not changed either."""
    own = ServerObserver(spool.one)
    own.store_location = str(spool.folder)
    observers = [spool.observer(), own]
    assert spool_observers(observers, spool.folder) == observers
    (wrapped,) = spool_observers([ServerObserver(spool.two)], spool.folder)
    assert isinstance(wrapped, SpoolObserver) and wrapped.folder == spool.folder


@pytest.mark.parametrize("argument", ["", 3, None])
def test_a_wrong_folder(ex: Experiment, argument: Any) -> None:
    """It is an error; None is no option."""
    if argument is None:
        ex.run(options={"--spool": argument})
        return
    with pytest.raises(OptionError, match="--spool must be the path of a folder"):
        ex.run(options={"--spool": argument})


def test_the_option_without_a_store(
    ex: Experiment, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning says that nothing is recorded in the folder; the setting has none."""
    ex.observers[:] = [ex.observers[1]]
    ex.run(options={"--spool": str(spool.folder)})
    assert "--spool has no effect: no observer of the run has a store" in caplog.messages
    assert not spool.folder.exists()


@pytest.mark.usefixtures("setting")
def test_the_setting_without_a_store(
    ex: Experiment, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    """It is for all runs, so that there is no warning."""
    ex.observers[:] = [ex.observers[1]]
    ex.run()
    assert "--spool" not in caplog.text and not spool.folder.exists()


def test_a_path_is_a_folder(ex: Experiment, spool: Spool) -> None:
    """As for other options with paths."""
    assert ex.run(options={"--spool": spool.folder}).result[0] == "SpoolObserver"


def test_the_setting_is_the_folder_of_undelivered_events(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it is in the state of the user."""
    assert undelivered_folder() == state_folder("undelivered")
    monkeypatch.setattr(SETTINGS, "SPOOL", "~/spool")
    assert undelivered_folder() == Path("~/spool/_undelivered").expanduser()
