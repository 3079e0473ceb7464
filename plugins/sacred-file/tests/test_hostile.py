"""Damaged records, in a folder of runs."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from sacred_file import FileStorageObserver, FileStore

from sacred_core.testing.damage_checks import Sound, check_hostile
from sacred_core.testing.damage_contract import record_sound_runs
from sacred_core.testing.effort import examples
from sacred_core.testing.hostile_records import HostileRecords

#: Of records; in a quick check fewer.
COUNT = examples(40, 300)
FILES = ("config.json", "info.json", "metrics.json", "annotations.jsonl", "cout.txt")


def spoil(folder: Path, hostile: HostileRecords) -> None:
    """Do something to one file of a run that no program of ours does."""
    path = folder / hostile.random.choice(["run.json", *FILES])
    path.unlink(missing_ok=True)
    kind = hostile.random.randrange(7)
    if kind == 0:
        path.mkdir()
    elif kind == 1:
        os.mkfifo(path)
    elif kind == 2:
        path.symlink_to("/etc/passwd")
    elif kind == 3:
        path.symlink_to(path.name)
    elif kind == 4:
        path.write_bytes(b"")
        os.truncate(path, 2**40)
    elif kind == 5:
        shutil.rmtree(folder)
        folder.symlink_to(hostile.random.choice(["/", "..", folder.name, "1"]))
    else:
        shutil.rmtree(folder)
        folder.write_bytes(b"a file")


def test_hostile_records(tmp_path: Path) -> None:
    """Every other run is listed, shown, queried and deleted as before."""
    root = tmp_path / "runs"
    ids = record_sound_runs(lambda: FileStorageObserver(root), tmp_path)
    sound = Sound.of(FileStore(root), ids)
    hostile = HostileRecords(seed=1)
    records: dict[str, Any] = {
        name: json.loads((root / "1" / name).read_text()) for name in ("run.json", *FILES[:3])
    }
    annotation = {"time": "2026-01-01", "user": "x", "note": "n", "added": [], "removed": []}
    for number in range(100, 100 + COUNT):
        folder = root / str(number)
        shutil.copytree(root / "1", folder)
        (folder / "run.json").write_bytes(hostile.text(records["run.json"]))
        for name in ("config.json", "info.json", "metrics.json"):
            if hostile.random.random() < 0.2:
                (folder / name).write_bytes(hostile.text(records[name]))
        if hostile.random.random() < 0.2:
            (folder / "annotations.jsonl").write_bytes(hostile.text(annotation))
        if hostile.random.random() < 0.2:
            spoil(folder, hostile)
    assert check_hostile(FileStore(root), sound) > COUNT // 2
