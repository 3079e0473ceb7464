"""The rules for plugins, observers and stores."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lmdb
from example_lmdb_runs import LmdbBackend, LmdbObserver, LmdbStore

from sacred_core.serialization import to_json
from sacred_core.testing import PluginContract, StoreContract


class TestPlugin(PluginContract):
    distribution = "example-lmdb"


class TestLmdb(StoreContract):
    def make_observer(self, tmp_path: Path) -> LmdbObserver:
        return LmdbObserver(tmp_path / "runs")

    def make_store(self, tmp_path: Path) -> LmdbStore:
        return LmdbStore(tmp_path / "runs")

    def command_line_options(self, tmp_path: Path) -> list[str]:
        return ["--lmdb", str(tmp_path / "runs")]

    def damage(self, tmp_path: Path, run_id: Any) -> bool:
        backend = LmdbBackend(tmp_path / "runs")
        key = backend.find(to_json(run_id))
        return key is not None and backend.write(key, {"config": "[1"})

    def stored_bytes(self, tmp_path: Path) -> Iterator[bytes]:
        """Yield all values: bytes of deleted ones stay in the file until they are overwritten."""
        with (
            lmdb.open(str(tmp_path / "runs"), create=False) as environment,
            environment.begin() as table,
        ):
            yield b"\n".join(value for _, value in table.cursor())


def test_a_forked_process_reads_and_writes(tmp_path: Path) -> None:
    """A process that was forked opens the folder again."""
    backend = LmdbBackend(tmp_path / "runs")
    key = backend.insert("1", 1, {"status": "a"})
    assert key is not None
    child = os.fork()
    if not child:
        is_written = LmdbBackend(tmp_path / "runs").write(key, {"status": "b"}, "a")
        os._exit(0 if is_written else 1)
    _, code = os.waitpid(child, 0)
    assert code == 0
    assert backend.fields(key) == {"status": "b"}
