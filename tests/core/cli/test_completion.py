"""Tests of completion of the command ``sacred``."""

from pathlib import Path

import pytest

from sacred_core.cli.completion import candidates
from sacred_core.cli.main import main, sacred
from sacred_core.exceptions import StoreError
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore


@pytest.fixture
def runs(memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder with three runs, the second of which has files."""
    monkeypatch.setattr(
        "sacred_core.cli.runs.completing.open_store", lambda location: MemoryStore(memory)
    )
    (tmp_path / "model.bin").write_text("m")
    for number in range(3):
        driver = EventDriver(MemoryObserver(memory))
        driver.start()
        if number == 1:
            driver.artifact("model.bin", str(tmp_path / "model.bin"))
            driver.artifact("a\nb", str(tmp_path / "model.bin"))
        driver.complete()
    return str(tmp_path)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("ru", ["runs"]),
        ("runs li", ["list"]),
        ("completion ", ["bash", "fish", "zsh"]),
        ("runs list x --exa", ["--exact"]),
        ("runs list x --status=de", ["--status=DEAD"]),
        ("runs list x --status ", None),
        ("runs list x --only me", ["metrics"]),
        ("runs list ", []),
        ("runs bogus ", None),
        ("runs delete --bogus x ", []),
        ("runs show {runs} ", ["3", "2", "1"]),
        ("runs show {runs} 2", ["2"]),
        ("runs delete {runs} 1 ", ["3", "2", "1"]),
        ("runs tag {runs} 3", ["3"]),
        ("runs get {runs} 2 mo", ["model.bin"]),
        ("runs get {runs} 2 ", ["model.bin"]),
        ("runs get {runs} 99 ", []),
        ("runs copy {runs} ", []),
        ("runs copy {runs} target ", ["3", "2", "1"]),
        ("runs copy {runs} target 3 --dr", ["--dry-run"]),
        ("runs copy nothing {runs} ", []),
        ("runs verify {runs} b 2", ["2"]),
        ("runs verify {runs} b --con", ["--contents"]),
        ("runs sync {runs} ", []),
        ("runs sync {runs} b --", ["--dry-run", "--json", "--help"]),
        ("runs show mongodb://host:1 ", []),
        ("runs show no-such-folder ", []),
    ],
)
def test_candidates(runs: str, line: str, found: list[str] | None) -> None:
    """Commands, options and their values, ids of runs and names of files; nothing where a location
    or another file may follow.
    """
    words = line.format(runs=runs).split(" ")
    shown = candidates(sacred, words)
    if found is None:
        assert len(shown) > 3
    else:
        assert shown == found


def test_a_store_that_cannot_be_read_has_no_candidates(
    runs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Completion has no candidates then, and raises nothing."""

    def fail(location: str) -> MemoryStore:
        raise StoreError("broken")

    monkeypatch.setattr("sacred_core.cli.runs.completing.open_store", fail)
    assert candidates(sacred, ["runs", "show", runs, ""]) == []


def test_the_variable_asks_for_candidates(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The words are one a line, and so are the candidates; no command runs."""
    monkeypatch.setenv("_SACRED_COMPLETE", "runs\nsh")
    monkeypatch.setattr("sys.argv", ["sacred", "plugins"])
    main()
    assert capsys.readouterr().out == "show\n"
