"""Damaged records, in MongoDB."""

from datetime import datetime
from pathlib import Path
from typing import Any

from bson import DatetimeMS
from pymongo.errors import PyMongoError
from sacred_mongo import MongoObserver, MongoStore

from sacred_core.testing.damage_checks import Sound, check_hostile
from sacred_core.testing.damage_contract import record_sound_runs
from sacred_core.testing.effort import examples
from sacred_core.testing.hostile_records import HostileRecords

#: Of records; in a quick check fewer.
COUNT = examples(40, 300)


def test_hostile_records(mongo_url: str, db_name: str, database: Any, tmp_path: Path) -> None:
    """Every other run is listed, shown, queried and deleted as before."""
    ids = record_sound_runs(lambda: MongoObserver(mongo_url, db_name), tmp_path)
    store = MongoStore(mongo_url, db_name)
    sound = Sound.of(store, ids)
    hostile = HostileRecords(seed=1, depth=60)
    record = database.runs.find_one({"_id": 1})
    number = 100
    while number < 100 + COUNT:
        document = hostile.mutate({**record, "_id": number})
        if hostile.random.random() < 0.2 and isinstance(document, dict):
            document.pop("writer", None)  # as Sacred writes it
        if hostile.random.random() < 0.1 and isinstance(document, dict):
            document["heartbeat"] = DatetimeMS(2**62)
        try:
            database.runs.insert_one(document)
        except (PyMongoError, OverflowError, UnicodeError, TypeError, ValueError):
            continue  # no client can write it
        number += 1
    assert isinstance(record["start_time"], datetime)
    assert check_hostile(store, sound, step=4) > COUNT // 2
