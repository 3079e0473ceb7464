"""What `make_rich.py` recorded with Sacred, and what a reader has to return of it.

Each run has four observers, so that each store has the same runs. Imported by the tests of stores.
"""

import base64
import hashlib
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

from sacred_core.transfer.copying import copy_runs
from sacred_core.transfer.known_runs import Target
from sacred_core.transfer.verification import verify

HERE = Path(__file__).parent
RELEASES = ("0.7.5", "0.8.2", "0.8.7")
#: What the program returns as arrays cannot be stored by Sacred's SqlObserver: it stops there.
_ENDS = {
    "0": "COMPLETED", "2": "FAILED", "3": "INTERRUPTED", "4": "DEAD", "5": "COMPLETED",
    "given-id": "COMPLETED", "0042": "COMPLETED",
}  # fmt: skip
#: The queued run, which Sacred's TinyDbObserver does not record.
_QUEUED = {"0.7.5": "6", "0.8.2": "6", "0.8.7": "8"}
CONFIG = {
    "lr": 0.001, "nothing": None, "shape": [3, [4, 5]], "flag": True, "text": "grüße ✓",
    "empty": "", "big": 2**40, "layers": [{"size": 3}, {"size": 4, "act": None}],
    "nested": {"deep": {"x": 1.5}, "e": {}}, "infinite": math.inf,
    "data": {"path": "other.csv", "columns": ["a", "b"], "options": {"sep": ",", "na": None}},
}  # fmt: skip
INFO = {
    "grid": [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0], [8.0, 9.0, 10.0, 11.0]],
    "long": list(range(40)), "pair": [1, ["a", None]], "nested": {"x": {"y": [1, {"z": "ü"}]},
    "none": None}, "frame": {"a": {"0": 1, "1": 2}, "b": {"0": 0.5, "1": 1.5}},
}  # fmt: skip
METRICS = {
    "loss": ([0, 10, 20, 30, 40], [0.5 / (step + 1) for step in range(5)]),
    "count": ([0, 1, 2], [1, 2, 3]),
    "single": ([3], [0.25]),
    "whole": ([5], [12]),
    "odd": ([0, 1, 2], [math.nan, math.inf, -math.inf]),
    "dotted.name": ([0], [1.0]),
}
ARTIFACTS = {
    "same.txt": b"second", "empty.bin": b"", "üml.bin": bytes(range(256)), "inner.txt": b"inner",
    "table.csv": b"second",
}  # fmt: skip
RESOURCES = {"shared.csv": b"1,2\n", "resource.csv": b"a\n"}
SOURCES = ("extra.py", "rich_helper.py", "rich_program.py")


def load(release: str) -> dict[str, Any]:
    """Return the content of the stores of a release, by the name of the store."""
    found: dict[str, Any] = json.loads((HERE / release / "rich.json").read_text(encoding="utf-8"))
    return found


def unpack(release: str, name: str, folder: Path) -> None:
    """Write the files of the store ``files`` or ``tinydb`` below ``folder``."""
    for path, content in load(release)[name].items():
        is_binary = isinstance(content, dict)
        data = base64.b64decode(content["base64"]) if is_binary else content.encode()
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def uids(release: str) -> dict[str, str]:
    """Return the derived uid of each run by its id: the same in each store."""
    found: dict[str, dict[str, str]] = json.loads((HERE / "rich_uids.json").read_text())
    return found[release]


