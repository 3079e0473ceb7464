"""Every value is read back as it was recorded, from every store."""

import json
from pathlib import Path
from typing import Any

from sacred_core.serialization import plain
from sacred_core.stores import Annotation
from sacred_core.stores.curves import summaries
from sacred_core.testing.applicability import skip_rule
from sacred_core.testing.comparing import assert_same
from sacred_core.testing.event_driver import START, EventDriver
from sacred_core.testing.experiments import run_main
from sacred_core.testing.limit_contract import LimitContract
from sacred_core.testing.objects import Colour, objects
from sacred_core.testing.samples import EXPERIMENT, ODD_POINTS, ODD_STRINGS, ODD_VALUES, ORDERED

#: A name that `os.listdir` returns for a file whose name is not UTF-8.
_UNDECODABLE = "caf\udce9.txt"


class ValueContract(LimitContract):
    """The part of `StoreContract` that is about values, strings and names."""

    def test_odd_values_come_back(self, tmp_path: Path) -> None:
        """Numbers stay numbers and strings stay strings, in config, host, meta, info and result."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(
            config=ODD_VALUES, host_info={"more": ODD_VALUES}, meta_info={"more": ODD_VALUES}
        )
        driver.beat(info={"first": 1})
        driver.beat(info=ODD_VALUES, result=ODD_VALUES)
        store = self.make_store(tmp_path)
        assert_same(store.get(run_id).info, ODD_VALUES, "info of a run in progress")
        driver.complete(result=ODD_VALUES)
        run = store.get(run_id)
        for name in ("config", "info", "result"):
            assert_same(getattr(run, name), ODD_VALUES, name)
        assert_same(run.host["more"], ODD_VALUES, "host.more")
        assert_same(run.meta["more"], ODD_VALUES, "meta.more")

    def test_the_order_of_entries_comes_back(self, tmp_path: Path) -> None:
        """Entries and metrics are in the order in which they were defined, at every depth."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(config=ORDERED, host_info=ORDERED, meta_info={"more": ORDERED})
        for name in ORDERED:
            driver.log(name, [1.0])
        driver.beat(info=ORDERED, result=ORDERED)
        for name in reversed(ORDERED):
            driver.log(name, [2.0])
        driver.complete(result=ORDERED)
        store = self.make_store(tmp_path)
        (listed,) = store.list()
        for run in (store.get(run_id), listed):
            for where, found in (
                ("config", run.config), ("host", run.host), ("meta", run.meta["more"]),
                ("info", run.info), ("result", run.result),
            ):  # fmt: skip
                assert json.dumps(found) == json.dumps(ORDERED), f"{where} is {found!r}"
        assert [*store.metrics(run_id)] == [*ORDERED], "metrics are in another order"
        assert [*summaries(store, run_id)] == [*ORDERED], "summaries are in another order"

    def test_each_odd_value_is_a_result(self, tmp_path: Path) -> None:
        """Each odd value can be the whole result."""
        observer = self.make_observer(tmp_path)
        values = [*ODD_VALUES.values(), *ODD_VALUES["not finite"], *ODD_STRINGS]
        ids = []
        for value in values:
            driver = EventDriver(observer)
            ids.append(driver.start())
            driver.complete(result=value)
        store = self.make_store(tmp_path)
        for run_id, value in zip(ids, values, strict=True):
            assert_same(store.get(run_id).result, value, f"the result {value!r:.60}")

    def test_odd_strings_come_back_everywhere(self, tmp_path: Path) -> None:
        """Odd strings are possible in names, the command, the traceback, notes and tags."""
        for text in ODD_STRINGS:
            driver = EventDriver(self.make_observer(tmp_path))
            info = {**EXPERIMENT, "name": f"name {text}", "mainfile": text}
            run_id = driver.start(
                ex_info=info, command=f"command {text}", meta_info={"comment": text}
            )
            driver.fail((f"Traceback {text}\n", text))
            store = self.make_store(tmp_path)
            annotation = Annotation(time=START, user=f"user {text}", note=text, added=(text,))
            store.annotate(run_id, annotation)
            run = store.get(run_id)
            assert (run.status, run.fail_trace) == ("FAILED", [f"Traceback {text}\n", text])
            assert (run.name, run.command) == (f"name {text}", f"command {text}")
            assert (run.experiment["mainfile"], run.meta["comment"]) == (text, text)
            assert (run.tags, run.notes[0]["text"], run.notes[0]["user"]) == (
                [text], text, f"user {text}",
            )  # fmt: skip

    def test_odd_names_of_metrics_come_back(self, tmp_path: Path) -> None:
        """Any string can be the name of a metric, also one that the store uses itself."""
        for names in ([*ODD_STRINGS, "", "$a", "a.b"], ["%json"], ["py/tuple"]):
            driver = EventDriver(self.make_observer(tmp_path))
            run_id = driver.start()
            store = self.make_store(tmp_path)
            for name in names:
                driver.log(name, [1.0, 2.0])
            driver.beat()
            assert sorted(store.metrics(run_id)) == sorted(names)
            driver.complete()
            found = store.metrics(run_id)
            assert sorted(found) == sorted(names)
            assert all(metric["values"] == [1.0, 2.0] for metric in found.values())

    def test_points_that_are_not_numbers_come_back(self, tmp_path: Path) -> None:
        """The store returns such points unchanged and in order."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        driver.log("mixed", ODD_POINTS)
        driver.log("numbers", [1.0])
        driver.beat()
        store = self.make_store(tmp_path)
        assert_same(list(store.metrics(run_id)["mixed"]["values"]), ODD_POINTS, "values")
        driver.log("mixed", ["NaN"] * 1_500, first_step=len(ODD_POINTS))
        driver.complete()
        values = list(store.metrics(run_id)["mixed"]["values"])
        assert_same(values, ODD_POINTS + ["NaN"] * 1_500, "values")
        assert store.metrics(run_id)["numbers"]["values"] == [1.0]

    def test_files_of_undecodable_names_come_back(self, tmp_path: Path) -> None:
        """Artifacts, resources and sources may have undecodable names."""
        folder = tmp_path / "d\udce9"
        path = folder / _UNDECODABLE
        try:
            folder.mkdir()
            path.write_bytes(b"content")
        except OSError:  # a file system that takes UTF-8 only
            skip_rule("the file system has names in UTF-8 only")
        driver = EventDriver(self.make_observer(tmp_path))
        md5 = "9a0364b9e99bb480dd25e1f0284c8555"
        sources = {"base_dir": str(folder), "sources": [[_UNDECODABLE, md5]]}
        run_id = driver.start(ex_info={**EXPERIMENT, **sources})
        for name in (_UNDECODABLE, f"in/{_UNDECODABLE}", "half \ud800"):
            driver.artifact(name, str(path), metadata={"from": str(path)})
        driver.resource(str(path))
        driver.beat()
        driver.complete()
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        assert sorted(run.artifacts) == sorted([_UNDECODABLE, f"in/{_UNDECODABLE}", "half \ud800"])
        assert run.resources == [str(path)]
        files = [("artifact", name) for name in run.artifacts]
        for kind, name in [*files, ("resource", str(path)), ("source", _UNDECODABLE)]:
            with store.open_file(run_id, kind, name) as stream:
                assert stream.read() == b"content", f"the {kind} {name!r}"

    def test_objects_have_the_documented_form(self, tmp_path: Path) -> None:
        """Objects of any type in info and result are stored as documented; iterators are not
        consumed.
        """
        given = objects()
        expected = {name: form for name, (_, form) in given.items()}
        values = {name: value for name, (value, _) in given.items()}
        run_id = self._run(tmp_path, values)
        run = self.make_store(tmp_path).get(run_id)
        assert run.status == "COMPLETED"
        assert_same({name: run.info.get(name) for name in expected}, expected, "info")
        assert_same(run.result, expected, "result")
        assert next(values["generator"]) == 0, "the generator was consumed"
        assert_same(plain(values), expected, "plain")

    def test_metrics_of_a_run_have_strings_as_names(self, tmp_path: Path) -> None:
        """Numbers and enums become the strings of `str`; values that are not numbers are stored."""
        names = {"3": 3, "Colour.RED": Colour.RED, "0.5": 0.5, "True": True, "loss": "loss"}
        run_id = self._run(tmp_path, {}, names.values())
        metrics = self.make_store(tmp_path).metrics(run_id)
        assert sorted(metrics) == sorted(names)
        for name, metric in metrics.items():
            assert_same(list(metric["values"]), [0.25, None, "NaN", float("nan")], name)

    def _run(self, tmp_path: Path, values: dict[str, Any], metrics: Any = ()) -> Any:
        """Run an experiment with ``values`` as information and result, and return the run's id."""

        def main(_run: Any) -> Any:
            _run.info.update(values)
            for name in metrics:
                for value in (0.25, None, "NaN", float("nan")):
                    _run.log_scalar(name, value)
            return values

        return run_main(self.make_observer(tmp_path), main, tmp_path)._id
