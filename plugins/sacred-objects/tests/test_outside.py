"""A record, which may be edited, names no object that belongs to something else."""

import hashlib
import json
from typing import Any

import pytest
from sacred_objects import ObjectObserver, ObjectStore, bucket_layout

from sacred_core.exceptions import OutsideStoreError
from sacred_core.testing import EventDriver

CONTENT = b"of something else"
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


@pytest.fixture
def store(bucket: Any) -> ObjectStore:
    """With a run, and objects beside its folder."""
    driver = EventDriver(ObjectObserver(lambda: bucket, bucket.url, "runs"))
    driver.start()
    driver.complete()
    for name in ("other/a.txt", f"other/a_{MD5}.txt", f"other/a_{'0' * 32}.txt", "runs_2/a.txt"):
        bucket.put(name, CONTENT)
    bucket.put("runs/inside.txt", CONTENT)
    return ObjectStore(bucket_layout(bucket, "runs"))


def edit(bucket: Any, key: str) -> None:
    entry = json.loads(bucket.objects["runs/1/run.json"])
    entry["resources"] = entry["experiment"]["sources"] = [["a", key]]
    bucket.put("runs/1/run.json", json.dumps(entry).encode())


@pytest.mark.parametrize(
    "key",
    ["../other/a.txt", f"../other/a_{'0' * 32}.txt", "../runs_2/a.txt", "1/../../other/a.txt"],
)
@pytest.mark.parametrize("kind", ["resource", "source"])
def test_a_record_names_no_object_elsewhere(
    bucket: Any, store: ObjectStore, kind: str, key: str
) -> None:
    """Not even one in a folder whose name begins as that of the store does."""
    edit(bucket, key)
    with pytest.raises(OutsideStoreError, match="is outside of"):
        store.open_file(1, kind, "a")
    assert store.get(1).resources == ["a"]


@pytest.mark.parametrize("key", ["inside.txt", f"../other/a_{MD5}.txt"])
@pytest.mark.parametrize("kind", ["resource", "source"])
def test_a_copy_is_named_by_its_content(
    bucket: Any, store: ObjectStore, kind: str, key: str
) -> None:
    """An observer may have stored it in a folder of its own; what is in the folder is read."""
    edit(bucket, key)
    with store.open_file(1, kind, "a") as file:
        assert file.read() == CONTENT