def assert_runs(
    store: Any,
    release: str,
    *,
    has_queued: bool = True,
    has_metrics: bool = True,
    has_arrays: bool = True,
    lacks: str = "",
) -> None:
    """Require everything that a release recorded in a store.

    Args:
        store: Of what the release recorded.
        release: Of Sacred.
        has_queued: The store has the queued run with its time.
        has_metrics: The store has metrics.
        has_arrays: The run that returned arrays is recorded up to its end.
        lacks: What else this release did not store there: ``"repositories"`` or ``"resources"``.
    """
    runs = {str(run.id): run for run in store.list() if not run.damage}
    wanted = {name: status for name, status in _ENDS.items() if name in uids(release)}
    if not has_arrays:
        wanted["5"] = "DEAD"
    queued = runs.pop(_QUEUED[release], None)
    assert {name: run.status for name, run in runs.items()} == wanted
    assert {name: run.uid for name, run in runs.items()} == {n: uids(release)[n] for n in wanted}
    if has_queued:
        assert queued is not None and queued.uid == uids(release)[_QUEUED[release]]
    if queued is not None:
        assert queued.status == "QUEUED" and queued.meta["comment"] == "queued"
        assert queued.config["shape"] == [3, [4, 5]] and queued.start_time is None
    _assert_first(store, runs["0"], has_metrics, lacks)
    assert "".join(runs["2"].fail_trace).endswith("RuntimeError: it failed ä\nin two lines\n")
    assert runs["4"].stop_time is None and runs["4"].artifacts == list(ARTIFACTS)
    array = runs["5"]
    assert array.config["array"] == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert (array.config["whole"], array.config["part"]) == (7, 0.25)
    if has_arrays:
        expected = {"array": [*map(float, range(20))], "pair": [1, 2], "text": "ü", "none": None}
        assert array.result == expected
    for run in [*runs.values(), *([] if queued is None else [queued])]:
        _assert_sources(store, run)


def assert_copied(store: Any, targets: Any, missing: int = 0) -> None:
    """Copy the runs to one target, and from there to the next; each time all are equal.

    Args:
        store: Of Sacred.
        targets: Empty stores.
        missing: The number of runs of which the store lacks the content of a file.
    """
    for target in targets:
        copied = [*copy_runs(store, Target(target))]
        assert [each.target_id for each in copied] == [each.source_id for each in copied]
        assert sum(not each.is_complete for each in copied) == missing
        states = Counter(each.state for each in verify(store, target, reads_files=True))
        assert states == Counter(equal=len(copied) - missing, different=missing)
        assert [each.events for each in copy_runs(store, Target(target))] == [0] * len(copied)
        assert {run.uid for run in target.list()} == {run.uid for run in store.list()}
        store, missing = target, 0


def _assert_first(store: Any, run: Any, has_metrics: bool, lacks: str) -> None:
    config = dict(run.config)
    assert math.isnan(config.pop("not_a_number")) and isinstance(config.pop("seed"), int)
    assert config == CONFIG
    info = dict(run.info)
    odd = info.pop("odd")
    assert info == INFO and math.isnan(odd[0]) and odd[1:] == [math.inf, None]
    assert run.result == 0.5 and run.meta["comment"] == "noted ü"
    assert run.start_time < run.stop_time and run.heartbeat is not None
    assert "printed ä ✓\n" in store.output(run.id)
    if lacks != "repositories":
        (repository,) = run.repositories
        assert repository["url"] == "https://example.org/rich.git" and repository["dirty"] is True
        assert len(repository["commit"]) == 40
    assert "somepackage==1.2.3" in run.experiment["dependencies"]
    metrics = store.metrics(run.id)
    found = {name: (own["steps"], own["values"]) for name, own in metrics.items()}
    assert repr(sorted(found.items())) == repr(sorted(METRICS.items()) if has_metrics else [])
    assert run.artifacts == list(ARTIFACTS)
    assert sorted(Path(name).name for name in run.resources) == sorted(RESOURCES)
    for name in run.resources:
        content = RESOURCES[Path(name).name]
        if lacks != "resources":
            assert _content(store, run, "resource", name) == content
        assert run.resource_info[name].md5 == _digest(content)
    for name, content in ARTIFACTS.items():
        assert _content(store, run, "artifact", name) == content
        assert run.artifact_info[name].md5 in (None, _digest(content))


def _assert_sources(store: Any, run: Any) -> None:
    assert tuple(run.sources) == SOURCES
    for name, md5 in run.sources.items():
        assert _digest(_content(store, run, "source", name)) == md5


def _content(store: Any, run: Any, kind: str, name: str) -> bytes:
    with store.open_file(run.id, kind, name) as file:
        data: bytes = file.read()
    return data


def _digest(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
