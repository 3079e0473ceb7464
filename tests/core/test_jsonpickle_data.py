"""Data that Sacred wrote with jsonpickle is read as it was recorded, and never executed."""

import base64
import copy
import functools
import json
import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sacred_core.jsonpickle_data import (
    decode_jsonpickle,
    decode_run_entry,
    sacred_release,
    without_metric_references,
)
from sacred_core.testing.effort import examples

RELEASES = ("0.7.5", "0.8.2", "0.8.7")
STORES = ("files", "sql", "mongo")
NAMES = list(json.loads((Path(__file__).parents[1] / "golden/sacred/0.8.7/values.json").read_text())["files"])  # fmt: skip  # noqa: E501


@functools.cache
def loaded(release: str, store: str) -> dict[str, Any]:
    path = Path(__file__).parents[1] / "golden" / "sacred" / release / "values.json"
    found: dict[str, Any] = json.loads(path.read_text())[store]
    return found


def document(release: str, store: str, name: str) -> Any:
    """Return the recorded ``info``, as a store reads it."""
    stored = loaded(release, store)[name]
    return json.loads(stored) if isinstance(stored, str) else copy.deepcopy(stored)


@pytest.mark.parametrize(
    ("store", "release", "name"),
    [
        (store, release, name)
        for store in ("files", "sql")
        for release in RELEASES
        for name in NAMES
        if name in loaded(release, store)  # others cannot be recorded by that release
    ],
)
def test_each_recorded_value_is_read_as_it_was(
    golden: ModuleType, recorded: dict[str, Any], store: str, release: str, name: str
) -> None:
    """What is read equals the plain form of the value, or is the tag as it was written."""
    stored = document(release, store, name)
    read = decode_jsonpickle(stored, release, is_ordered=None if store == "files" else True)[name]
    if golden.stays(release, name):
        assert golden.comparable(read) == golden.comparable(_without_lists(stored[name], read))
    else:
        assert golden.comparable(read) == golden.comparable(
            golden.expected(release, name, recorded[name])
        )


def _without_lists(tag: Any, read: Any) -> Any:
    """Return the tag with those attributes that were decoded, which the reader may do."""
    if isinstance(tag, dict) and "py/object" in tag and isinstance(read, dict):
        return {k: read[k] if not k.startswith("py/") and k != "__reduce__" else v for k, v in tag.items()}  # fmt: skip  # noqa: E501
    return tag


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("release", ["0.8.2", "0.8.7"])
def test_objects_are_counted_as_jsonpickle_counts(release: str, name: str) -> None:
    """A list that is repeated behind the value is found again, whatever the value is."""
    if name not in loaded(release, "counted"):
        pytest.skip(f"Sacred {release} cannot record it")
    read = decode_jsonpickle(loaded(release, "counted")[name], release)
    assert read["v"][1:] == [["probe"], ["probe"]]


@pytest.mark.parametrize("name", NAMES)
def test_a_reference_is_never_resolved_to_another_object(name: str) -> None:
    """If the release is not known, or numbers of numpy may have been counted, the tag may stay."""
    for release in RELEASES:
        stored = loaded(release, "counted").get(name)
        if stored is None:
            continue
        for known_release in (None, release):
            assert decode_jsonpickle(stored, known_release)["v"][2] in (["probe"], stored["v"][2])


def test_keys_that_are_numbers_are_read_as_numbers() -> None:
    """``json://1`` is the key 1; keys that JSON lacks are strings."""
    assert decode_jsonpickle({"json://1": "a", "json://null": {"json://0.5": 2}}) == {
        1: "a",
        None: {0.5: 2},
    }
    assert decode_jsonpickle({'json://{"py/tuple": [1, 2]}': 3}) == {"(1, 2)": 3}
    assert decode_jsonpickle({"json://no json": 3}) == {"json://no json": 3}


