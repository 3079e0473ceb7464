"""Tests of explaining why two runs differ: the ranks of causes, and what was not recorded."""

import json
from pathlib import Path
from typing import Any

import pytest

from sacred_core.compare import MISSING, Explanation, diff, why
from sacred_core.exceptions import DamagedRecordError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import Aspect
from sacred_core.testing import EventDriver, MemoryObserver

SCRIPT = """
import numpy
import helper
from acme import tools

@ex.main
def main():
    return step(helper.scale(1))

@ex.capture
def step(x):
    return x

def unused():
    return 1
"""
HELPER = "import yaml\n\ndef scale(x):\n    return x * 2\n\ndef other():\n    return 1\n"
INFO = {
    "mainfile": "train.py",
    "captured": [["train.py", "main", []], ["train.py", "step", []]],
    "dependencies": ["acme-tools==1.0", "numpy==1.0", "PyYAML==6.0", "rich==13.0"],
}
HOST = {
    "hostname": "a", "os": ["Linux", "x"], "cpu": "acme", "cpu_count": 4, "python_version": "3.12",
    "threads": {"processors": 4}, "switches": {}, "ENV": {"HOME": "/home/a"},
}  # fmt: skip
SOURCES = {"train.py": SCRIPT, "helper.py": HELPER}


def keys(found: Explanation) -> list[tuple[str, str]]:
    return [(cause.kind, cause.key) for cause in found]


def test_causes_are_ranked(record: Any) -> None:
    """Values come before code, code before packages, then files, devices, environment, machine."""
    first = record({"seed": 1, "x": 1}, SOURCES, INFO, host_info=HOST)
    sources = {
        "train.py": SCRIPT.replace("return x\n", "return -x\n").replace("return 1\n", "return 2\n"),
        "helper.py": HELPER.replace("x * 2", "x * 3").replace("return 1", "return 0"),
    }
    host = {
        **HOST, "hostname": "b", "cpu": "other", "python_version": "3.13", "cpu_count": 2,
        "threads": {"processors": 2}, "switches": {"PYTHONHASHSEED": "1"},
    }  # fmt: skip
    packages = ["acme-tools==1.0", "numpy==2.0", "PyYAML==6.1", "rich==14.0"]
    second = record(
        {"seed": 2, "x": 2}, sources, {**INFO, "dependencies": packages}, host_info=host,
        meta_info={"origins": {"update": ["seed"]}, "options": {"--debug": True, "--id": 7}},
    )  # fmt: skip
    found = why(first, second)
    assert keys(found) == [
        ("config", "x"),
        ("code", "helper.py:scale"),
        ("code", "train.py:step"),
        ("package", "numpy"),
        ("package", "PyYAML"),
        ("python", "python_version"),
        ("package", "rich"),
        ("threads", "threads.processors"),
        ("seed", "seed"),
        ("environment", "switches.PYTHONHASHSEED"),
        ("host", "cpu"),
        ("host", "hostname"),
        ("option", "--debug"),
        ("code", "helper.py:other"),
        ("code", "train.py:unused"),
    ]
    texts = [cause.text for cause in found]
    assert texts[1] == "scale (helper.py:3) changed: return x * 2 → return x * 3"
    assert texts[3] == "numpy 1.0 → 2.0, imported by train.py"
    assert texts[4] == "PyYAML 6.0 → 6.1, imported by helper.py"
    assert texts[6] == "rich 13.0 → 14.0"
    assert texts[7] == "threads.processors 4 → 2"
    assert texts[-1] == (
        "unused (train.py:14) changed: return 1 → return 2, "
        "not reached from the functions that were executed"
    )


def test_another_command_is_the_first_cause(record: Any) -> None:
    """Two commands have other results whatever else differs."""
    found = why(record({"x": 1}, command="main"), record({"x": 2}, command="evaluate"))
    assert keys(found) == [("command", "command"), ("config", "x")]
    assert found.causes[0].text == "main → evaluate"


