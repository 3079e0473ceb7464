"""Checks that files go to a store and come back in pieces."""

import os
from pathlib import Path
from typing import Any

from sacred_core.testing.scripts import finish_script, start_script

_SCRIPT = """
    import resource
    from sacred_core import Experiment
    ex = Experiment("large", save_git_info=False)
    @ex.automain
    def main(_run):
        _run.add_artifact("small.bin")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        _run.add_artifact("large.bin")
        _run.open_resource("large.bin").close()
        print("grew", (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def check_large_file(folder: Path, store: Any, *options: str) -> None:
    """Record 50 MB with a script and read them back.

    Args:
        folder: Of the script.
        store: Where it records, which has no runs yet; its first run has the id 1.
        options: Of the command line.

    Raises:
        AssertionError: the script needs as much memory, or the content differs.
    """
    (folder / "small.bin").write_bytes(os.urandom(9 * 2**20))  # starts the threads of a driver
    content = os.urandom(50 * 2**20)
    (folder / "large.bin").write_bytes(content)
    printed = finish_script(start_script(folder, _SCRIPT, *options))
    assert int(printed.split("grew")[1].split()[0]) < 25, printed
    with store.open_file(1, "artifact", "large.bin") as file:
        assert file.read(1000) == content[:1000]
        file.seek(-1000, os.SEEK_END)
        assert file.read() == content[-1000:]
        file.seek(0)
        assert file.read() == content
