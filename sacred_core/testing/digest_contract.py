"""What a store promises of digests: they are those of the reference for the same events."""

from pathlib import Path
from typing import Any

from sacred_core.archives import ArchiveStore, pack
from sacred_core.provenance.sources import md5_of
from sacred_core.stores import StoredRun
from sacred_core.stores.digests import digest_run
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.memory import Memory, MemoryObserver, MemoryStore
from sacred_core.testing.samples import EXPERIMENT, ODD_POINTS, ODD_VALUES, ORDERED, PRINTED, TRACE
from sacred_core.testing.secret_contract import SecretContract

_VALUES: dict[str, Any] = {**ODD_VALUES, **ORDERED, "minus zero": -0.0, "3": 3, "3.0": 3.0}
_STEPS = [0.5, float("nan"), 7, 2**70]


class DigestContract(SecretContract):
    """The part of `StoreContract` that is about digests."""

    def test_a_run_has_the_digest_of_the_reference(self, tmp_path: Path) -> None:
        """Each part of a run with odd values has the digest that it has in memory, and reading
        all files does not change it.
        """
        memory = Memory()
        expected = _record(MemoryObserver(memory), tmp_path)
        reference = digest_run(MemoryStore(memory), MemoryStore(memory).get(expected))
        run_id = _record(self.make_observer(tmp_path), tmp_path)
        store = self.make_store(tmp_path)
        run: StoredRun = store.get(run_id)
        for reads_files in (False, True):
            found = digest_run(store, run, reads_files)
            assert found.files == reference.files, f"files are {found.files}"
            assert found.metrics == reference.metrics, "points differ"
            assert found.characters == reference.characters, "the output has another length"
            differing = [
                name for name, each in found.parts.items() if each != reference.parts[name]
            ]
            assert not differing, f"{differing} differ from what the events contain"
            assert found.total == reference.total, "the uid differs"

    def test_an_archive_of_a_run_has_its_digest(self, tmp_path: Path) -> None:
        """A run with odd values is packed without a problem, and the archive has all of it."""
        run_id = _record(self.make_observer(tmp_path), tmp_path)
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        packed = pack(store, [run], tmp_path / "runs.zip")
        assert packed.problems == {}, f"{packed.problems} is missing"
        archive = ArchiveStore(tmp_path / "runs.zip")
        found, expected = digest_run(archive, archive.get(run.id), True), digest_run(store, run)
        differing = [name for name, each in found.parts.items() if each != expected.parts[name]]
        assert not differing, f"{differing} differ in the archive"
        assert found == expected, "points, output or files differ in the archive"


def _record(observer: Any, tmp_path: Path) -> Any:
    """Record a run with values of every kind, and return its id."""
    folder = tmp_path / "digested"
    folder.mkdir(exist_ok=True)
    for name in ("main.py", "later.py", "data.bin"):
        (folder / name).write_text(f"content of {name}\n")
    driver = EventDriver(observer)
    repositories = [
        {"url": None, "commit": "c0ffee", "dirty": True, "patch": "diff --git a/x b/x\n+ä\n"},
        {"url": "https://example.org/x.git", "commit": "d", "dirty": False},
    ]
    ex_info = {
        **EXPERIMENT, "base_dir": str(folder), "mainfile": "main.py", "dependencies": ["numpy==2"],
        "repositories": repositories, "sources": [["main.py", md5_of(folder / "main.py")]],
    }  # fmt: skip
    meta = {"command": "main", "beat_interval": 10.0, "uid": "0123456789abcdef" * 2, "x": _VALUES}
    host = {"hostname": "here", "more": _VALUES}
    run_id = driver.start(ex_info=ex_info, config=_VALUES, host_info=host, meta_info=meta)
    driver.log("odd", [*ODD_POINTS, -0.0, 2, 2.0])
    driver.log("long", [step / 7 for step in range(2_500)])
    driver.log_points({"steps": (_STEPS, [1, 2, 3, 4])})
    for text in PRINTED:
        driver.print(text)
    driver.resource(str(folder / "data.bin"))
    driver.artifact("art.bin", str(folder / "data.bin"), metadata={"x": _VALUES})
    driver.artifact("plain", str(folder / "main.py"))
    driver.code(str(folder), [["later.py", md5_of(folder / "later.py")]], ["scipy==2"])
    driver.beat(info=_VALUES, result=_VALUES)
    driver.annotate("a note: ä", ["b", "a"])
    driver.annotate(None, [], ["a"])
    driver.fail(tuple(TRACE))
    return run_id