def test_a_gpu_is_one_cause(record: Any) -> None:
    """Other facts about a GPU are listed only if it has the same model."""
    gpus = [{"model": "A", "total_memory": "8"}, {"model": "B", "total_memory": "16"}]
    hosts: list[dict[str, Any]] = [
        {"gpus": {"driver_version": "1", "gpus": [gpu]}, "gpu": {"gpus": [gpu]}} for gpu in gpus
    ]
    first, second = (record(host_info=host) for host in hosts)
    assert [cause.text for cause in why(first, second)] == ["model of GPU 0 A → B"]
    found = why(first, record(host_info={}))
    assert [(each.kind, each.text) for each in found] == [
        ("device", "model of GPU 0 only in the first run: A")
    ]
    more = {"gpus": {"driver_version": "2", "gpus": [{"model": "A", "total_memory": "9"}]}}
    assert [cause.text for cause in why(first, record(host_info=more))] == [
        "total_memory of GPU 0 8 → 9", "gpus.driver_version 1 → 2",
    ]  # fmt: skip


def test_functions_that_one_run_executed_are_an_effect(record: Any) -> None:
    """Another path through the code is shown among the results."""
    calls = [[None, "main", []], [None, "extra", []]]
    first, second = (record(ex_info={"captured": calls[:count]}) for count in (1, 2))
    assert why(first, second).effects == ("functions that only the second run executed: extra",)


def test_unknown_calls_are_no_effect(record: Any) -> None:
    """Where one run did not record its functions, they are not compared."""
    first, second = record(ex_info={"captured": [[None, "main", []]]}), record()
    assert why(first, second).effects == ()


def test_docstrings_count_where_a_source_reads_them(record: Any) -> None:
    """A docstring is code if any of the sources uses docstrings."""
    helpers = [HELPER.replace("return x * 2", f'"""{word}."""') for word in ("One", "Two")]
    sides = [record(sources={**SOURCES, "helper.py": text}, ex_info=INFO) for text in helpers]
    assert why(*sides).causes == ()
    assert why(*sides).remarks == ("comments or formatting of helper.py",)
    script = SCRIPT.replace("helper.scale(1)", "helper.scale.__doc__")
    sides = [record(sources={"train.py": script, "helper.py": text}, ex_info=INFO)
             for text in helpers]  # fmt: skip
    assert [cause.key for cause in why(*sides)] == ["helper.py:scale"]


def test_the_main_function_of_an_old_run_is_found_by_its_command(record: Any) -> None:
    """Without recorded functions, what the command calls counts as executed."""
    info = {"mainfile": "train.py"}
    old = SCRIPT.replace("return 1\n", "return 2\n").replace("return x\n", "return -x\n")
    first = record(sources=SOURCES, ex_info=info, command="main")
    second = record(sources={**SOURCES, "train.py": old}, ex_info=info, command="main")
    found = why(first, second)
    assert [cause.details["is_reached"] for cause in found] == [True, False]
    assert "which captured functions were executed" in found.not_recorded
    script = SCRIPT + "\n@ex.command\ndef check():\n    return {}\n"
    first, second = (
        record(sources={"train.py": script.format(text)}, ex_info=info, command="check")
        for text in ("1", "2")
    )
    assert [cause.details["name"] for cause in why(first, second)] == ["check"]
    first, second = (
        record(sources={**SOURCES, "train.py": text}, ex_info=info, command="check")
        for text in (script, script.replace("return x\n", "return -x\n"))
    )
    assert [cause.details["is_reached"] for cause in why(first, second)] == [False]


def test_without_executed_functions_all_code_counts(record: Any) -> None:
    """No function is called not reached where no executed function is known."""
    texts = [HELPER, HELPER.replace("return 1", "return 2")]
    first, second = (record(sources={"helper.py": text}) for text in texts)
    assert [cause.details["is_reached"] for cause in why(first, second)] == [True]


def test_sources_of_one_run_are_causes(record: Any) -> None:
    """A source that only one run has is listed; one that has another name only is not."""
    sources = {"train.py": SCRIPT, "lib/helper.py": HELPER}
    found = why(record(sources=SOURCES, ex_info=INFO), record(sources=sources, ex_info=INFO))
    assert found.causes == ()
    assert found.remarks == ("the same source under another name: helper.py → lib/helper.py",)
    copies = {**SOURCES, "copy.py": HELPER}
    found = why(record(sources=copies), record(sources=SOURCES))
    assert [cause.text for cause in found] == ["copy.py only in the first run"]


