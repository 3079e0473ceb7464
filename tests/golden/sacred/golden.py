"""What `make_golden.py` recorded with Sacred, and what a reader has to return of it.

Imported by the tests of the core and of the stores.
"""

import base64
import hashlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

from sacred_core.serialization import plain

HERE = Path(__file__).parent
RELEASES = ("0.7.5", "0.8.2", "0.8.7")

_CODE = "only its own code could build the object"
#: Values whose tags stay, or of which the record lost something, with the reason. The docs have
#: the same list.
STAYS = {
    "enum": _CODE, "enum_string": _CODE, "object": _CODE, "slots": _CODE, "state": _CODE,
    "exception": _CODE, "class": "a name of code", "function": "a name of code",
    "np_dtype": "it describes a type", "np_long_double": "its bits depend on the machine",
    "pd_timedelta": _CODE, "pd_interval": _CODE,
}  # fmt: skip
_UNNAMED = "the function that builds it has no name in the record"
_INTERNAL = "internals of pandas"
STAYS_IN = {
    "0.8.7": {"bytearray": "jsonpickle did not store its content"},
    "0.8.2": {},
    "0.7.5": {
        "np_complex64": _UNNAMED, "np_datetime64": _UNNAMED, "np_timedelta64": _UNNAMED,
        "np_text": _UNNAMED, "np_binary": _UNNAMED, "np_matrix": _UNNAMED, "np_masked": _UNNAMED,
        "pd_timestamp": _UNNAMED, "pd_timestamp_utc": _UNNAMED, "pd_series": _INTERNAL,
        "pd_series_numbered": _INTERNAL, "pd_series_long": _INTERNAL,
        "pd_series_strings": _INTERNAL,
    },
}  # fmt: skip
#: Values that are read as numpy's ``str`` has them.
NUMPY_TIMES = ("np_timedelta64", "np_nanoseconds", "np_months", "np_durations")
#: Forms that differ from what `plain` returns, since the record has less than the value.
FORMS: dict[str, Any] = {
    "namedtuple": [1, [2]],  # the names of the fields are in its class
    "integer_keys": {1: "one", 2: {"3": 4}},
    "float_keys": {0.5: 1, None: 2, True: 3},
}
FORMS_IN: dict[str, dict[str, Any]] = {
    "0.8.7": {}, "0.8.2": {},
    "0.7.5": {
        "pd_labels": {"a": {"r": 1.5, "s": None}, "b": {"r": "x,y", "s": 'q"'}},
        "pd_date_index": {"a": {"1582934400000": 1, "1583020800000": 2}},
    },
}  # fmt: skip
#: Sacred's TinyDB has JSON of keys and tables, and times without a zone.
FORMS_IN_TINYDB: dict[str, Any] = {
    "namedtuple": [1, [2]],
    "np_nanoseconds": list(range(20)),
    "pd_dates": {"t": {"0": 1582934400000, "1": 1583020800000}},  # milliseconds: there is no type
    **FORMS_IN["0.7.5"],
    "datetime_utc": "2020-02-29T12:30:00",
    "datetime_zone": "2020-02-29T12:30:00",
    "pd_timestamp_utc": "2020-02-29T12:30:00",
}


def values(release: str, store: str) -> dict[str, Any]:
    """Return what the store of a release holds for each value."""
    found: dict[str, dict[str, Any]] = json.loads(text(release, "values.json"))
    return found[store]


def text(release: str, name: str) -> str:
    """Return the content of a file of the golden data."""
    return (HERE / release / name).read_text(encoding="utf-8")


def unpack(release: str, name: str, folder: Path) -> None:
    """Write the files of a recorded folder below ``folder``."""
    for path, content in json.loads(text(release, name)).items():
        data = (
            base64.b64decode(content["base64"]) if isinstance(content, dict) else content.encode()
        )
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def recorded() -> dict[str, Any]:
    """Return the values that were recorded, new ones at each call."""
    sys.path.insert(0, str(HERE))  # the tags name this module
    try:
        import recorded_values  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(HERE))
    with warnings.catch_warnings(action="ignore"):  # of matrices
        found: dict[str, Any] = recorded_values.make_values()
    return found


def stays(release: str, name: str) -> bool:
    """Return whether a value's tag stays as it was written."""
    return name in STAYS or name in STAYS_IN[release]


def expected(release: str, name: str, value: Any) -> Any:
    """Return what reading ``value`` has to return, for `comparable`."""
    if name in NUMPY_TIMES:
        return str(value) if not value.ndim else [str(each) for each in value]
    forms = {**FORMS, **FORMS_IN[release]}
    return forms[name] if name in forms else plain(value)


def comparable(value: Any) -> str:
    """Return plain data as text: NaN equals itself, and a key is what JSON has of it."""
    return json.dumps(_with_string_keys(value), sort_keys=True, default=repr)


def assert_runs(store: Any, has_queued: bool = True, has_resources: bool = True) -> list[Any]:
    """Require the runs that each release recorded, and return them.

    Args:
        store: Of what the release recorded.
        has_queued: The last run is a queued one.
        has_resources: Resources are stored.
    """
    runs = list(store.list())
    statuses = ["COMPLETED", "FAILED", "INTERRUPTED", "TIMEOUT", "COMPLETED"]
    assert [run.status for run in runs] == statuses + ["QUEUED"] * has_queued
    for run in runs:
        assert run.config["data"] == {"path": "data.csv", "columns": ["a", "b"]}
        assert run.config["layers"] == [3, 4] and run.config["lr"] == 0.1
    first = runs[0]
    assert "printed ä" in store.output(first.id)
    files = {("artifact", "artifact.txt"): b"artifact", ("source", "golden_script.py"): b"make_exp"}
    if has_resources:
        files["resource", first.resources[0]] = b"1,2\n"
    for (kind, name), content in files.items():
        with store.open_file(first.id, kind, name) as stream:
            data = stream.read()
        assert content in data
        if kind == "resource":
            digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
            assert first.resource_info[name].md5 == digest
    assert len({run.uid for run in runs}) == len(runs)
    assert [store.get(run.id).uid for run in runs] == [run.uid for run in runs]
    return runs


def _with_string_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else json.dumps(key): _with_string_keys(item)
            for key, item in value.items()
        }
    return [_with_string_keys(item) for item in value] if isinstance(value, list) else value


def expected_in_tinydb(name: str, value: Any) -> Any:
    """Return what reading ``value`` from Sacred's TinyDB has to return, for `comparable`."""
    if name in FORMS_IN_TINYDB:
        return FORMS_IN_TINYDB[name]
    return [str(each) for each in value] if name in NUMPY_TIMES else plain(value)
