"""Damaged records, in a TinyDB."""

import json
from pathlib import Path

from sacred_tinydb import TinyDbObserver, TinyDbStore

from sacred_core.testing.damage_checks import Sound, check_hostile
from sacred_core.testing.damage_contract import record_sound_runs
from sacred_core.testing.effort import examples
from sacred_core.testing.hostile_records import DEEP, DIGITS, HostileRecords

#: Of records; in a quick check fewer.
COUNT = examples(40, 300)


def test_hostile_records(tmp_path: Path) -> None:
    """Every other run is listed, shown, queried and deleted as before."""
    ids = record_sound_runs(lambda: TinyDbObserver(tmp_path / "db"), tmp_path)
    sound = Sound.of(TinyDbStore(tmp_path / "db"), ids)
    hostile = HostileRecords(seed=1)
    path = tmp_path / "db" / "metadata.json"
    content = json.loads(path.read_text())
    record = content["runs"]["1"]
    for number in range(100, 100 + COUNT):
        content["runs"][str(number)] = hostile.mutate({**record, "_id": number})
    text = json.dumps(content).replace(f'"{DIGITS}"', "9" * 5_000)
    path.write_text(text.replace(f'"{DEEP}"', "[" * 5_000 + "]" * 5_000))
    assert check_hostile(TinyDbStore(tmp_path / "db"), sound) > COUNT // 2
