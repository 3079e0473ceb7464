"""What comes back of what a run printed, logged and made."""

import contextlib
import functools
from pathlib import Path
from typing import Any

from sacred_core.exceptions import StoreError
from sacred_core.provenance.sources import md5_of
from sacred_core.run import Run
from sacred_core.run.recovery import OutputStore
from sacred_core.testing.at_once import call_at_once
from sacred_core.testing.comparing import assert_metrics
from sacred_core.testing.counting import count_work
from sacred_core.testing.event_driver import EventDriver
from sacred_core.testing.experiments import run_main
from sacred_core.testing.file_contract import FileContract
from sacred_core.testing.samples import EXPERIMENT, FILE_NAMES, METRIC_NAMES, NON_FINITE, PRINTED


class ContentContract(FileContract):
    """The part of `StoreContract` that is about output, metrics and files."""

    def content_type(self, tmp_path: Path, run_id: Any, name: str) -> str | None:
        """Return the media type that is stored of an artifact, read from the backend itself.

        The rule is tested where this is overridden: not every backend stores content types.
        """
        raise NotImplementedError(f"{type(self).__name__}.content_type returns a content type")

    def test_artifacts_have_a_content_type(self, tmp_path: Path) -> None:
        """The type is the one that was passed, or it is guessed from the name."""
        expected = {
            "plots/loss.png": "image/png", "table.csv": "text/csv", "given": "text/x-special",
            "unknown": None, "logs.tar.gz": "application/gzip", "model": "application/json",
        }  # fmt: skip
        files = {"model": "model.json"}
        folder = tmp_path / "made"
        folder.mkdir()

        def make(_run: Run) -> None:
            for name in expected:
                path = folder / files.get(name, name.rpartition("/")[2])
                path.write_bytes(b"content")
                kind = "text/x-special" if name == "given" else None
                _run.add_artifact(path, name, content_type=kind)

        options = {"--loglevel": "ERROR", "--capture": "no"}
        run = run_main(self.make_observer(tmp_path), make, tmp_path, options=options)
        with contextlib.suppress(NotImplementedError):
            stored = {name: self.content_type(tmp_path, run._id, name) for name in expected}
            assert stored == expected

    def test_output_comes_back(self, tmp_path: Path) -> None:
        """The store returns each character, also after the end of the output was replaced."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        store = self.make_store(tmp_path)
        for text in PRINTED:
            driver.print(text)
        driver.beat()
        assert store.output(run_id) == driver.output, "not what was printed"
        driver.print("progress 10 %")
        driver.print("100 %", offset=len(driver.output) - len("10 %"))
        driver.print("", offset=len(driver.output) - 2)
        driver.print("x" * 200_000 + "\r\n")
        driver.beat()
        driver.complete()
        assert store.output(run_id) == driver.output, "not what was printed after it was replaced"

    def test_output_costs_the_same_however_much_was_printed(self, tmp_path: Path) -> None:
        """The last heartbeats of a run that prints much do what the first ones did."""
        driver = EventDriver(self.make_observer(tmp_path))
        driver.start()
        lines = "".join(f"line {number}\n" for number in range(500))

        def print_in_beats() -> None:
            for _ in range(16):
                driver.print(lines)
                driver.beat()

        first = count_work(print_in_beats)
        print_in_beats()
        last = count_work(print_in_beats)
        driver.complete()
        for name, count in last.items():
            limit = 1.5 * first[name] + 100_000
            assert count < limit, f"{first[name]} {name} have become {count}"

    def test_output_is_completed_after_a_crash(self, tmp_path: Path) -> None:
        """The output of a run that did not end can be replaced by a longer one, also twice."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        store = self.make_store(tmp_path)
        assert isinstance(store, OutputStore), "the store has no method complete_output"
        driver.print("stored ä\n")
        driver.print("progress 10 %")
        driver.beat()
        driver.join()
        for text in ("stored ä\nprogress 20 %\nlast words 😀", "stored ä\n", "stored ä\nmore\n"):
            for _ in range(2):
                store.complete_output(run_id, text)
                assert store.output(run_id) == text, "not the text that was given"
        assert store.get(run_id).recorded_status == "RUNNING", "the status has changed"
        refused = False
        try:
            store.complete_output("no such run", "text")
        except StoreError:
            refused = True
        assert refused, "an unknown run is not refused"

    def test_metrics_come_back(self, tmp_path: Path) -> None:
        """The store returns steps, values and times of every point, for any name."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        store = self.make_store(tmp_path)
        for name in METRIC_NAMES:
            driver.log(name, [1, 0.5, -3])
        driver.log("loss", [7.5], first_step=100)
        driver.log("loss", [8.5], first_step=50)
        driver.beat()
        assert_metrics(store, run_id, driver)
        driver.log("loss", [float(n) for n in range(5000)], first_step=200)
        driver.complete()
        assert_metrics(store, run_id, driver)

    def test_numbers_that_json_lacks_come_back(self, tmp_path: Path) -> None:
        """NaN and the infinities are possible in metrics."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        driver.log("loss", NON_FINITE)
        driver.complete()
        values = self.make_store(tmp_path).metrics(run_id)["loss"]["values"]
        assert list(map(repr, map(float, values))) == ["nan", "inf", "-inf"], values

    def test_artifacts_come_back(self, tmp_path: Path) -> None:
        """Artifacts are stored byte for byte under their names; the last version counts."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        store = self.make_store(tmp_path)
        contents = {name: name.encode() * 7 + bytes(range(256)) for name in FILE_NAMES}
        file = tmp_path / "made"
        for name, data in [("plain.txt", b"old"), *contents.items()]:
            file.write_bytes(data)
            driver.artifact(name, str(file))
        file.unlink()
        driver.beat()
        driver.complete()
        assert sorted(store.get(run_id).artifacts) == sorted(contents)
        for name, data in contents.items():
            with store.open_file(run_id, "artifact", name) as stream:
                assert stream.read() == data, f"the artifact {name!r} has another content"

    def test_resources_come_back(self, tmp_path: Path) -> None:
        """Resources are listed once each, and stored byte for byte."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        paths = [tmp_path / "data.csv", tmp_path / "ünï code"]
        for path in paths:
            path.write_bytes(path.name.encode() + bytes(range(256)))
            for _ in range(2):
                driver.resource(str(path))
        driver.complete()
        store = self.make_store(tmp_path)
        assert sorted(store.get(run_id).resources) == sorted(map(str, paths))
        for path in paths:
            with store.open_file(run_id, "resource", str(path)) as stream:
                assert stream.read() == path.read_bytes(), f"{path} has another content"

    def test_a_resource_that_changes_is_the_last_version(self, tmp_path: Path) -> None:
        """It is listed once, with the content and the digest of the version that was read last."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        path = tmp_path / "data.csv"
        for content in ("1,2\n", "3,4,5\n", "1,2\n"):
            path.write_text(content)
            driver.resource(str(path))
        driver.complete()
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        assert run.resources == [str(path)], f"it is listed as {run.resources}"
        with store.open_file(run_id, "resource", str(path)) as stream:
            assert stream.read() == b"1,2\n", "it has the content of another version"
        assert run.resource_info[str(path)].md5 in (md5_of(path), None), "of another version"

    def test_runs_that_start_at_once_share_files(self, tmp_path: Path) -> None:
        """8 threads start runs with the same 20 sources and 5 resources; each run has all."""
        paths = [tmp_path / f"shared {number}.py" for number in range(20)]
        for path in paths:
            path.write_text(f"# {path.name}\n" * 100)
        sources = [[path.name, md5_of(path)] for path in paths]
        ex_info = {**EXPERIMENT, "base_dir": str(tmp_path), "sources": sources}
        observers = [self.make_observer(tmp_path) for _ in range(8)]

        def work(observer: Any) -> Any:
            driver = EventDriver(observer)
            run_id = driver.start(ex_info=ex_info)
            for path in paths[:5]:
                driver.resource(str(path))
            driver.complete()
            return run_id

        ids = call_at_once([functools.partial(work, observer) for observer in observers])
        errors = [each for each in ids if isinstance(each, BaseException)]
        assert not errors, f"{len(errors)} runs failed: {errors[0]!r}"
        store = self.make_store(tmp_path)
        for run_id in ids:
            for kind, name, path in [
                *(("source", path.name, path) for path in paths),
                *(("resource", str(path), path) for path in paths[:5]),
            ]:
                with store.open_file(run_id, kind, name) as stream:
                    assert stream.read() == path.read_bytes(), f"{kind} {name} of run {run_id}"

    def test_an_event_that_comes_again_changes_nothing(self, tmp_path: Path) -> None:
        """A repeated event duplicates no output, points or files."""
        driver = EventDriver(self.make_observer(tmp_path), times=2)
        run_id = driver.start()
        file = tmp_path / "file"
        file.write_text("content")
        for number in range(3):
            driver.print(f"line {number}\n")
            driver.log("loss", [float(number)], first_step=number)
            driver.artifact("file", str(file))
            driver.resource(str(file))
            driver.beat(info={"number": number})
        driver.complete(result=1)
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        assert store.output(run_id) == driver.output, "output is doubled"
        assert_metrics(store, run_id, driver)
        assert (run.artifacts, run.resources) == (["file"], [str(file)]), "files are doubled"
        assert (run.status, run.result, run.info) == ("COMPLETED", 1, {"number": 2})
