"""What a store promises beside the record of Sacred: identity, summaries and facts about files."""

import hashlib
from pathlib import Path
from typing import Any

from sacred_core.provenance.sources import md5_of
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.curves import points, summaries, tail
from sacred_core.stores.recorded_files import FileInfo
from sacred_core.stores.summaries import (
    encode_summary,
    merge_summaries,
    summarize_blocks,
    summary_of,
)
from sacred_core.testing.code_contract import CodeContract
from sacred_core.testing.comparing import assert_time
from sacred_core.testing.curve_contract import CurveContract
from sacred_core.testing.event_driver import START, EventDriver
from sacred_core.testing.samples import EXPERIMENT

_PATCH = "diff --git a/train.py b/train.py\n+another line\n"


class FactsContract(CodeContract, CurveContract):
    """The part of `StoreContract` that is about facts."""

    def test_the_identity_is_in_the_record(self, tmp_path: Path) -> None:
        """The uid comes back; a run that was recorded without one has the same one in all reads."""
        for meta in ({"uid": "0123456789abcdef" * 2}, {}):
            driver = EventDriver(self.make_observer(tmp_path))
            run_id = driver.start(meta_info=meta)
            driver.complete()
            run = self.make_store(tmp_path).get(run_id)
            assert run.uid == meta.get("uid", run.uid)
            assert len(run.uid) == 32
            (listed,) = (each for each in self.make_store(tmp_path).list() if each.id == run.id)
            assert listed.uid == run.uid

    def test_origins_come_back(self, tmp_path: Path) -> None:
        """Where a value comes from can be queried."""
        driver = EventDriver(self.make_observer(tmp_path))
        origins = {"command line": ["lr"], "scope cfg": ["model.size", "seed"]}
        run_id = driver.start(
            config={"lr": 1, "model": {"size": 2}, "seed": 3}, meta_info={"origins": origins}
        )
        driver.complete()
        run = self.make_store(tmp_path).get(run_id)
        expected = {"lr": "command line", "model.size": "scope cfg", "seed": "scope cfg"}
        assert (run.origins, run.seed) == (expected, 3)

    def test_the_length_of_the_output_is_recorded(self, tmp_path: Path) -> None:
        """A run that ended has the length of its output in characters, also after a rewrite."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        driver.print("ten % \U0001f600\r")
        driver.beat()
        driver.print("done ä\n", 3)
        driver.complete()
        assert self.make_store(tmp_path).get(run_id).output_length == len(driver.output) == 10

    def test_annotations_come_back_as_they_were_made(self, tmp_path: Path) -> None:
        """Each annotation has its time, user, note and tags, those of the run itself first."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        driver.annotate("by the run", added=["a", "b"])
        driver.complete()
        later = Annotation(time=START, user="bob", removed=("a",))
        self.make_store(tmp_path).annotate(run_id, later)
        found = self.make_store(tmp_path).get(run_id).annotations
        assert [(each.user, each.note, each.added, each.removed) for each in found] == [
            ("ann", "by the run", ("a", "b"), ()),
            ("bob", None, (), ("a",)),
        ]
        assert_time(found[1].time, START)

    def test_files_have_sizes_and_digests(self, tmp_path: Path) -> None:
        """Size, MD5 digest, media type and metadata of artifacts and resources, and the digests of
        sources, come back while the run is running and after its end.
        """
        contents = {"model.bin": bytes(range(256)) * 9, "data.csv": b"1,2\n", "code.py": b"x = 1\n"}
        md5 = {}
        for name, content in contents.items():
            (tmp_path / name).write_bytes(content)
            md5[name] = hashlib.md5(content, usedforsecurity=False).hexdigest()
        sources = [["code.py", md5_of(tmp_path / "code.py")]]
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(ex_info={**EXPERIMENT, "base_dir": str(tmp_path), "sources": sources})
        model, data = str(tmp_path / "model.bin"), str(tmp_path / "data.csv")
        driver.artifact("m", model, metadata={"a": 1}, content_type="application/x-model")
        driver.resource(data)
        later = tmp_path / "later.py"
        later.write_text("LATER = 1\n")
        driver.code(str(tmp_path), [["later.py", md5_of(later)]], [])
        driver.beat()
        for end in (False, True):
            if end:
                driver.complete()
            run = self.make_store(tmp_path).get(run_id)
            assert run.artifact_info == {
                "m": FileInfo(
                    size=256 * 9,
                    md5=md5["model.bin"],
                    content_type="application/x-model",
                    metadata={"a": 1},
                )
            }
            assert run.resource_info == {data: FileInfo(size=4, md5=md5["data.csv"])}
            assert run.sources == {"code.py": md5["code.py"], "later.py": md5_of(later)}

    def test_patches_can_be_opened(self, tmp_path: Path) -> None:
        """Uncommitted changes are opened by the commit of their repository."""
        repository = {"url": "https://x/y", "commit": "c0ffee", "dirty": True, "patch": _PATCH}
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(ex_info={**EXPERIMENT, "repositories": [repository]})
        driver.complete()
        store = self.make_store(tmp_path)
        expected = {"url": "https://x/y", "commit": "c0ffee", "dirty": True}
        assert store.get(run_id).repositories == [expected]
        with store.open_file(run_id, "patch", "c0ffee") as file:
            assert file.read() == _PATCH.encode()

    def test_summaries_are_those_of_the_points(self, tmp_path: Path) -> None:
        """Summaries, blocks, ranges and new points equal those of all points, during the run and
        after its end, for points that come in small and in large parts.
        """
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        counts: dict[str, int] = {}
        for count in (1, 999, 1, 1500, 3):
            driver.log("loss", [float((7 * n) % 11) for n in range(count)])
            driver.log("odd", [float("nan"), "text", float("inf"), True, -1])
            driver.beat()
            self._check_summaries(tmp_path, run_id, counts)
        driver.complete()
        self._check_summaries(tmp_path, run_id, {})

    def _check_summaries(self, tmp_path: Path, run_id: Any, counts: dict[str, int]) -> None:
        store = self.make_store(tmp_path)
        metrics = store.metrics(run_id)
        run = store.get(run_id)
        blocks = summaries(store, run_id)
        for name, metric in metrics.items():
            expected = [*summarize_blocks(metric["steps"], metric["values"])]
            assert _spell(blocks[name]) == _spell(expected)
            if run.metrics is not None:
                assert _spell([run.metrics[name]]) == _spell([merge_summaries(expected)])
                assert _spell([run.metrics[name]]) == _spell([summary_of(metric)])
            middle = len(metric["steps"]) // 2
            found = points(store, run_id, {name: (middle, middle + 5)})[name]
            for column, values in metric.items():
                assert repr(list(found[column])) == repr(list(values[middle : middle + 5]))
        for name, new in tail(store, run_id, counts).items():
            first = counts.get(name, 0)
            assert repr(list(new["values"])) == repr(list(metrics[name]["values"][first:]))
            counts[name] = first + len(new["values"])
        assert counts == {name: len(metric["values"]) for name, metric in metrics.items()}


def _spell(summaries: Any) -> list[str]:
    """Return what two lists of summaries have to agree in: NaN equals itself."""
    return [repr(encode_summary(each)) for each in summaries]