def test_an_object_in_a_sorted_file_is_not_mistaken_for_another() -> None:
    """Either array may have been written first: the tag stays."""
    array = {"dtype": "int64", "py/object": "numpy.ndarray", "values": [1]}
    other = {"dtype": "int64", "py/object": "numpy.ndarray", "values": [2]}
    stored = {"a": array, "b": other, "c": {"py/id": 1}}
    assert decode_jsonpickle(stored, "0.8.7") == {"a": [1], "b": [2], "c": {"py/id": 1}}
    assert decode_jsonpickle(stored, "0.8.7", is_ordered=True)["c"] == [1]
    assert decode_jsonpickle({"b": other, "a": array, "c": {"py/id": 1}}, "0.8.7")["c"] == [2]


@pytest.mark.parametrize("count", [3, 64, 65, 200])
def test_a_reference_stays_where_many_objects_may_be_meant(count: int) -> None:
    """Of a file with sorted keys, however many entries it has; in order, it is one of them."""
    entries: dict[str, Any] = {f"k{number:03}": [number] for number in range(count)}
    stored = {**entries, "z": {"py/id": 3}}
    assert decode_jsonpickle(stored, "0.8.7") == stored
    assert decode_jsonpickle(stored, "0.8.7", is_ordered=True) == {**entries, "z": [2]}


def test_equal_candidates_are_as_good_as_one() -> None:
    """Where each possible object has the same content, it does not matter which it was."""
    stored = {"a": {"x": 1}, "b": {"x": 1}, "c": {"py/id": 1}}
    assert decode_jsonpickle(stored, "0.8.7")["c"] == {"x": 1}


def test_an_object_inside_itself_stays_a_reference() -> None:
    """JSON cannot hold it, and it must not be taken for another object."""
    stored = {"v": [{"py/object": "m.Node", "me": {"py/id": 2}, "x": [7]}, {"py/id": 3}]}
    read = decode_jsonpickle(stored, "0.8.7", is_ordered=True)
    assert read["v"] == [{"py/object": "m.Node", "me": {"py/id": 2}, "x": [7]}, [7]]


def test_the_result_of_a_run_was_written_last() -> None:
    """So its references do not depend on the order of the entries before it."""
    shared = {"n": [1, 2]}
    entry = {
        "artifacts": [[]],
        "experiment": {"dependencies": ["numpy==2.0", "sacred==0.8.7"], "sources": [["a", "b"]]},
        "host": {"os": ["x"]},
        "result": [shared, {"py/id": 10}],
        "status": "COMPLETED",
    }
    assert decode_run_entry(entry)["result"] == [shared, shared]


@pytest.mark.parametrize(
    ("dependencies", "release"),
    [
        (["numpy==2.0", "sacred==0.8.7"], "0.8.7"),
        ([["sacred", "0.7.5"]], "0.7.5"),
        ([{"py/tuple": ["sacred", "0.7b3"]}], "0.7b3"),
        (["sacredness==1.0", 3, None, []], None),
        (None, None),
    ],
)
def test_the_release_is_among_the_dependencies(dependencies: Any, release: str | None) -> None:
    """The release is among the dependencies, in each form that a release of Sacred gave them."""
    assert sacred_release({"dependencies": dependencies}) == release


def large(dtype: str, data: bytes, shape: list[int], **more: Any) -> dict[str, Any]:
    packed = base64.b64encode(zlib.compress(data)).decode()
    tag = {"py/object": "numpy.ndarray", "dtype": dtype, "shape": shape, "values": packed}
    return {**tag, "byteorder": "<", **more}


NUMBERS = struct.pack("<20q", *range(20))


