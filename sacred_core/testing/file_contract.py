"""Files that would block a run, or that change while they are stored."""

import contextlib
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sacred_core.exceptions import StoreError
from sacred_core.provenance.sources import md5_of
from sacred_core.run import Run
from sacred_core.testing.comparing import assert_refused
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.experiments import run_main
from sacred_core.testing.fault_contract import FaultContract
from sacred_core.testing.samples import EXPERIMENT

#: Bytes: more than what stores read at a time.
_LARGE = 3_000_000


class FileContract(FaultContract):
    """The part of `StoreContract` that is about files that cannot be stored as they are."""

    def test_special_files_are_refused_at_the_call(self, tmp_path: Path) -> None:
        """A FIFO, a socket, a device, a folder, a loop of links: `OSError`, nothing is stored."""
        refused: dict[str, list[str]] = {}

        def main(_run: Run) -> None:
            with special_files(tmp_path) as paths:
                for kind, path in paths.items():
                    calls: dict[str, Callable[[Path], Any]] = {
                        "add_artifact": _run.add_artifact,
                        "add_resource": _run.add_resource,
                        "open_resource": _run.open_resource,
                    }
                    refused[kind] = [name for name in calls if _is_refused(calls[name], path)]

        options = {"--capture": "no", "--loglevel": "ERROR"}
        run_id = run_main(self.make_observer(tmp_path), main, tmp_path, options=options)._id
        for kind, names in refused.items():
            assert len(names) == 3, f"{kind}: refused by {names} only"  # FIFO is in the folder
        run = self.make_store(tmp_path).get(run_id)
        assert (run.status, run.artifacts, run.resources) == ("COMPLETED", [], [])

    def test_special_files_do_not_block_the_observer(self, tmp_path: Path) -> None:
        """If one replaces a file after the call, the observer raises, or skips it."""
        with special_files(tmp_path) as paths:
            driver = EventDriver(self.make_observer(tmp_path))
            run_id = driver.start()
            for path in paths.values():
                with contextlib.suppress(OSError):
                    driver.artifact("made", str(path))
                with contextlib.suppress(OSError):
                    driver.resource(str(path))
            driver.complete(result=1)
        store = self.make_store(tmp_path)
        assert store.get(run_id).status == "COMPLETED"
        for kind, name in [("artifact", "made"), *(("resource", str(p)) for p in paths.values())]:
            assert_refused(lambda kind=kind, name=name: store.open_file(run_id, kind, name))

    def test_a_source_that_is_missing_or_changed_does_not_fail_the_start(
        self, tmp_path: Path
    ) -> None:
        """The source is recorded without its content; another run that has it stores it."""
        first, second = b"first = 1\n", b"second = 2\n"
        path = tmp_path / "changes.py"
        path.write_bytes(first)
        changes, missing = [path.name, md5_of(path)], ["missing.py", "0" * 32]
        path.write_bytes(second)
        driver = EventDriver(self.make_observer(tmp_path))
        base = {**EXPERIMENT, "base_dir": str(tmp_path)}
        run_id = driver.start(ex_info={**base, "sources": [changes, missing]})
        driver.code(str(tmp_path), [["later.py", "1" * 32]], [])
        driver.complete()
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        assert run.status == "COMPLETED"
        names = sorted(source[0] for source in run.experiment["sources"])
        assert names == ["changes.py", "later.py", "missing.py"]
        for name in ("changes.py", "missing.py", "later.py"):
            assert_refused(lambda name=name: store.open_file(run_id, "source", name))
        path.write_bytes(first)
        other = EventDriver(self.make_observer(tmp_path))
        other_id = other.start(ex_info={**base, "sources": [changes]})
        other.complete()
        with store.open_file(other_id, "source", "changes.py") as file:
            assert file.read() == first, "the content of another version"

    def test_a_file_that_changes_is_stored_as_one_version(self, tmp_path: Path) -> None:
        """A file that grows or is replaced is stored as it was at one time, or refused."""
        for change in (_grow, _replace):
            path = tmp_path / f"changing{change.__name__}"
            path.write_bytes(b"0" * _LARGE)
            driver = EventDriver(self.make_observer(tmp_path))
            run_id = driver.start()
            with _changing(path, change):
                for _ in range(3):
                    with contextlib.suppress(OSError):
                        driver.artifact("made", str(path))
                    with contextlib.suppress(OSError):
                        driver.resource(str(path))
                driver.complete()
            store = self.make_store(tmp_path)
            for kind, name in (("artifact", "made"), ("resource", str(path))):
                with contextlib.suppress(StoreError), store.open_file(run_id, kind, name) as file:
                    content = file.read()
                    assert len(content) >= _LARGE, f"{kind}: {len(content)} bytes"
                    assert len(set(content)) == 1, f"{kind}: of two versions"


@contextlib.contextmanager
def special_files(folder: Path) -> Iterator[dict[str, Path]]:
    """Make files that cannot be read as files, where the system has them; yield them by kind."""
    below = folder / "special"
    below.mkdir()
    # The path of a socket has at most about 100 characters.
    with tempfile.TemporaryDirectory() as short, contextlib.ExitStack() as stack:
        paths = {"folder": below, "loop": folder / "loop"}
        paths["loop"].symlink_to(paths["loop"])
        if hasattr(os, "mkfifo"):
            paths["FIFO"] = below / "fifo"
            os.mkfifo(paths["FIFO"])
            paths["link to a FIFO"] = folder / "link"
            paths["link to a FIFO"].symlink_to(paths["FIFO"])
        if hasattr(socket, "AF_UNIX"):
            paths["socket"] = Path(short) / "socket"
            stack.enter_context(socket.socket(socket.AF_UNIX)).bind(str(paths["socket"]))
        for device in ("/dev/zero", "/dev/null"):
            if Path(device).exists():
                paths[device] = Path(device)
        yield paths


def _is_refused(call: Callable[[Path], Any], path: Path) -> bool:
    try:
        call(path)
    except OSError:
        return True
    return False


@contextlib.contextmanager
def _changing(path: Path, change: Callable[[Path, int], None]) -> Iterator[None]:
    """Change a file all the time while the block lasts."""
    is_over, has_begun = threading.Event(), threading.Event()

    def work() -> None:
        number = 0
        while not is_over.is_set():
            change(path, number)
            number += 1
            has_begun.set()
            is_over.wait(0.001)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        has_begun.wait()
        yield
    finally:
        is_over.set()
        thread.join()


def _grow(path: Path, number: int) -> None:
    with path.open("ab") as file:
        file.write(b"0" * 1_000)


def _replace(path: Path, number: int) -> None:
    other = path.with_name("other")
    other.write_bytes(str(number % 10).encode() * _LARGE)
    other.replace(path)
