"""Tests of ``sacred runs pack``, and of other commands with an archive."""

import contextlib
import io
import json
import resource
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.archives import ArchiveStore
from sacred_core.cli.main import sacred
from sacred_core.exceptions import OptionError, StoreError
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

LOCATION = "memory://"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def runs(memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The location of five runs, of which the last one is running, in a working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("content")
    for number in range(1, 6):
        driver = EventDriver(MemoryObserver(memory))
        driver.start(config={"lr": number / 10})
        driver.log("loss", [1.0, 1 / number])
        driver.artifact("model", str(tmp_path / "file"))
        if number < 5:
            driver.complete(result=number)
    return LOCATION


def pack(*args: str) -> Result:
    return CliRunner().invoke(sacred, ["runs", "pack", *args])


def ids_of(path: str = "runs.zip") -> list[int | str]:
    return ArchiveStore(path).ids()


@pytest.mark.parametrize(
    ("args", "ids"),
    [
        (["3"], [3]),
        (["3", "1-2", "1"], [1, 2, 3]),
        (["--where", "config.lr > 0.15 and metrics.loss.last > 0.3"], [2, 3]),
        (["--all"], [1, 2, 3, 4, 5]),
    ],
)
def test_runs_are_chosen(runs: str, args: list[str], ids: list[int]) -> None:
    """By ids, ranges, a query, or all."""
    result = pack(runs, *args, "-o", "runs.zip")
    assert result.exit_code == 0, result.output
    assert ids_of() == ids
    count = "1 run" if len(ids) == 1 else f"{len(ids)} runs"
    size = f"{Path('runs.zip').stat().st_size / 1000:.3g} kB"
    assert result.stdout == f"Wrote {count} to runs.zip ({size}).\n"


@pytest.mark.parametrize("args", [[], ["1", "--all"], ["1", "-w", "id = 1"], ["-w", "", "--all"]])
def test_the_choice_must_be_clear(runs: str, args: list[str]) -> None:
    """Ids, a query or all, and not two of them."""
    result = pack(runs, *args, "-o", "runs.zip")
    assert result.exit_code == 2
    assert "specify the runs: their ids, --where or --all" in result.stderr
    assert not Path("runs.zip").exists()


def test_an_output_is_needed(runs: str) -> None:
    """Without `-o` it is not known where to write."""
    result = pack(runs, "1")
    assert result.exit_code == 2 and "Missing option '-o'" in result.stderr


def test_runs_that_do_not_exist_are_errors(runs: str) -> None:
    """An id, and a query that no run matches; there is no archive then."""
    assert isinstance(pack(runs, "1", "9", "-o", "runs.zip").exception, StoreError)
    result = pack(runs, "-w", "id = 9", "-o", "runs.zip")
    assert result.exit_code == 1 and "None of the 5 runs matches" in result.stderr
    assert not Path("runs.zip").exists()


def test_an_existing_file_is_replaced_only_with_force(runs: str) -> None:
    """The message names the option."""
    Path("runs.zip").write_text("precious")
    result = pack(runs, "1", "-o", "runs.zip")
    assert isinstance(result.exception, OptionError)
    assert str(result.exception) == ("'runs.zip' exists: use --force to replace it, or -o FILE")
    assert Path("runs.zip").read_text() == "precious"
    assert pack(runs, "1", "-o", "runs.zip", "--force").exit_code == 0
    assert ids_of() == [1]


def test_a_file_that_cannot_be_written_is_an_error(runs: str) -> None:
    """In a folder that does not exist."""
    result = pack(runs, "1", "-o", "missing/runs.zip")
    assert isinstance(result.exception, OptionError)
    assert str(result.exception) == "cannot write 'missing/runs.zip': No such file or directory"


def test_json_describes_the_archive(runs: str, memory: Memory) -> None:
    """Counts, and what is missing; the exit code is then 1, and stderr has sentences."""
    result = pack(runs, "1-4", "-o", "runs.zip", "--json")
    size = Path("runs.zip").stat().st_size
    expected: dict[str, Any] = {
        "archive": "runs.zip", "runs": 4, "contents": 1, "size": size, "problems": [],
    }  # fmt: skip
    assert result.exit_code == 0 and json.loads(result.stdout) == expected
    assert result.stderr == ""
    for run in memory.runs.values():
        run.files.clear()
    result = pack(runs, "1-2", "-o", "runs.zip", "--json", "--force")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["contents"]) == (1, 0)
    problem = {"kind": "artifact", "name": "model"}
    assert found["problems"] == [
        {"run": number, **problem, "reason": f"run '{number}' has no artifact 'model'"}
        for number in (1, 2)
    ]
    assert result.stderr.splitlines() == [
        "Warning: run 1: artifact 'model': run '1' has no artifact 'model'",
        "Warning: run 2: artifact 'model': run '2' has no artifact 'model'",
        "Warning: 2 parts of 2 runs could not be read; the archive lists them in manifest.json",
    ]


def test_a_running_run_is_named(runs: str, memory: Memory) -> None:
    """It is packed, with a warning: what it stores later is not in the archive."""
    memory.runs[5].run.heartbeat = datetime.now(UTC)
    result = pack(runs, "4-5", "-o", "runs.zip")
    assert result.exit_code == 0
    assert result.stderr == (
        "Warning: run 5 is still running: what it stores later is not in the archive\n"
    )


def test_a_full_disk_is_an_error(runs: str) -> None:
    """One sentence with the file and the reason, and nothing is left beside the other files."""
    before, files = resource.getrlimit(resource.RLIMIT_FSIZE), sorted(Path().iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        result = pack(runs, "--all", "-o", "runs.zip")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(result.exception, OptionError)
    assert str(result.exception) == "cannot write 'runs.zip': File too large"
    assert sorted(Path().iterdir()) == files


def test_ctrl_c_leaves_no_archive(runs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The exit code is that of shells, and nothing is left beside the other files."""

    def interrupt(*args: Any) -> str:
        raise KeyboardInterrupt

    before = sorted(Path().iterdir())
    monkeypatch.setattr(MemoryStore, "read_output", interrupt)
    result = pack(runs, "--all", "-o", "runs.zip")
    assert (result.exit_code, result.stderr) == (130, "Interrupted\n")
    assert sorted(Path().iterdir()) == before


def test_a_terminal_shows_the_progress(runs: str) -> None:
    """A bar on stderr counts the runs."""
    terminal = Terminal()
    with contextlib.redirect_stderr(terminal):
        sacred(["runs", "pack", runs, "--all", "-o", "runs.zip"], standalone_mode=False)
    shown = terminal.getvalue()
    assert "  0%" in shown and "100%" in shown and ids_of() == [1, 2, 3, 4, 5]


def test_other_commands_read_an_archive(runs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`list`, `show`, `get` and `export` with the path of the archive; `delete` is refused."""
    pack(runs, "2-3", "-o", "runs.zip")
    path = str(Path("runs.zip").absolute())
    monkeypatch.undo()

    def run(*args: str) -> Result:
        return CliRunner().invoke(sacred, ["runs", *args])

    assert run("list", path, "-c", "id,result", "--csv").stdout == "id,result\n2,2\n3,3\n"
    assert '"lr": 0.2' in run("show", path, "2", "--json").stdout
    assert run("get", path, "2", "model", "-o", "-").stdout == "content"
    refused = run("delete", path, "2", "--yes")
    assert isinstance(refused.exception, StoreError)
    assert "is an archive, which cannot be changed: unpack it" in str(refused.exception)