@pytest.mark.parametrize(
    "tag",
    [
        large("int64", NUMBERS, [10**12]),
        large("int64", NUMBERS, [21]),
        large("int64", NUMBERS, [-20]),
        large("int64", NUMBERS, [20] * 70),
        large("int64", NUMBERS, ["20"]),
        large("int64", NUMBERS, None),  # type: ignore[arg-type]
        large("int3", NUMBERS, [20]),
        large("<U999999999999", NUMBERS, [1]),
        large("int64" * 9999, NUMBERS, [20]),
        large("[('a', '<i8')] + [__import__('os').abort()]", NUMBERS, [20]),
        large("object", b"not JSON", [20]),
        {**large("int64", NUMBERS, [20]), "values": "no base64!"},
        {**large("int64", NUMBERS, [20]), "values": base64.b64encode(b"no zlib").decode()},
        {"py/object": "numpy.ndarray", "dtype": "int64", "shape": [10**9], "strides": [0],
         "base": large("int64", NUMBERS, [20])},
        {"py/object": "numpy.ndarray", "dtype": "int64", "shape": [20], "strides": [16],
         "base": large("int64", NUMBERS, [20])},
        {"py/object": "numpy.ndarray", "dtype": "int64", "shape": [2], "strides": [-8],
         "base": large("int64", NUMBERS, [20])},
        {"py/object": "numpy.ndarray", "dtype": "int64", "shape": [2], "offset": -8,
         "base": large("int64", NUMBERS, [20])},
        {"py/object": "numpy.ndarray", "dtype": "int64", "shape": [2], "strides": [8, 8],
         "base": large("int64", NUMBERS, [20])},
        {"py/object": "numpy.ndarray", "dtype": "int64", "shape": [2], "base": {"py/id": 99}},
        {"py/reduce": [{"py/type": "builtins.range"}, {"py/tuple": [0, 10**15]}]},
        {"py/reduce": [{"py/type": "decimal.Decimal"}, {"py/tuple": ["no number"]}]},
        {"py/reduce": [{"py/type": "collections.deque"}, {"py/tuple": [1]}, None, 5]},
        {"py/object": "datetime.datetime", "__reduce__": "x"},
        {"py/object": "datetime.datetime", "__reduce__": [{}, ["AAAA"]]},
        {"py/object": "datetime.time", "__reduce__": [{}, ["//////8="]]},
        {"py/object": "uuid.UUID", "hex": 3},
        {"py/object": "pandas.DataFrame", "txt": True, "values": "{}", "meta": {"columns": "[1"}},
        {"py/object": "pandas.Series", "index": [1], "values": [1, 2]},
        {"py/b64": 5}, {"py/tuple": "no list"}, {"py/reduce": []}, {"py/reduce": 3},
        {"py/object": 3}, {"py/id": 5}, {"py/id": "x"}, {"py/id": -1}, {"py/unknown": 1},
    ],
)  # fmt: skip
def test_a_damaged_or_hostile_tag_stays(tag: Any) -> None:
    """Nothing is allocated for what the stored data cannot hold, and nothing is raised."""
    started = time.perf_counter()
    assert decode_jsonpickle({"v": copy.deepcopy(tag)}) == {"v": tag}
    assert time.perf_counter() - started < 5


def test_what_is_compressed_too_well_is_not_expanded() -> None:
    """The shape limits the number of bytes."""
    bomb = large("int8", b"\0" * 50_000_000, [10])
    assert decode_jsonpickle({"v": bomb}) == {"v": bomb}


def test_repeated_objects_do_not_multiply_without_end() -> None:
    """A few hundred bytes must not become gigabytes: then references stay."""
    levels: list[Any] = [["x"] * 10]
    for number in range(30):
        levels.append([{"py/id": 2 + number}, {"py/id": 2 + number}])
    read = decode_jsonpickle({"v": levels}, "0.8.7")
    assert read["v"][30] == [{"py/id": 31}, {"py/id": 31}]


def test_deep_nesting_is_no_error() -> None:
    """What is deeper than Python can follow is returned as it is."""
    deep: Any = {"py/tuple": [1]}
    for _ in range(100_000):
        deep = [deep]
    assert decode_jsonpickle(deep) is deep


def test_strides_of_numpy_are_followed() -> None:
    """A view in Fortran's order, backwards, of a part: as numpy reads it."""
    numpy = pytest.importorskip("numpy")
    base = numpy.arange(48.0).reshape(8, 6, order="F")
    view = base[6:1:-2, 1:5]
    tag = {
        "py/object": "numpy.ndarray", "dtype": "float64", "shape": list(view.shape),
        "strides": list(view.strides), "offset": 6 * 8 + 1 * 64,
        "base": large("float64", base.tobytes("A"), [8, 6], order="F"),
    }  # fmt: skip
    assert decode_jsonpickle(tag) == view.tolist()


