"""Tests of `sacred runs recover` with runs in folders."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from sacred_file import FileStore

from sacred_core.testing.scripts import python_path


def test_last_words_are_recovered(crash_script: Any) -> None:
    """They are in ``cout.txt``, and the files of the spool are gone."""
    folder: Path = crash_script.folder
    crash_script.assert_recovered(str(folder / "runs"), "-F", "runs")
    assert not list((folder / "runs" / "1").glob(".output*"))
    assert "CUDA error" in (folder / "runs" / "1" / "cout.txt").read_text()


def test_the_reader_shows_the_rest_before_it_is_recovered(crash_script: Any) -> None:
    """The reader shows the rest before it is recovered, from the files in the folder of the run,
    with secrets masked.
    """
    crash_script.run("abort", "-F", "runs")
    output = FileStore(crash_script.folder / "runs").output(1)
    assert output.endswith("db://ann:***@host CUDA error ä")


def test_only_the_runs_of_a_location_are_recovered(crash_script: Any) -> None:
    """Those of others stay as they are, without a word."""
    crash_script.run("abort", "-F", "runs")
    (crash_script.folder / "empty").mkdir()
    done = crash_script.recover("empty")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Nothing to recover.\n")
    assert len(crash_script.entries) == 1
    done = crash_script.recover("runs")
    assert (done.returncode, done.stderr) == (0, "")
    assert "the output is complete" in done.stdout
    assert crash_script.entries == []


def test_a_live_run_is_left_alone(crash_script: Any) -> None:
    """A live run is left alone, also where the process has become another program that can still
    write.
    """
    folder: Path = crash_script.folder
    (folder / "live.py").write_text(
        "import os\nfrom sacred_core import Experiment\nex = Experiment('live')\n"
        "@ex.automain\ndef main():\n    print('ready', flush=True)\n    input()\n"
        "    os.execvp('sh', ['sh', '-c', 'echo new; read line; echo last'])\n"
    )
    process: Any = subprocess.Popen(
        [sys.executable, "live.py", "-l", "ERROR", "-F", "runs"], cwd=folder,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=crash_script.environment,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    for line in ("new\n", "last\n"):
        done = crash_script.recover()
        assert "the run is alive" in done.stderr
        assert (done.returncode, done.stdout) == (0, "")
        assert len(crash_script.entries) == 1
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == line
    process.communicate(timeout=60)
    assert crash_script.recover().returncode == 0
    assert FileStore(folder / "runs").output(1) == "ready\nnew\nlast\n"


def test_nothing_is_left_of_a_run_that_ends(crash_script: Any) -> None:
    """The spool of a run is removed at each kind of end."""
    for ending in ("pass", "raise ValueError('broke')", "sys.exit(3)"):
        (crash_script.folder / "ends.py").write_text(
            "import sys\nfrom sacred_core import Experiment\nex = Experiment('ends')\n"
            f"@ex.automain\ndef main():\n    print('text')\n    {ending}\n"
        )
        subprocess.run(
            [sys.executable, "ends.py", "-F", "runs"], cwd=crash_script.folder, check=False,
            capture_output=True, env=crash_script.environment, timeout=60,
        )  # fmt: skip
        assert crash_script.entries == []
    assert (crash_script.folder / "spools").stat().st_mode & 0o777 == 0o700


def test_another_run_of_the_same_id_is_not_changed(crash_script: Any) -> None:
    """What cannot be assigned is listed, with exit code 1, until it is discarded."""
    folder: Path = crash_script.folder
    crash_script.run("kill -9", "-F", "runs")
    path = folder / "runs" / "1" / "run.json"
    entry = json.loads(path.read_text())
    path.write_text(json.dumps({**entry, "start_time": "2020-01-01T00:00:00+00:00"}))
    before = (folder / "runs" / "1" / "cout.txt").read_bytes()
    done = crash_script.recover()
    assert done.returncode == 1
    assert "in the store is another run" in done.stderr
    assert (folder / "runs" / "1" / "cout.txt").read_bytes() == before
    assert crash_script.recover("--discard", "--yes").returncode == 0
    assert crash_script.entries == []


def test_a_run_that_was_deleted_is_forgotten(crash_script: Any) -> None:
    """Its spool went with its folder."""
    crash_script.run("kill -9", "-F", "runs")
    FileStore(crash_script.folder / "runs")
    for path in sorted((crash_script.folder / "runs" / "1").rglob("*"), reverse=True):
        path.unlink()
    (crash_script.folder / "runs" / "1").rmdir()
    done = crash_script.recover()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "Nothing to recover.\n")
    assert crash_script.entries == []


FILTERED = """
import os
from sacred_core import Experiment
{imports}
ex = Experiment("filtered", save_git_info=False)
ex.captured_out_filter = {filter}

@ex.automain
def main():
    print("hidden and shown", flush=True)
    os.write(1, b"progress 1 %\\rprogress 99 %\\nhidden last")
    os.abort()
"""


def filtered(crash_script: Any, imports: str, name: str) -> None:
    (crash_script.folder / "own.py").write_text(
        "def hide(text):\n    return text.replace('hidden', '***')\n"
    )
    (crash_script.folder / "filtered.py").write_text(FILTERED.format(imports=imports, filter=name))
    subprocess.run(
        [sys.executable, "filtered.py", "-l", "ERROR", "-F", "runs"], cwd=crash_script.folder,
        capture_output=True, check=False, env=crash_script.environment, timeout=60,
    )  # fmt: skip


def test_the_filter_of_progress_bars_is_applied(crash_script: Any) -> None:
    """The filter of progress bars is applied to what is recovered, and to what is read before."""
    name = "apply_backspaces_and_linefeeds"
    filtered(crash_script, f"from sacred_core.utils import {name}", name)
    expected = "hidden and shown\nprogress 99 %\nhidden last"
    store = FileStore(crash_script.folder / "runs")
    assert store.output(1) == expected
    done = crash_script.recover()
    assert done.returncode == 0, done.stderr
    assert store.output(1) == expected


def test_a_filter_of_ones_own_is_not_imported(crash_script: Any) -> None:
    """The text that it did not see is stored once the user names the filter."""
    filtered(crash_script, "from own import hide", "hide")
    store = FileStore(crash_script.folder / "runs")
    assert "hidden" not in store.output(1)
    done = crash_script.recover()
    assert done.returncode == 1
    assert "'own:hide'" in done.stderr
    assert "hidden" not in store.output(1)
    crash_script.variables["PYTHONPATH"] = python_path(crash_script.folder)
    done = crash_script.recover("--filter", "own:missing")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    done = crash_script.recover("--filter", "own:hide")
    assert done.returncode == 0, done.stderr
    assert store.output(1) == "*** and shown\nprogress 1 %\rprogress 99 %\n*** last"


def test_a_run_without_a_place_for_its_spool_goes_on(crash_script: Any) -> None:
    """It is recorded as before."""
    (crash_script.folder / "spools").write_text("not a folder")
    crash_script.run("abort", "-F", "runs")
    assert FileStore(crash_script.folder / "runs").output(1).endswith("CUDA error ä")
