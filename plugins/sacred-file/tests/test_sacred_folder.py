"""A folder that Sacred 0.8.7 wrote is read as it is.

The data is of 30 runs of one script, which ended in turn as ok, ok, failed, interrupted and timed
out; the eighth was only queued.
"""

import json
import shutil
from datetime import UTC
from pathlib import Path

import pytest
from sacred_file import FileStorageObserver, FileStore

from sacred_core.jsonpickle_data import decode_jsonpickle
from sacred_core.stores import find_runs
from sacred_core.testing import EventDriver

DATA = Path(__file__).parent / "data" / "sacred_0_8_7"
ENDS = ["COMPLETED", "COMPLETED", "FAILED", "INTERRUPTED", "TIMEOUT"]


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    shutil.copytree(DATA, tmp_path / "runs")
    return FileStore(tmp_path / "runs")


def test_every_run_is_read_whole(store: FileStore) -> None:
    """Status, times, configuration, result, info, output, metrics and files."""
    runs = list(store.list())
    assert [run.id for run in runs] == list(range(1, 31))
    for run in runs:
        n = int(run.id) - 1
        if n == 7:
            assert run.status == "QUEUED" and run.queue_time is not None
            assert run.queue_time.tzinfo is UTC and run.start_time is None
            continue
        assert run.status == ENDS[n % 5]
        assert run.start_time is not None and run.stop_time is not None
        assert run.config["lr"] == 1 / (n + 1) and run.config["layers"] == [{"size": 3}]
        assert run.config["text"] == "ünï"
        assert run.info == {"matrix": [[0, 1], [2, 3]], "n": n, "set": [1], "inf": float("inf")}
        assert run.result == ({"n": n, "arr": 0.5} if n % 5 < 2 else None)
        assert ("broke" in "".join(run.fail_trace)) == (n % 5 == 2)
        # Sacred lost what was printed just before a failure.
        assert store.output(run.id) == (f"printed {n} ä\n" if n % 5 < 2 else "")
        metrics = store.metrics(run.id)
        assert metrics["loss"]["steps"] == [0, 1, 2]
        assert metrics["loss"]["values"] == [run.config["lr"] * i for i in range(3)]
        assert repr(metrics["nan"]["values"]) == "[nan]"
        for kind, name, content in (
            ("artifact", "art.txt", f"artifact {n}".encode()),
            ("resource", run.resources[0], b"1,2"),
        ):
            with store.open_file(run.id, kind, name) as stream:
                assert stream.read() == content


def test_digests_are_those_in_the_names_of_copies(store: FileStore) -> None:
    """Of sources and resources; of artifacts Sacred records none. Each run has a uid of its own."""
    runs = list(store.list())
    for run in runs[:5]:
        (name,) = run.resources
        assert run.resource_info[name].md5 == "05cf281c050be3da4eecf3bc6e8aac1b"
        assert list(run.sources.values()) == ["476d9e79da70a7227a9b504f183abe8e"]
        assert run.artifact_info["art.txt"].md5 is None
    assert len({run.uid for run in runs}) == len(runs)
    assert [store.get(run.id).uid for run in runs] == [run.uid for run in runs]


def test_queries_apply_to_it(store: FileStore) -> None:
    """Queries apply to it, as to runs of our own."""
    found = find_runs(store, "config.lr < 0.1 and result.n > 3", "-config.lr")
    assert [run.id for run in found] == [11, 12, 16, 17, 21, 22, 26, 27]


def test_new_runs_join_it(store: FileStore) -> None:
    """They count on, and a queued one of Sacred's is taken over."""
    assert EventDriver(FileStorageObserver(store.root)).start() == 31
    assert EventDriver(FileStorageObserver(store.root)).start(_id=8, asked_id=8) == 8
    assert store.get(8).recorded_status == "RUNNING"


def test_one_is_deleted(store: FileStore) -> None:
    """What it shares with the others stays."""
    before = store.get(2)
    store.delete(1)
    assert store.get(2) == before
    with store.open_file(2, "resource", before.resources[0]) as stream:
        assert stream.read() == b"1,2"


@pytest.mark.parametrize(
    ("tagged", "plain"),
    [
        ({"py/tuple": [1, {"py/set": [2]}]}, [1, [2]]),
        ({"py/object": "numpy.int64", "value": 3, "dtype": "int64"}, 3),
        ({"a": [{"py/object": "numpy.ndarray", "values": [[1]], "shape": [1, 1]}]}, {"a": [[[1]]]}),
        ({"py/object": "os.system", "args": ["rm"]}, {"py/object": "os.system", "args": ["rm"]}),
        ({"py/object": "datetime.datetime", "__reduce__": "x"},
         {"py/object": "datetime.datetime", "__reduce__": "x"}),
        ({"py/tuple": "no list"}, {"py/tuple": "no list"}),
    ],
)  # fmt: skip
def test_tagged_data_is_made_plain_and_never_executed(tagged: object, plain: object) -> None:
    """Of what is not known the text stays as it was."""
    assert decode_jsonpickle(json.loads(json.dumps(tagged))) == plain
