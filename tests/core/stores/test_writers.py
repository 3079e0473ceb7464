"""Names, ids and metadata of the writers of a run."""

import pytest

from sacred_core.exceptions import UsageError
from sacred_core.stores import StoredRun
from sacred_core.stores.run_ids import is_valid_id, normalize_id
from sacred_core.stores.writers import (
    WriterStore,
    part_id,
    part_meta,
    part_uid,
    require_writer,
    stored_parts,
    writer_of,
    writer_order,
)
from sacred_core.testing import EventDriver, Memory, MemoryObserver, MemoryStore

UID = "0123456789abcdef0123456789abcdef"
NAMES = (
    "rank3", "r@nk", "a b", "Rank 3", "3", "-3", "%3", "%333", "con", "a/b", "a\\b", "..", ".", "~",
    "\N{SNOWMAN}", "\ud800", "x" * 80, "x" * 81, "x" * 82, "y" * 300, "a\nb", "%", "%25", " a",
    "_a",
)  # fmt: skip


def test_ids_of_parts_are_valid_and_differ() -> None:
    """Every store accepts the id of any writer; an ordinary name is the id itself."""
    ids = {name: part_id(name) for name in NAMES}
    assert len(set(ids.values())) == len(NAMES)
    assert [ids[name] for name in NAMES[:4]] == ["rank3", "r@nk", "a b", "Rank 3"]
    for name, own in ids.items():
        assert is_valid_id(own) and isinstance(normalize_id(own), str), name
        assert len(own) <= 80 and own.isascii(), name
        assert own == name or own.startswith("%"), name
    assert (ids["3"], ids["%3"], ids["a/b"], ids["."]) == ("%3", "%%253", "%a%2Fb", "%%2E")
    assert len(ids["x" * 81]) == 80 and ids["x" * 80] == "x" * 80


def test_the_uid_of_a_part_is_a_digest_of_run_and_writer() -> None:
    """It is that of the string ``UID@WRITER``, and a valid uid."""
    assert part_uid(UID, "rank3") == "8c8806ff07b5464df9be37f5ce4933da"
    meta = part_meta(UID, "rank3")
    assert meta == {"uid": part_uid(UID, "rank3"), "run": UID, "writer": "rank3"}
    assert StoredRun(id=1, status="", meta=meta).uid == meta["uid"]
    assert len({part_uid(UID, name) for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", ["", "main", None, 5, b"rank1"])
def test_names_that_no_writer_can_have_are_refused(name: object) -> None:
    """The name of the process of the run, an empty one and other types are errors."""
    with pytest.raises(UsageError, match="a writer cannot have the name"):
        require_writer(name)
    assert require_writer("rank1") == "rank1"


def test_writers_are_in_the_order_of_their_numbers() -> None:
    """Rank 10 follows rank 9, and names without a number precede those with one."""
    names = ["rank10", "rank9", "child2", "rank", "loader", "rank010"]
    expected = ["child2", "loader", "rank", "rank9", "rank010", "rank10"]
    assert sorted(names, key=writer_order) == expected


def test_the_writer_of_a_damaged_part_is_its_id() -> None:
    """The record of another part has the name."""
    assert writer_of(StoredRun(id="rank1", status="", meta={})) == "rank1"
    assert writer_of(StoredRun(id="%3", status="", meta={"writer": "3"})) == "3"


def test_a_store_of_another_package_has_no_parts() -> None:
    """A store without methods for writers is read as before."""
    assert not isinstance(object(), WriterStore)
    assert stored_parts(object(), 1) == {}


def test_parts_are_sorted_by_their_writers() -> None:
    """They are found by name, in the order of the numbers of ranks."""
    observer = MemoryObserver(Memory())
    run_id = EventDriver(observer).start(meta_info={"uid": UID})
    store: MemoryStore = observer.open_store()
    for name in ("rank10", "rank2", "rank1"):
        EventDriver(store.writer_observer(run_id)).start(meta_info=part_meta(UID, name))
    assert isinstance(store, WriterStore)
    assert list(stored_parts(store, run_id)) == ["rank1", "rank2", "rank10"]
