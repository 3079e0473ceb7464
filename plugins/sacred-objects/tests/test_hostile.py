"""Damaged records, in a bucket in memory."""

import json
from pathlib import Path
from typing import Any

from sacred_objects import ObjectStore

from sacred_core.testing.damage_checks import Sound, check_hostile
from sacred_core.testing.damage_contract import record_sound_runs
from sacred_core.testing.effort import examples
from sacred_core.testing.hostile_records import HostileRecords

#: Of records; in a quick check fewer.
COUNT = examples(40, 300)


def test_hostile_records(runs: Any, bucket: Any, tmp_path: Path) -> None:
    """Every other run is listed, shown, queried and deleted as before."""
    ids = record_sound_runs(runs.observer, tmp_path)
    store: ObjectStore = runs.store
    sound = Sound.of(store, ids)
    hostile = HostileRecords(seed=1)
    bucket.put("etc/passwd", b"root:secret")
    names = ("run.json", "config.json", "metrics.json", "heartbeat.json")
    records = {name: json.loads(bucket.objects[f"runs/1/{name}"]) for name in names[:3]}
    records["heartbeat.json"] = {"heartbeat": "2026-01-01T00:00:00"}
    for number in range(100, 100 + COUNT):
        for name in names[: 1 if hostile.random.random() < 0.6 else 4]:
            bucket.put(f"runs/{number}/{name}", hostile.text(records[name]))
    assert check_hostile(store, sound, step=3) > COUNT // 2