@pytest.mark.parametrize("offset", [0, 3, 9, 10, -1])
@pytest.mark.parametrize("step", [1, 2, -1])
def test_a_view_stays_inside_of_its_base(offset: int, step: int) -> None:
    """One that reaches a single byte beyond an end of it is not read."""
    base = large("int8", bytes(range(10)), [10])
    inside = list(range(10))[offset::step] if 0 <= offset < 10 else []
    for count in range(1, 12):
        tag = {
            "py/object": "numpy.ndarray", "dtype": "int8", "shape": [count], "strides": [step],
            "offset": offset, "base": base,
        }  # fmt: skip
        expected = inside[:count] if count <= len(inside) else tag
        assert decode_jsonpickle({"v": copy.deepcopy(tag)})["v"] == expected


CANARY = """
import json, pathlib, sys
from sacred_core.jsonpickle_data import decode_jsonpickle
marker = pathlib.Path(sys.argv[1])
class Canary:
    def __init__(self, *args): marker.touch()
    __setstate__ = __reduce__ = __new__ = lambda *args: marker.touch()
sys.modules["canary"] = type(sys)("canary"); sys.modules["canary"].Canary = Canary
touch = {"py/tuple": ["touch " + str(marker)]}
tags = [
    {"py/reduce": [{"py/function": "os.system"}, touch]},
    {"py/reduce": [{"py/type": "subprocess.Popen"}, touch, {"a": 1}]},
    {"py/reduce": [{"py/type": "canary.Canary"}, {"py/tuple": []}]},
    {"py/object": "canary.Canary", "py/state": {"a": 1}},
    {"py/object": "canary.Canary", "py/newargs": {"py/tuple": []}, "py/seq": []},
    {"py/object": "canary.Canary", "__dict__": {}}, {"py/object": "canary.Canary"},
    {"py/type": "canary.Canary"}, {"py/function": "canary.Canary"},
    {"py/repr": "os/os.system('touch " + str(marker) + "')"}, {"py/mod": "canary_module/x"},
    {"py/object": "numpy.ndarray", "dtype": "[('a', __import__('os').system('touch x'))]",
     "values": "eA==", "shape": [1]},
]
before = set(sys.modules)
for tag in tags:
    decode_jsonpickle({"v": tag, "json://" + json.dumps(tag): tag})
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
assert not marker.exists(), "something was executed"
assert not loaded & {"canary_module", "numpy", "pandas", "jsonpickle", "subprocess"}, loaded
"""


def test_nothing_is_executed_or_imported(tmp_path: Path) -> None:
    """A canary in each place that jsonpickle would import, call or evaluate stays silent."""
    marker = tmp_path / "executed"
    done = subprocess.run(
        [sys.executable, "-c", CANARY, str(marker)], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert os.listdir(tmp_path) == []  # noqa: PTH208


TAGS = (
    "py/object py/reduce py/tuple py/set py/id py/seq py/state py/newargs py/b64 py/type "
    "py/function py/repr __reduce__ values base shape strides offset dtype value meta index hex "
    "json://1 json://{}"
).split()
TYPES = (
    "numpy.ndarray numpy.float64 pandas.DataFrame pandas.Series decimal.Decimal "
    "datetime.datetime collections.deque collections.OrderedDict os.system builtins.range "
    "uuid.UUID int64 <U3 eJxLTAIAASYAxA=="
).split()
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 40), st.floats(), st.text(max_size=3),
    st.sampled_from(TYPES), st.builds(lambda name: {"py/type": name}, st.sampled_from(TYPES)),
    st.builds(lambda number: {"py/id": number}, st.integers(0, 12)),
)  # fmt: skip
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(TAGS), st.text(max_size=2)), inner, max_size=4),
    ),
    max_leaves=25,
)