def test_a_new_source_is_listed_where_it_is_used(record: Any) -> None:
    """Its rank is that of the first function of it that was executed."""
    script = SCRIPT.replace("helper.scale(1)", "early.f()").replace("import helper", "import early")
    sources = {
        "train.py": script.replace("return x\n", "return -x\n"),
        "early.py": "def f(): return 1\n",
    }
    found = why(
        record(sources={"train.py": SCRIPT}, ex_info=INFO), record(sources=sources, ex_info=INFO)
    )
    assert [cause.key for cause in found] == [
        "train.py:main", "train.py:helper", "train.py:early", "early.py", "train.py:step",
    ]  # fmt: skip


def test_packages_that_are_imported_by_calls_are_used(record: Any) -> None:
    """A package whose name is passed to a function that imports it is one that the code uses."""
    text = "import importlib\n\ndef main():\n    return importlib.import_module('numpy.linalg')\n"
    first, second = (
        record(sources={"train.py": text}, ex_info={**INFO, "dependencies": [f"numpy=={version}"]})
        for version in ("1.0", "2.0")
    )
    (cause,) = why(first, second)
    assert cause.text == "numpy 1.0 → 2.0, imported by train.py"


def test_sources_whose_text_is_not_stored_are_causes(record: Any) -> None:
    """A source with another digest differs, also if its text is missing."""
    first = record(sources=SOURCES)
    second = record(ex_info={"sources": [["train.py", "0" * 32], ["helper.py", "1" * 32]]})
    found = why(first, second)
    assert [cause.text for cause in found] == [
        "train.py differs; its content is not stored for both runs",
        "helper.py differs; its content is not stored for both runs",
    ]
    assert "the content of train.py, helper.py (second run)" in found.not_recorded


def test_unused_imports_of_python_do_not_matter(record: Any) -> None:
    """An import that nothing uses is a late cause, unless its module may have effects."""
    added = "import json\nfrom . import json as own\nimport seaborn\n"
    sources = {**SOURCES, "train.py": f"{added}{SCRIPT}"}
    found = why(record(sources=SOURCES, ex_info=INFO), record(sources=sources, ex_info=INFO))
    assert [(cause.details["name"], cause.details["is_reached"]) for cause in found] == [
        ("own", True), ("seaborn", True), ("json", False),
    ]  # fmt: skip


def test_constants_count_where_they_are_read(record: Any) -> None:
    """A constant has the rank of the first function that reads it; an unused one is last."""
    script = "A = 1\nB = 1\nC = 1\n" + SCRIPT.replace("return x\n", "return x * B\n").replace(
        "helper.scale(1)", "helper.scale(C)"
    )
    other = script.replace("= 1\n", "= 2\n")
    sides = [
        record(sources={**SOURCES, "train.py": text}, ex_info=INFO) for text in (script, other)
    ]
    assert [cause.details["name"] for cause in why(*sides)] == ["C", "B", "A"]


def test_resources_are_compared_by_their_content(record: Any, tmp_path: Path) -> None:
    """A file of another folder with the same name is the same resource."""
    found = []
    for names in (("a/data.csv", "a/same.csv", "a/x.csv"), ("b/data.csv", "b/same.csv")):
        driver = EventDriver(MemoryObserver(record.memory))
        run_id = driver.start()
        for name in names:
            driver.resource(_file(tmp_path / name, len(found)))
        driver.complete()
        found.append(record.store.get(run_id))
    driver = EventDriver(MemoryObserver(record.memory))
    run_id = driver.start()
    for number, folder in enumerate("ba"):  # the second one is equal to that of the first run
        (tmp_path / "more" / folder).mkdir(parents=True)
        driver.resource(_file(tmp_path / "more" / folder / "data.csv", 1 - number))
    driver.complete()
    others = [cause.key for cause in why(found[0], record.store.get(run_id))]
    assert [Path(key).parts[-2] for key in others if key.endswith("data.csv")] == ["b"]
    causes = why(*found).causes
    assert [(cause.kind, Path(cause.key).name) for cause in causes] == [
        ("resource", "data.csv"), ("resource", "x.csv"),
    ]  # fmt: skip
    assert "MD5 " in causes[0].text and "only in the first run" in causes[1].text


