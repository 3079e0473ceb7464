"""Values at their limits are read back as they were recorded, from every store."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sacred_core.exceptions import SacredError, StoreError
from sacred_core.provenance.sources import md5_of
from sacred_core.serialization import plain
from sacred_core.stores import Annotation
from sacred_core.testing.comparing import assert_same
from sacred_core.testing.content_contract import ContentContract
from sacred_core.testing.event_driver import START, EventDriver
from sacred_core.testing.experiments import run_main

_LARGE = 10_000_000
#: Every kind of character that an encoding, an escape or a limit may treat in its own way.
_PATTERN = "\0 '\"\\%\n\r\x1a%00%u0041 \u00e4\u4f60\U0001f600\udce9\ud800 x"
_LONG_KEY = "k" * 4_990 + ".$\0%2E\udce9"
_EAST, _WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12, minutes=-30))
#: Times that cannot be converted to UTC, or to a number, everywhere.
DATES: dict[str, Any] = {
    "first": datetime.min,
    "last": datetime.max,
    "first in UTC": datetime.min.replace(tzinfo=UTC),
    "last in UTC": datetime.max.replace(tzinfo=UTC),
    "before the first in UTC": datetime.min.replace(tzinfo=_EAST),
    "after the last in UTC": datetime.max.replace(tzinfo=_WEST),
    "year 1": datetime(1, 12, 31, 23, 59, 59, 1),
    "year 1899": datetime(1899, 12, 31, 23, 59, 59, 999_999, UTC),
    "before 1970": datetime(1969, 12, 31, 23, 59, 59, 999_999, _WEST),
    "repeated hour": datetime(2026, 10, 25, 2, 30, fold=1),
    "dates": [date.min, date.max],
    "times": [datetime.min.time(), datetime.max.time()],
    "lengths": [timedelta.min, timedelta.max],
}
#: Names of artifacts that a file system, a database or an archive changes, refuses or reserves.
ARTIFACT_NAMES = [
    "x" * 300, "\u4f60" * 100, "d/" * 100 + "deep", "d" * 250 + "/in", "n." * 120,
    "dot.", "dots...", "space ", " space", "two  spaces", "tab\t", ".hidden", ".in/.hidden",
    "A", "a", "B/c", "b/c", "x", "x/y", "x/y/z", "y", "y/", "/y", "\u00e9", "e\u0301", "\ufb01",
    "fi",
    "\u212b", "con", "NUL.txt", "com1", "-rf", "--help", "line\nfeed", "return\r", "bell\x07",
    "\x1b[2J", "nul\0byte", "\U0001f600", "\u202egnp.exe", "..", "../up", "../../up", "a/../b", ".",
    "./c", "c", "/etc/passwd", "", "/", "back\\slash", "C:\\x", "c:x", "*?\"<>|", "%2e%2e", "%00",
    "%",
    "run.json", "RUN.JSON", "_artifacts", "_artifacts/x", "metrics.json/x", "caf\udce9", "$a.b",
    "~", "~root", "a#b?c&d=e+f", "a;b", "{a}", "annotations.jsonl", ".claim-0", "_ids/next",
]  # fmt: skip


class LimitContract(ContentContract):
    """The part of `StoreContract` that is about values at their limits."""

    def test_strings_of_ten_million_characters_come_back(self, tmp_path: Path) -> None:
        """Such strings are possible in the configuration, information, result and output."""
        text = "0123456789" * (_LARGE // 10)
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(config={"text": text, "a": 1})
        driver.print(text)
        driver.beat(info={"text": text, "b": 2})
        store = self.make_store(tmp_path)
        assert store.get(run_id).info == {"text": text, "b": 2}
        driver.complete(result=text)
        run = store.get(run_id)
        assert run.config == {"text": text, "a": 1}, "config"
        assert run.info == {"text": text, "b": 2}, "info"
        assert run.result == text, "result"
        assert store.output(run_id) == text, "output"
        assert run.status == "COMPLETED"

    def test_long_strings_of_odd_characters_come_back(self, tmp_path: Path) -> None:
        """They are possible everywhere, also in metadata, the traceback, notes and metrics."""
        text = _PATTERN * 50_000
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(
            config={"text": text}, meta_info={"comment": text}, host_info={"more": "h" * 300_000}
        )
        driver.log("texts", [text[n:] for n in range(3)])
        driver.log("numbers", [1.0, 2.0])
        driver.beat(info={"text": text}, result=text)
        driver.log("texts", ["short"] * 1_500, first_step=3)
        driver.fail((text, "ValueError: broke\n"))
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        assert_same(run.config, {"text": text}, "config")
        assert_same(run.info, {"text": text}, "info")
        assert_same(run.result, text, "result")
        assert run.meta["comment"] == text
        assert run.host == {"more": "h" * 300_000}
        assert run.fail_trace == [text, "ValueError: broke\n"]
        metrics = store.metrics(run_id)
        assert list(metrics["numbers"]["values"]) == [1.0, 2.0]
        expected = [text, text[1:], text[2:], *["short"] * 1_500]
        assert_same(list(metrics["texts"]["values"]), expected, "texts")
        store.delete(run_id)
        assert list(store.list()) == []

    def test_long_notes_and_metadata_cost_nothing_else(self, tmp_path: Path) -> None:
        """10 MB each are stored, or refused at once with an error of one line."""
        (tmp_path / "f").write_text("content")
        text = "n" * _LARGE
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(config={"text": "c" * 1_000_000})
        store = self.make_store(tmp_path)
        notes, errors = [], list[Exception]()
        for number in range(3):
            try:
                store.annotate(run_id, Annotation(time=START, user="ann", note=f"{number}{text}"))
                notes.append(f"{number}{text}")
            except StoreError as error:
                errors.append(error)
        store.annotate(run_id, Annotation(time=START, user="ann", note="short"))
        names = ["f"]
        try:
            driver.artifact("large", str(tmp_path / "f"), metadata={"text": text})
            names.append("large")
        except SacredError as error:
            errors.append(error)
        driver.artifact("f", str(tmp_path / "f"))
        driver.beat(info={"text": "i" * 2_000_000})
        driver.complete(result="r" * 900_000)
        run = store.get(run_id)
        assert (run.status, sorted(run.artifacts)) == ("COMPLETED", sorted(names))
        assert [note["text"][:5] for note in run.notes] == [note[:5] for note in (*notes, "short")]
        assert [len(note["text"]) for note in run.notes] == [
            len(note) for note in (*notes, "short")
        ]
        assert all(len(str(error)) < 1_000 for error in errors), "an error repeats the value"
        assert (run.info["text"], run.result) == ("i" * 2_000_000, "r" * 900_000)

    def test_keys_of_five_thousand_characters_come_back(self, tmp_path: Path) -> None:
        """Such keys are possible in the configuration, information and result, and as names of
        metrics.
        """
        value = {_LONG_KEY: 1, "k" * 5_000: {_LONG_KEY: [2]}}
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start(config=value, meta_info={"more": value}, host_info={"more": value})
        driver.log(_LONG_KEY, [1.0])
        driver.beat(info=value)
        driver.complete(result=value)
        store = self.make_store(tmp_path)
        run = store.get(run_id)
        for name in ("config", "info", "result"):
            assert_same(getattr(run, name), value, name)
        assert_same(run.host["more"], value, "host.more")
        assert_same(run.meta["more"], value, "meta.more")
        assert list(store.metrics(run_id)) == [_LONG_KEY]

    def test_all_names_of_artifacts_come_back(self, tmp_path: Path) -> None:
        """Each artifact has its own content, and none is outside of the store."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        for number, name in enumerate(ARTIFACT_NAMES):
            path = tmp_path / f"{number}.bin"
            path.write_bytes(b"content %d" % number)
            driver.artifact(name, str(path))
        driver.complete()
        store = self.make_store(tmp_path)
        assert sorted(store.get(run_id).artifacts) == sorted(ARTIFACT_NAMES)
        for number, name in enumerate(ARTIFACT_NAMES):
            with store.open_file(run_id, "artifact", name) as stream:
                assert stream.read() == b"content %d" % number, f"the artifact {name!r:.80}"
        assert not (tmp_path.parent / "up").exists() and not (tmp_path / "up").exists()

    def test_dates_from_year_1_to_9999_come_back(self, tmp_path: Path) -> None:
        """Dates have their documented form: ISO 8601, with their time zone."""
        expected = plain(DATES)
        assert expected["before the first in UTC"] == "0001-01-01T00:00:00+14:00"
        run = self._run_values(tmp_path, DATES)
        assert_same(run.info, expected, "info")
        assert_same(run.result, expected, "result")
        store = self.make_store(tmp_path)
        for time in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
            store.annotate(run.id, Annotation(time=time, user="ann", note="x"))
        years = [note["time"].year for note in store.get(run.id).notes]
        assert years == [1, 9999], years

    def test_huge_integers_and_deep_nesting_come_back(self, tmp_path: Path) -> None:
        """They have their documented form; other values do not change."""
        deep: Any = []
        for _ in range(900):
            deep = [deep]
        values = {"huge": [10**5_000, -(10**5_000), 10**4_000], "deep": deep, "b": 1}
        run = self._run_values(tmp_path, values)
        assert_same(run.info, plain(values), "info")
        assert_same(run.result, plain(values), "result")
        assert int(run.info["huge"][0], 0) == 10**5_000
        assert run.info["huge"][2] == 10**4_000
        text = json.dumps(run.info["deep"])
        assert text.count("[") == 200, "the documented depth"

    def test_a_large_source_and_artifact_come_back(self, tmp_path: Path) -> None:
        """Every byte of 5 MB each is stored."""
        data = bytes(range(256)) * 20_000
        (tmp_path / "large.py").write_bytes(data)
        driver = EventDriver(self.make_observer(tmp_path))
        sources = [["large.py", md5_of(tmp_path / "large.py")]]
        info = {"name": "large", "base_dir": str(tmp_path), "sources": sources}
        run_id = driver.start(ex_info={**info, "dependencies": [], "repositories": []})
        driver.artifact("large.bin", str(tmp_path / "large.py"))
        driver.resource(str(tmp_path / "large.py"))
        driver.complete()
        store = self.make_store(tmp_path)
        names = (
            ("source", "large.py"), ("artifact", "large.bin"),
            ("resource", str(tmp_path / "large.py")),
        )  # fmt: skip
        for kind, name in names:
            with store.open_file(run_id, kind, name) as stream:
                assert stream.read() == data, kind

    def test_many_points_at_once_come_back(self, tmp_path: Path) -> None:
        """50,000 points of three metrics in one batch each are stored."""
        driver = EventDriver(self.make_observer(tmp_path))
        run_id = driver.start()
        values = [n / 3 for n in range(50_000)]
        for name in ("a", "b", "c"):
            driver.log(name, values)
        driver.beat()
        driver.complete()
        found = self.make_store(tmp_path).metrics(run_id)
        assert {name: len(metric["values"]) for name, metric in found.items()} == dict.fromkeys(
            ("a", "b", "c"), 50_000
        )
        assert all(list(metric["values"]) == values for metric in found.values())

    def _run_values(self, tmp_path: Path, values: dict[str, Any]) -> Any:
        """Return the record of a run with ``values`` as information and result."""

        def main(_run: Any) -> Any:
            _run.info.update(values)
            return values

        run_id = run_main(self.make_observer(tmp_path), main, tmp_path)._id
        run = self.make_store(tmp_path).get(run_id)
        assert run.status == "COMPLETED"
        return run
