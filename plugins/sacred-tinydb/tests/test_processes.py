"""Several processes at once, and processes that are killed."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from sacred_tinydb import TinyDbStore

from sacred_core.exceptions import StoreError
from sacred_core.testing.scripts import start_script

SCRIPT = """
    from sacred_core import Experiment
    ex = Experiment("short", save_git_info=False)
    ex.automain(lambda: ex.add_artifact(__file__, "code"))
"""


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    """A file where the folder should be is one sentence, before the run starts."""
    (tmp_path / "runs").write_text("")
    process = start_script(tmp_path, SCRIPT, "-t", str(tmp_path / "runs"))
    errors = process.communicate()[1]
    assert "could not record the start of the run" in errors and "runs'" in errors
    assert "Traceback" not in errors and process.returncode == 1


def test_a_lock_that_is_never_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that is never released is an error after a while; a lock whose process was
    killed is none.
    """
    process = start_script(tmp_path, SCRIPT, "-t", str(tmp_path / "runs"))
    process.communicate()
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(f"""
            import time
            from filelock import FileLock
            with FileLock({str(tmp_path / "runs" / ".hashfs.lock")!r}):
                print("locked", flush=True)
                time.sleep(60)
        """)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None and holder.stdout.readline() == "locked\n"
    monkeypatch.setattr("sacred_tinydb.database.LOCK_TIMEOUT", 0.2)
    store = TinyDbStore(tmp_path / "runs")
    (run,) = store.list()
    with pytest.raises(StoreError, match=r"has locked .* for 0\.2 seconds"):
        store.delete(run.id)
    holder.kill()
    holder.communicate()
    store.delete(run.id)
    assert list(store.list()) == []