def test_a_changed_file_is_one_cause(record: Any, tmp_path: Path) -> None:
    """A resource whose uncommitted change is recorded is not listed again; another one is."""
    base = tmp_path / "project"
    (base / "a").mkdir(parents=True)
    patch = PATCH.replace("notes.txt", "a/notes.txt")
    found = []
    for number in range(2):
        info = {"base_dir": str(base), **repository("a", patch if number else "")}
        driver = EventDriver(MemoryObserver(record.memory))
        run_id = driver.start(ex_info={"name": "trial", **info})
        for name in ("a/notes.txt", "notes.txt"):
            driver.resource(_file(base / name, number))
        driver.complete()
        found.append(record.store.get(run_id))
    causes = [(cause.kind, Path(cause.key).parts[-2:]) for cause in why(*found)]
    assert causes == [("patch", ("a", "notes.txt")), ("resource", ("notes.txt",))]


def _file(path: Path, number: int) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text("same" if path.name == "same.csv" else f"{path.name}{number}")
    return str(path)


PATCH = """\
diff --git a/notes.txt b/notes.txt
index 1..2
--- a/notes.txt
+++ b/notes.txt
@@ -1 +1,2 @@
-first
+second
+third
"""
URL = "https://acme.example/a.git"


def repository(commit: str, patch: str = "") -> dict[str, Any]:
    """Return what is recorded of a repository."""
    own = {"url": URL, "commit": commit * 40, "dirty": bool(patch)}
    return {"repositories": [own | ({"patch": patch} if patch else {})]}


def test_patches_are_causes_by_file(record: Any) -> None:
    """Changes of a file that is not a source are shown with the number of lines."""
    other = PATCH.replace("+third", "+fourth")
    infos = [repository("a"), repository("a", PATCH), repository("a", other)]
    clean, first, second = (record(ex_info=info) for info in infos)
    assert [(each.kind, each.key, each.text) for each in why(clean, first)] == [
        (
            "patch",
            "notes.txt",
            "uncommitted changes of notes.txt in the second run only: 2 lines added, 1 removed",
        )
    ]
    (cause,) = why(first, second)
    assert cause.text == "uncommitted changes of notes.txt differ: 1 line added, 1 removed"
    assert "+fourth" in cause.details["diff"]


def test_commits_are_causes(record: Any) -> None:
    """Another commit may have other files; where sources differ, they come first."""
    first, second = (record(ex_info=repository(commit)) for commit in "ab")
    (cause,) = why(first, second)
    assert (cause.kind, cause.key) == ("commit", URL)
    assert cause.text == f"of {URL} aaaaaaaa → bbbbbbbb, files that are not sources may differ"
    texts = [HELPER, HELPER.replace("x * 2", "x * 3")]
    pairs = zip("ab", texts, strict=True)
    sides = [record(sources={"helper.py": t}, ex_info=repository(commit)) for commit, t in pairs]
    found = why(*sides)
    assert [cause.kind for cause in found] == ["code", "commit"]
    assert found.causes[1].text == f"of {URL} aaaaaaaa → bbbbbbbb"
    (cause,) = why(first, record())
    assert cause.text.startswith(f"of {URL} only in the first run: aaaaaaaa")


def test_statements_in_another_order_are_shown(record: Any) -> None:
    """The line has the place and what was moved."""
    texts = ["start()\nstop()\n", "stop()\nstart()\n"]
    first, second = (record(sources={"train.py": text}) for text in texts)
    (cause,) = why(first, second)
    assert cause.text == "train.py:1 in another order: stop()"


def test_what_is_not_python_counts_as_executed(record: Any) -> None:
    """A source that cannot be parsed here is compared as text, before functions."""
    texts = ["type X = int; x = = 1\n", "type X = int; x = = 2\n"]
    helpers = [HELPER, HELPER.replace("x * 2", "x * 3")]
    first, second = (
        record(sources={**SOURCES, "helper.py": helper, "z.py": text}, ex_info=INFO)
        for helper, text in zip(helpers, texts, strict=True)
    )
    found = why(first, second)
    assert [cause.key for cause in found] == ["z.py", "helper.py:scale"]
    assert found.causes[0].text == f"z.py:1 changed: {texts[0].strip()} → {texts[1].strip()}"


