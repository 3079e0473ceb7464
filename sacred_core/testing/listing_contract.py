"""Which runs a store lists, and which it finds."""

from pathlib import Path
from typing import Any

from sacred_core.stores import Annotation, RunQuery, find_runs
from sacred_core.stores.finding import MetricSummaries
from sacred_core.stores.query import matches, parse, parse_columns, read
from sacred_core.testing.damage_contract import DamageContract
from sacred_core.testing.effort import examples
from sacred_core.testing.event_driver import START, EventDriver
from sacred_core.testing.random_queries import random_queries
from sacred_core.testing.removal_contract import RemovalContract
from sacred_core.testing.samples import CONFIGS, EXPERIMENT


class ListingContract(DamageContract, RemovalContract):
    """The part of `StoreContract` that is about many runs.

    Attributes:
        queries: How many are drawn, an eighth of them in a quick check; fewer for a store that
            takes long to list runs.
    """

    queries = 400

    def test_runs_are_listed_by_age(self, tmp_path: Path) -> None:
        """Runs are listed from the oldest to the newest; a limit selects the newest. Each run
        refers to its store.
        """
        ids = []
        for _ in range(12):
            driver = EventDriver(self.make_observer(tmp_path))
            ids.append(driver.start())
            driver.complete()
        store = self.make_store(tmp_path)
        assert [run.id for run in store.list()] == ids
        assert [run.id for run in store.list(RunQuery(limit=3))] == ids[-3:]
        for run in (store.get(ids[0]), *store.list(RunQuery(limit=1))):
            assert run.store is store, f"{run!r} does not refer to the store it was read from"

    def test_runs_are_shown_as_text(self, tmp_path: Path) -> None:
        """A notebook shows what is stored without elements, control characters and secrets."""
        odd = "<script>alert(1)</script>\x1b[2J"
        driver = EventDriver(self.make_observer(tmp_path))
        driver.start(
            ex_info={**EXPERIMENT, "name": odd},
            config={"entry": odd, "url": "http://user:hunter2@host"},
        )
        driver.complete(result=odd)
        store = self.make_store(tmp_path)
        runs = find_runs(store)
        shown = [repr(runs), repr(runs[0]), runs._repr_html_(), runs[0]._repr_html_()]
        assert all("alert(1)" in text for text in shown), f"a run is shown as {shown}"
        assert not any("\x1b" in text or "hunter2" in text for text in shown), shown
        assert not any("<script>" in text for text in shown[2:]), shown

    def test_runs_are_listed_by_what_they_are(self, tmp_path: Path) -> None:
        """Runs are selected by name and by current status, `DEAD` included."""
        ids = {}
        for name, end in (("a", "complete"), ("b", "fail"), ("b", "none")):
            driver = EventDriver(self.make_observer(tmp_path))
            ids[name, end] = driver.start(ex_info={**EXPERIMENT, "name": name})
            {"complete": driver.complete, "fail": driver.fail, "none": lambda: None}[end]()
        store = self.make_store(tmp_path)
        for query, found in (
            (RunQuery(status="COMPLETED"), [("a", "complete")]),
            (RunQuery(status="DEAD"), [("b", "none")]),
            (RunQuery(status="RUNNING"), []),
            (RunQuery(name="b"), [("b", "fail"), ("b", "none")]),
            (RunQuery(name="b", status="FAILED"), [("b", "fail")]),
        ):
            assert [run.id for run in store.list(query)] == [ids[key] for key in found], query

    def test_a_query_finds_what_it_asks_for(self, tmp_path: Path) -> None:
        """Random queries, 400 by default, find the right runs, also if the store filters."""
        for number, config in enumerate(CONFIGS):
            driver = EventDriver(self.make_observer(tmp_path))
            driver.start(config=config, meta_info={"comment": "xay"[number % 3], "more": config})
            driver.beat(info={"metrics": number, "more": config}, result=config)
            ends: list[Any] = [driver.complete, driver.fail, driver.interrupt, lambda: None]
            ends[number % 4]()
        store = self.make_store(tmp_path)
        runs = list(store.list())
        for annotation in ({"added": ["a", "ü"]}, {"removed": ["a"]}):
            store.annotate(runs[0].id, Annotation(time=START, user="a", **annotation))  # type: ignore[arg-type]
        runs = list(store.list())
        metrics = MetricSummaries(store)
        drawn = random_queries(runs, examples(self.queries // 8, self.queries), seed=0)
        for number, query in enumerate(drawn):
            expected = [run.id for run in runs if matches(query, run, metrics.of(run))]
            assert [run.id for run in find_runs(store, query)] == expected, str(query)
            if number % 10 == 0:
                listed = store.list(RunQuery(where=query, limit=2))
                assert [run.id for run in listed] == expected[-2:], str(query)

    def test_fields_that_are_used_are_read(self, tmp_path: Path) -> None:
        """A listing of some fields contains them, and conditions may use other fields."""
        driver = EventDriver(self.make_observer(tmp_path))
        driver.start(config={"a": 1}, meta_info={"comment": "x"})
        driver.beat(info={"b": [2]}, result=3)
        driver.complete()
        store = self.make_store(tmp_path)
        (whole,) = store.list()
        metrics = MetricSummaries(store).of(whole)
        for names in (
            ["id"],
            ["config.a", "comment"],
            ["info.b", "host.hostname", "duration"],
            ["name", "command", "result", "start_time", "heartbeat"],
            ["status"],
            ["artifacts", "resources", "tags", "run_id"],
        ):
            fields = [column.field for column in parse_columns(",".join(names))]
            for where in (None, parse("config.a = 1 and info.b has 2 and status exists")):
                (run,) = store.list(RunQuery(where=where, fields=fields))
                for field in fields:
                    expected = read(field, whole, metrics, START)
                    assert read(field, run, metrics, START) == expected, str(field)
            assert list(store.list(RunQuery(where=parse("config.a = 2"), fields=fields))) == []
