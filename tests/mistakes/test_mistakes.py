"""Tests of the table of mistakes: each row prints its sentence, and leaves no run unfinished."""

import contextlib
import logging
import os
import re
import runpy
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from sacred_core import SETTINGS
from sacred_core.cli.main import main as sacred
from sacred_core.exceptions import StoreError
from sacred_core.stores.recursive import RecursiveStore
from sacred_core.testing.scripts import TIMEOUT, python_path

from .table import ANYTHING, FOLDER, PASSWORD, Mistake, areas

ROWS = [
    pytest.param(row, id=f"{name.removesuffix('_rows')}: {row.what}")
    for name, area in areas().items()
    for row in area.ROWS
]


@attrs.frozen
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the commands run; it is in no repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("PYTHONUNBUFFERED", "FORCE_COLOR", "SACRED_PLUGINS__STRICT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(SETTINGS, "CAPTURE_MODE", "sys")
    monkeypatch.setattr(SETTINGS.COMMAND_LINE, "STRICT_PARSING", False)  # and restore it
    return tmp_path


@contextlib.contextmanager
def own_logging() -> Iterator[None]:
    """Let a command set up logging as in a process of its own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def in_process(row: Mistake, capsys: pytest.CaptureFixture[str]) -> Outcome:
    """Run a command in this process."""
    program, *_ = words = row.words
    code: object = 0
    with pytest.MonkeyPatch.context() as patch, own_logging():
        patch.setattr(sys, "argv", words)
        try:
            if program == "sacred":
                sacred()
            else:
                runpy.run_path(program, run_name="__main__")
        except SystemExit as error:
            code = error.code or 0
            if isinstance(code, str):
                print(code, file=sys.stderr)
                code = 1
        except BaseException:  # noqa: BLE001 - as Python does
            traceback.print_exc()
            code = 1
    assert isinstance(code, int)
    return Outcome(code, *capsys.readouterr())


def in_shell(row: Mistake, folder: Path) -> Outcome:
    """Run a command in bash; Python finds modules and plugins in the folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {row.typed}"],
        env={**os.environ, "PATH": path, "PYTHONPATH": python_path(folder), **row.environment},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    return Outcome(done.returncode, done.stdout, done.stderr)


def running() -> set[str]:
    """Return the runs in this folder, and below it, that have not ended."""
    try:
        store = RecursiveStore(".")
        return {str(run.id) for run in store.list() if run.recorded_status == "RUNNING"}
    except StoreError:  # there are none
        return set()


def lines(printed: str, folder: Path) -> list[str]:
    text = printed.replace(str(folder), FOLDER)
    return [line.rstrip() for line in text.splitlines()]


def pattern(expected: list[str]) -> str:
    """Return a regular expression of whole lines."""
    return "\n".join(re.escape(line).replace(re.escape(ANYTHING), ".*") for line in expected)


@pytest.mark.parametrize("row", ROWS)
def test_a_mistake_is_reported_in_a_sentence(
    row: Mistake, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints what the row has: no traceback, no password; and no run is left running."""
    (folder / "train.py").write_text(row.script, encoding="utf-8")
    for prepare in row.needs:
        prepare(folder)
    before = running()
    capsys.readouterr()
    done = in_shell(row, folder) if row.in_shell else in_process(row, capsys)
    out, err = lines(done.out, folder), lines(done.err, folder)
    shown = "\n".join([*out, *err])
    assert done.code == row.code, shown
    assert "Traceback" not in shown, shown
    assert PASSWORD not in shown
    where = "\n".join(err) if row.code else shown
    expected = pattern([line.rstrip() for line in row.printed.splitlines()])
    found = re.fullmatch if row.alone else re.search
    assert found(expected if row.alone else f"(?m)^{expected}$", shown), shown
    assert re.search(f"(?m)^{expected}$", where), f"not printed on stderr: {shown}"
    assert running() <= before


def test_each_row_has_its_own_name_and_command() -> None:
    """No row of a file is there twice."""
    for name, area in areas().items():
        names = [row.what for row in area.ROWS]
        assert len(set(names)) == len(names), name
        commands = [(row.typed, row.needs, row.script) for row in area.ROWS]
        assert len({str(command) for command in commands}) == len(commands), name


def test_the_table_has_enough_rows() -> None:
    """Every kind of mistake that was found has a row."""
    assert sum(len(area.ROWS) for area in areas().values()) >= 120