def test_statements_of_modules_are_in_the_order_of_imports(record: Any) -> None:
    """What runs while modules are imported is listed as it runs: imported modules first."""
    texts = {"a.py": "start(1)\n", "b.py": "import a\nstart(1)\n", "train.py": "import b\nrun(1)\n"}
    other = {name: text.replace("(1)", "(2)") for name, text in texts.items()}
    first, second = (record(sources=each, ex_info=INFO) for each in (texts, other))
    assert [cause.key for cause in why(first, second)] == ["a.py", "b.py", "train.py"]


def test_many_edits_are_counted(record: Any) -> None:
    """The first edits are shown, and how many others there are."""
    lines = [[f"    a{n} = {n + k}" for n in range(5)] for k in (0, 10)]
    texts = ["\n".join(("def f():", *each)) for each in lines]
    first, second = (record(sources={"train.py": text}) for text in texts)
    (cause,) = why(first, second)
    assert cause.text == (
        "f (train.py:1) changed: a0 = 0 → a0 = 10; a1 = 1 → a1 = 11; a2 = 2 → a2 = 12; and 2 more"
    )
    assert len(cause.details["edits"]) == 5


def test_metrics_part_in_the_order_of_their_points(record: Any) -> None:
    """The metric that parts first is first; one of one run only is last."""
    first = record(
        metrics={"late": [1, 2, 3], "early": [1, 2], "equal": [0.1], "only": [1]}, result=0.1
    )
    second = record(metrics={"late": [1, 2, 4], "early": [1, 3], "equal": [0.1]}, result=0.2)
    found = why(first, second)
    assert [(each.metric, each.step, each.first, each.second) for each in found.parting] == [
        ("early", 1, 2, 3), ("late", 2, 3, 4), ("only", None, MISSING, MISSING),
    ]  # fmt: skip
    assert found.parting[0].text == "early: part at step 1: 2, 3"
    assert found.effects == ("result 0.1 → 0.2",)
    sides = []
    for steps in ([0, 1, 2], [0, 1, 5]):
        driver = EventDriver(MemoryObserver(record.memory))
        run_id = driver.start()
        driver.log_points({"loss": (steps, [1, 2, 3])})
        driver.complete()
        sides.append(record.store.get(run_id))
    assert why(*sides).parting[0].step == 2


def test_what_was_not_recorded_follows_from_the_records(record: Any) -> None:
    """Each line is about these two runs, and names one if it is about it only."""
    commit = {"url": "https://acme.example/a.git", "commit": "c" * 40, "dirty": True}
    first = record(
        {"token": "***"}, SOURCES, {**INFO, "repositories": [commit], "dependencies": ["torch==2"]},
        host_info=HOST, metrics={"loss": [1]},
    )  # fmt: skip
    found = why(first, record({"token": "***"}, host_info={}))
    assert set(found.not_recorded) >= {
        "the uncommitted changes of https://acme.example/a.git: switched off, or too large "
        "(first run)",
        "a GPU, which torch may use: nvidia-smi was not found (first run)",
        "environment variables, except those of numeric libraries and HOME "
        "(SETTINGS.HOST_INFO.CAPTURED_ENV) (first run)",
        "the source code (second run)",
        "the machine and the version of Python (second run)",
        "the versions of packages (second run)",
        "metrics (second run)",
        "the values of token, which are secrets",
    }
    assert not any("the source code" in line for line in why(first, first).not_recorded)
    driver = EventDriver(MemoryObserver(record.memory))
    running = record.store.get(driver.start())
    ends = [line for line in why(first, running).not_recorded if "the end of" in line]
    assert ends == ["the end of the run, whose status is DEAD (second run)"]


