"""The benchmarks of copies, comparisons and the spool run, and print their ratios."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import diffing, spooling

ROOT = Path(__file__).resolve().parents[2]


def test_copying_prints_a_ratio_and_counts_for_each_pair() -> None:
    """A ratio and the memory for one long run; seconds and counts for both copies of small runs."""
    command = ["--points", "2000", "--rounds", "1", "--runs", "2", "--", "folders:SQLite"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.copying", *command],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "folders to SQLite:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "2000 points",
        "2000 points",
        "2 runs, first copy, for each run",
        "2 runs, second copy, in all",
    ]
    assert "(aim 1.5)" in lines[1] and "statements" in lines[3]


def test_comparing_prints_its_ratio_to_showing(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the commands, and the times in a process."""
    diffing.main(["--points", "1000", "--sources", "20", "--rounds", "1", "folders"])
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("folders: showing both ") and "(aim 2); in a process " in line


def test_spooling_compares_each_failure_with_the_file_plugin(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row has four figures and their ratios; those of the file plugin alone are 1."""
    all_cases = spooling.cases
    few = ("-F", "MongoDB refuses")
    monkeypatch.setattr(
        spooling, "cases", lambda ports: {name: all_cases(ports)[name] for name in few}
    )
    spooling.main(["--rounds", "1", "--repeat", "1"])
    rows = capsys.readouterr().out.splitlines()[1:]
    assert [row[:20].strip() for row in rows] == [*few]
    assert rows[0][20:].split()[1::2] == ["1.00"] * 4
    assert all(len(row[20:].split()) == 8 for row in rows)
