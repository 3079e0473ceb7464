"""Counts what is in a store, without the code that reads runs."""

from collections import Counter
from pathlib import Path
from typing import Any

from .places import Place


def raw_counts(place: Place) -> dict[str, int]:
    """Return the number of rows, documents, objects or files by table, collection or folder.

    Of metrics in MongoDB it is the number of points.
    """
    counts = dict(_COUNTS[place.kind](place))
    counts.pop("_index", None)  # of a bucket, to which readers add
    # Of a bucket: names that a process that was cut off left, which the next deletion removes, and
    # its claim of a number, which is not used again.
    for name in ("_pending", "_ids"):
        counts.pop(name, None)
    return counts


def _count_files(place: Place) -> Counter[str]:
    root = Path(str(place.location).removeprefix("tinydb://"))
    return Counter(_folder(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def _folder(path: Path) -> str:
    """Return the first folder where it is one of shared contents: others are named by ids."""
    first = path.parts[0]
    return first if first.startswith("_") else "runs"


def _count_rows(place: Place) -> dict[str, int]:
    import sqlalchemy as sa

    engine = sa.create_engine(str(place.location))
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        found = {
            name: connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one()
            for name in names
        }
    engine.dispose()
    return found


def _count_documents(place: Place) -> dict[str, int]:
    import pymongo

    name = str(place.location).rpartition("/")[2].partition(".")[0]
    client: pymongo.MongoClient[Any]
    with pymongo.MongoClient(str(place.location).partition("?")[0].rpartition("/")[0]) as client:
        database = client[name]
        counts = {
            collection: database[collection].count_documents({})
            for collection in database.list_collection_names()
        }
        # A run is continued in documents of its own.
        return counts | {"metrics": sum(len(each["steps"]) for each in database.metrics.find())}


def _count_s3(place: Place) -> Counter[str]:
    import boto3

    assert place.proxy is not None
    bucket = str(place.location).split("/")[2]
    client = boto3.client("s3", endpoint_url=place.proxy.url, region_name="us-east-1")
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
    uploads = client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())
    client.close()
    return _count_objects(keys) + Counter({"uploads": len(uploads)})


def _count_gcs(place: Place) -> Counter[str]:
    from google.cloud import storage

    bucket = str(place.location).split("/")[2]
    client = storage.Client(project="growth")
    found = _count_objects([blob.name for blob in client.list_blobs(bucket)])
    client.close()
    return found


def _count_objects(keys: list[str]) -> Counter[str]:
    """Count objects by prefix, without those of a start that was cut off before its record."""
    paths = [Path(key).relative_to("runs") for key in keys]
    stored = {path.parts[0] for path in paths if path.name == "run.json"}
    return Counter(
        _folder(path) for path in paths if _folder(path) != "runs" or path.parts[0] in stored
    )


_COUNTS: dict[str, Any] = {
    "file": _count_files, "TinyDB": _count_files, "SQLite": _count_rows,
    "PostgreSQL": _count_rows, "MongoDB": _count_documents, "S3": _count_s3, "GCS": _count_gcs,
    "memory": lambda place: {"runs": len([*place.open().list()])},
}  # fmt: skip