def test_aspects_of_plugins_are_causes(record: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a plugin compares is a cause after those of the core; a broken plugin is a problem."""
    aspects = [
        Aspect("rack", lambda side: {"rack": side.run.host["rack"]}),
        Aspect("broken", lambda side: 1 / 0),
    ]
    monkeypatch.setitem(vars(plugin_manager()), "aspects", [*plugin_manager().aspects, *aspects])
    found = why(
        record({"x": 1}, host_info={"rack": "A"}), record({"x": 2}, host_info={"rack": "B"})
    )
    assert ("rack", "rack") in keys(found)
    assert keys(found)[0] == ("config", "x")
    assert any("ZeroDivisionError" in line for line in found.problems)


def test_secrets_and_control_characters_are_not_shown(record: Any) -> None:
    """Lines and data contain neither secrets of URLs nor escape sequences."""
    first = record({"url": "postgres://me:hunter2secret@db/x", "text": "\x1b[31m"})
    second = record({"url": "postgres://me:hunter3secret@db/x", "text": "b"})
    found = why(first, second)
    shown = found.text() + json.dumps([cause.data()["text"] for cause in found])
    assert "hunter" not in shown and "\x1b" not in shown


def test_secrets_that_sacred_records_are_not_compared(record: Any) -> None:
    """They are masked in all data, like those of records that contain none."""
    code = "@ex.config\ndef cfg():\n    password = '{}'\n"
    first, second, masked = (
        record(
            {"password": each}, {"a.py": code.format(each)}, host_info={"ENV": {"API_KEY": each}}
        )
        for each in ("hunter2secret", "hunter3secret", "***")
    )
    for found in (why(first, second), why(first, masked), diff(first, second)):
        assert "hunter" not in json.dumps(found.data()) + found.text()
    assert {kind for kind, _ in keys(why(first, second))} == {"code"}
    assert "the values of password, which are secrets" in why(first, second).not_recorded
    assert not [*diff(first, masked, only=["config", "environment"])]


def test_the_text_lists_causes_with_their_ranks(record: Any) -> None:
    """The lines are those that the command prints; a limit counts what is left out."""
    found = why(record({"x": 1, "y": 1, "z": 1}), record({"x": 2, "y": 2, "z": 2}))
    lines = found.lines(limit=2)
    assert lines[:4] == [
        "Causes of differences between the memory#1 (trial main, COMPLETED) and "
        "the memory#2 (trial main, COMPLETED), the likeliest first",
        "  1. config  x 1 → 2",
        "  2. config  y 1 → 2",
        "  … and 1 more",
    ]  # fmt: skip
    assert "The recorded results are equal" in lines
    assert "Not recorded" in lines
    assert found.text().count(" → ") == 3


def test_the_data_are_plain(record: Any) -> None:
    """Everything is in the data, as JSON can have it."""
    first = record({"x": 1}, SOURCES, INFO, metrics={"loss": [1, 2]})
    second = record({"y": float("nan")}, {**SOURCES, "helper.py": HELPER + "x = 1\n"}, INFO,
                    metrics={"loss": [1, float("nan")]})  # fmt: skip
    found = why(first, second)
    data = json.loads(json.dumps(found.data()))
    assert [each["rank"] for each in data["causes"]] == [1, 2, 3]
    assert data["causes"][0]["first"] == 1 and "second" not in data["causes"][0]
    assert data["parting"][0]["metric"] == "loss"
    assert len(found) == 3 and bool(found)


def test_a_run_differs_from_itself_in_nothing(record: Any) -> None:
    """The same run twice has no cause."""
    run = record({"x": 1}, SOURCES, INFO, metrics={"loss": [float("nan")]})
    found = why(run, run)
    assert not found and len(found) == 0
    assert found.lines()[0].startswith("Nothing that was recorded differs between the memory#1")


def test_metrics_that_cannot_be_read_are_a_problem(
    record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest is explained, and the run with the damage is named once."""
    first, second = (record({"lr": number}, metrics={"loss": [1.0]}) for number in (1, 2))
    read = type(record.store).metrics

    def metrics(store: Any, run_id: Any) -> Any:
        if run_id == second.id:
            raise DamagedRecordError("the metrics are damaged")
        return read(store, run_id)

    monkeypatch.setattr(type(record.store), "metrics", metrics)
    found = why(first, second)
    assert [cause.key for cause in found.causes] == ["lr"]
    assert found.problems == ("the memory#2: metrics not compared: the metrics are damaged",)
    assert not any("metrics" in line for line in found.not_recorded)