@given(DOCUMENTS, st.sampled_from([None, "0.7.5", "0.8.2", "0.8.7", "x"]))
@settings(max_examples=examples(50, 2000), deadline=None)
def test_any_json_is_read_without_an_error(document: Any, release: str | None) -> None:
    """Whatever is in the place of a tag: plain data comes back, and the document is not changed."""
    before = copy.deepcopy(document)
    read = decode_jsonpickle(document, release)
    json.dumps(_string_keys(read))
    assert repr(document) == repr(before)


def _string_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _string_keys(item) for key, item in value.items()}
    return [_string_keys(item) for item in value] if isinstance(value, list) else value


def test_missing_times_are_read_as_numpy_writes_them() -> None:
    """The lowest number of a large array, None in a small one: ``NaT``."""
    lowest = struct.pack("<3q", -(2**63), -(2**63) + 1, 0)
    tag = large("datetime64[s]", lowest, [3])
    assert decode_jsonpickle(tag) == ["NaT", -(2**63) + 1, "1970-01-01T00:00:00"]
    small = {"py/object": "numpy.ndarray", "dtype": "timedelta64[s]", "values": [None, 5]}
    assert decode_jsonpickle(small) == ["NaT", "5 seconds"]


@pytest.mark.parametrize("unit", ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns"])
@pytest.mark.parametrize("kind", ["datetime64", "timedelta64"])
def test_times_of_each_unit_are_read_as_numpy_writes_them(kind: str, unit: str) -> None:
    """The string of each time has the parts that its unit has."""
    numpy = pytest.importorskip("numpy")
    times = numpy.array([0, 1, -1, 29, -1000], dtype="int64").view(f"{kind}[{unit}]")
    tag = large(f"{kind}[{unit}]", times.tobytes(), [5])
    assert decode_jsonpickle(tag) == list(map(str, times))


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("date", "07e90a1a", "2025-10-26"),
        ("time", "021e05000007", "02:30:05.000007"),
        ("time", "821e05000007", "02:30:05.000007"),
        ("datetime", "07e90a1a021e01000002", "2025-10-26T02:30:01.000002"),
        ("datetime", "07e98a1a021e01000002", "2025-10-26T02:30:01.000002"),
    ],
)
def test_dates_and_times_are_read_from_their_bytes(name: str, data: str, expected: str) -> None:
    """The highest bit of an hour or a month marks the second of two equal times of a day."""
    kind = f"datetime.{name}"
    packed = base64.b64encode(bytes.fromhex(data)).decode()
    tag = {"py/object": kind, "__reduce__": [{"py/type": kind}, [packed]]}
    assert decode_jsonpickle(tag) == expected


def test_an_empty_array_is_not_expanded_without_end() -> None:
    """Its rows are listed up to a million; of more the stored list is what there is."""
    tag = {"py/object": "numpy.ndarray", "dtype": "int64", "values": []}
    assert decode_jsonpickle({**tag, "shape": [2, 0]}) == [[], []]
    assert decode_jsonpickle({**tag, "shape": [2_000_000, 0]}) == []


def test_short_tags_are_complete() -> None:
    """jsonpickle omits a None at the end of a tag."""
    short: Any = [{"py/type": "collections.deque"}, {"py/tuple": []}, None]
    assert decode_jsonpickle({"py/reduce": short}) == decode_jsonpickle(
        {"py/reduce": [*short, {"py/tuple": []}]}
    )
    ordered = [{"py/type": "collections.OrderedDict"}, {"py/tuple": []}]
    assert decode_jsonpickle({"py/reduce": ordered}) == {}


def test_only_references_to_documents_are_removed() -> None:
    """A value of the user with the name ``metrics`` is part of ``info``."""
    reference = {"name": "loss", "id": "0123456789abcdef01234567"}
    assert without_metric_references({"metrics": [reference] * 2, "a": 1}) == {"a": 1}
    longer, number = {**reference, "step": 1}, {**reference, "id": 5}
    upper, short = {**reference, "id": "F" * 24}, {**reference, "id": "0" * 23}
    others: list[Any] = [[], [longer], [reference, number], [upper], [short], {"id": "x"}, ["x"], 5]
    for value in others:
        assert without_metric_references({"metrics": value}) == {"metrics": value}
    assert without_metric_references([1]) == [1]
