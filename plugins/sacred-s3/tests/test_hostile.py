"""Damaged records, over HTTP; the tests of sacred-objects read many more, in memory."""

import json
from pathlib import Path
from typing import Any

from sacred_s3 import S3Observer, S3Store

from sacred_core.testing.damage_checks import Sound, check_hostile
from sacred_core.testing.damage_contract import record_sound_runs
from sacred_core.testing.hostile_records import HostileRecords

#: Of records.
COUNT = 40
#: Each lists all runs, by several requests each.
QUERIES = ("status = DAMAGED or not config.n > 0 or name = fed",)


def test_hostile_records(bucket: Any, tmp_path: Path) -> None:
    """Every other run is listed, shown, queried and deleted as before."""
    ids = record_sound_runs(lambda: S3Observer(basedir="runs", **bucket.arguments), tmp_path)
    store = S3Store(basedir="runs", **bucket.arguments)
    sound = Sound.of(store, ids)
    hostile = HostileRecords(seed=1)
    bucket.client.put_object(Bucket=bucket.name, Key="etc/passwd", Body=b"root:secret")
    names = ("run.json", "config.json", "metrics.json", "heartbeat.json")
    records = {name: json.loads(bucket.read(f"runs/1/{name}")) for name in names[:3]}
    records["heartbeat.json"] = {"heartbeat": "2026-01-01T00:00:00"}
    for number in range(100, 100 + COUNT):
        for name in names[: 1 if hostile.random.random() < 0.6 else 4]:
            body = hostile.text(records[name])
            bucket.client.put_object(Bucket=bucket.name, Key=f"runs/{number}/{name}", Body=body)
    assert check_hostile(store, sound, QUERIES, step=6) > COUNT // 2
