"""What a run stores is equal to what release 0.1.0 stores, but for times and ids."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

from bson import json_util
from sacred_mongo import MongoObserver, MongoStore


def test_databases_are_equal_to_those_of_release_0_1_0(
    golden_records: ModuleType, mongo_url: str, db_name: str, database: Any, tmp_path: Path
) -> None:
    """Every collection has the same indexes and the same documents, with the same types."""
    golden_records.check_records(
        "mongo",
        tmp_path,
        lambda: MongoObserver(mongo_url, db_name),
        lambda: MongoStore(mongo_url, db_name),
        lambda: {
            name: [sorted(database[name].index_information()), *map(_plain, database[name].find())]
            for name in sorted(database.list_collection_names())
        },
    )


def _plain(document: Any) -> Any:
    options = json_util.CANONICAL_JSON_OPTIONS
    return json.loads(json_util.dumps(document, json_options=options))
