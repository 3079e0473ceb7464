"""Records the same runs with any observer, and compares what is stored with release 0.1.0.

The tests of the plugins call `check_records`. What may differ between two recordings (times,
tokens, ids of the database, the machine, the folder of the test) is replaced first; everything else
is compared.

A file of the golden data is written anew with ``SACRED_WRITE_GOLDEN=1``: only for an addition to
the stored form that is intended.
"""

import base64
import contextlib
import difflib
import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sacred_core import host_info
from sacred_core.stores import Annotation, RunStore
from sacred_core.testing import EventDriver
from sacred_core.testing.samples import AWKWARD, METRIC_NAMES, NON_FINITE, ODD_POINTS, TRACE

_GOLDEN = Path(__file__).parent
_LATER = datetime(2026, 1, 2, 3, 4, 9, tzinfo=UTC)
_SCRIPT = '"""Has sources."""\n\nVALUE = 1\n'
_EX_INFO: dict[str, Any] = {
    "name": "fed",
    "base_dir": "",
    "mainfile": "main.py",
    "dependencies": ["numpy==2.0"],
    "repositories": [
        {"url": "git@host:me/it.git", "commit": "0" * 40, "dirty": True, "patch": "--- a\n+++ ä\n"}
    ],
}


def check_records(
    name: str,
    folder: Path,
    make_observer: Callable[[], Any],
    make_store: Callable[[], RunStore],
    read: Callable[[], Mapping[str, Any]],
) -> None:
    """Record runs of every kind, real and made up, and compare what is stored with release 0.1.0.

    Args:
        name: Of the golden file.
        folder: For the files that the runs use. Every path below it is replaced.
        make_observer: Makes an observer of an empty database, bucket or folder.
        make_store: Makes a store of the same one.
        read: Returns all that it contains as plain data: strings or lists of rows, by the names of
            files, objects or tables.

    Raises:
        AssertionError: something differs.
    """
    files = _Files(folder / "files")
    _record_experiments(files, make_observer)
    _record_events(files, make_observer)
    _change_records(files, make_observer, make_store())
    _assert_golden(name, read(), folder)


class _Files:
    """Files that runs use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.source = self.write("main.py", _SCRIPT)

    def write(self, name: str, content: str) -> str:
        path = self.folder / name
        path.write_text(content, encoding="utf-8")
        return str(path)

    def ex_info(self) -> dict[str, Any]:
        sources = [["main.py", hashlib.md5(_SCRIPT.encode()).hexdigest()]]
        return {**_EX_INFO, "base_dir": str(self.folder), "sources": sources}


def _record_experiments(files: _Files, make_observer: Callable[[], Any]) -> None:
    """Record a run that completes, one that fails, one that is stopped and one that is queued."""
    files.write("data.csv", "1,2\n")
    files.write("model.bin", "weights\n")
    path = files.write("golden_experiment.py", (_GOLDEN / "golden_experiment.py").read_text())
    spec = importlib.util.spec_from_file_location("golden_experiment", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with contextlib.chdir(files.folder):
        spec.loader.exec_module(module)
        ex = module.ex
        ex.observers.append(make_observer())
        options: dict[str, Any] = {
            "--capture": "sys",
            "--loglevel": "CRITICAL",
            "--beat-interval": 1000,
        }
        updates = {"lr": 0.5, "data": {"path": "other.csv"}}
        ex.run("complete", updates, ["wide"], options={**options, "--comment": "a comment"})
        for command, error in (("fail", ValueError), ("stop", KeyboardInterrupt)):
            with contextlib.suppress(error):
                ex.run(command, options=options)
        ex.run("complete", options={**options, "--queue": True})


def _record_events(files: _Files, make_observer: Callable[[], Any]) -> None:
    """Record several beats, rewritten output, points of every kind, files with odd names."""
    driver = EventDriver(make_observer(), times=2)
    config = {"seed": 1, "not finite": NON_FINITE, "nested": {"a": [{"b": None}]}}
    driver.start(ex_info=files.ex_info(), config=config)
    driver.print("progress 10 %\rrest\n")
    driver.log("loss", [1.0, 2.0, 3.0])
    driver.beat(info={"beat": 1}, result=None)
    driver.print("20 %\rdone ä\n", 9)
    driver.log_together(
        {"loss": [4.0, float("nan")], **{name: [1, 2] for name in METRIC_NAMES[1:]}}, 10
    )
    driver.log("odd", ODD_POINTS)
    driver.beat(info={"beat": 2, "odd": AWKWARD}, result=3)
    for number, name in enumerate(("x", "x/y", "run.json", ".hidden", "two words ü.txt", "x")):
        driver.artifact(name, files.write("artifact", f"artifact {number}\n"))
    driver.resource(files.write("in put.csv", "3,4\n"))
    driver.resource(files.write("in put.csv", "3,4\n"))
    later = files.write("later.py", "LATER = 1\n")
    digest = hashlib.md5(Path(later).read_bytes()).hexdigest()
    driver.code(str(files.folder), [["later.py", digest]], ["pandas==3.0"])
    driver.beat(info={"beat": 3})
    driver.complete(result={"a": [1, float("inf")]})
    failed = EventDriver(make_observer())
    failed.start("elsewhere", ex_info=files.ex_info())
    failed.print("before it broke\n")
    failed.fail(tuple(TRACE))
    stopped = EventDriver(make_observer())
    stopped.start(1)  # taken
    stopped.interrupt("TIMEOUT", tuple(TRACE))


def _change_records(files: _Files, make_observer: Callable[[], Any], store: RunStore) -> None:
    """Start a queued run, leave one running, delete one, and annotate one."""
    queued = EventDriver(make_observer()).queue(asked_id="asked", ex_info=files.ex_info())
    taken_over = EventDriver(make_observer())
    taken_over.start(asked_id=queued, ex_info=files.ex_info(), config={"seed": 2})
    taken_over.log("loss", [1.5])
    taken_over.beat(info={"started": True})
    taken_over.complete()
    deleted = EventDriver(make_observer())
    run_id = deleted.start(ex_info=files.ex_info())
    deleted.artifact("gone", files.write("artifact", "deleted\n"))
    deleted.complete()
    store.delete(run_id)
    store.annotate(queued, Annotation(time=_LATER, user="ann", note="a note ä", added=("good",)))
    store.annotate(queued, Annotation(time=_LATER, user="bob", removed=("good",), added=("bad",)))
    running = EventDriver(make_observer())
    running.start(ex_info=files.ex_info())
    running.print("still running\n")
    running.log("loss", [0.5])
    running.beat(info={"now": 1})
    running.join()


def folder_content(folder: Path) -> dict[str, Any]:
    """Return the files below a folder by path, parsed or as text where they can be."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): readable(path.read_bytes()) for path in paths}


def readable(data: bytes) -> str:
    """Return bytes as a string that shows each of them."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(data).decode()}"


def _assert_golden(name: str, stored: Mapping[str, Any], folder: Path) -> None:
    found = list(_lines(stored, folder))
    path = _GOLDEN / f"{name}.jsonl"
    if os.environ.get("SACRED_WRITE_GOLDEN"):
        path.write_text("".join(found), encoding="utf-8")
    expected = path.read_text(encoding="utf-8").splitlines(keepends=True)
    difference = "\n".join(difflib.unified_diff(expected, found, "release 0.1.0", "now", n=0))
    assert not difference, difference


def _lines(stored: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Yield one line for each file and row, without what differs between two recordings."""
    normalize = _Normalizer(str(folder))
    rows = [
        json.dumps([name, row], ensure_ascii=False)
        for name, content in stored.items()
        for row in (content if isinstance(content, list) else [content])
    ]
    text = normalize.replace_values("\n".join(rows) + "\n")
    for content in filter(_is_string, stored.values()):  # a name may hold a digest of the content
        if normalize.replace_values(content) != content:
            text = text.replace(hashlib.md5(content.encode()).hexdigest(), "<digest>")
    return iter(normalize.number_ids(text).splitlines(keepends=True))


def _is_string(content: Any) -> bool:
    return isinstance(content, str)


#: A quotation mark, in JSON and in JSON within JSON.
_QUOTE = r'\\*"'
_REPLACED = {
    # Options of the plugins that are installed.
    rf"{_QUOTE}--\w+{_QUOTE}: null, ?(?:\\n *)?": "",
    r"(?<=sacred-core==)[^\"\\]+": "<version>",
    rf"(?<=numpy==)(?!2\.0{_QUOTE})[^\"\\]+": "<version>",
    r"(?<=\"sacred-core\", \"version\": \")[^\"\\]+": "<version>",
    r"(?<=\"numpy\", \"version\": \")(?!2\.0\")[^\"\\]+": "<version>",
    # Times, but for those of `EventDriver`, in strings and as numbers.
    r"\b(?!2026-01-02)\d{4}-\d\d-\d\d(?=[T ]\d\d:\d\d:\d\d)": "<date>",
    r"(?<=<date>)([T ])\d\d:\d\d:\d\d(\.\d{6})?": r"\1<time>",
    r"\b(?!17673230)1[789]\d{11}(\d{3})?\b": "<time>",
    r"((?:\\u0000){3})+": "<padding>",
    rf"(?<=cpu_count)({_QUOTE}: (?:{{\"\$numberInt\": \")?)\d+": r"\1<number>",
    rf"(?<=processors)({_QUOTE}: (?:{{\"\$numberInt\": \")?)\d+": r"\1<number>",
    # Of the environment in which the tests run.
    rf"{_QUOTE}switches{_QUOTE}: \{{[^}}]*\}}, ?(?:\\n *)?": "",
    rf"(?<=system)({_QUOTE}: {_QUOTE})[^\"\\]+": r"\1<system>",
    rf"(?<=pid)({_QUOTE}: )\d+": r"\1<number>",
    rf"(?<=started)({_QUOTE}: {_QUOTE})\d+": r"\1<number>",
}
#: Entries that hold random values, or digests of what differs.
_IDS = {
    "uid": "uid",
    "token": "(?:token|_id)",
    "object": r"\$oid",
    "digest": "(?:filename_)?digest",
}


class _Normalizer:
    """Replaces what differs between two recordings."""

    def __init__(self, folder: str) -> None:
        info = host_info.get_host_info() | {"switches": None}  # which may be as short as 1
        facts = sorted(set(_facts(info)), key=len, reverse=True)
        self._fixed = {folder: "<folder>", **dict.fromkeys(facts, "<fact>")}

    def replace_values(self, text: str) -> str:
        for fact, replacement in self._fixed.items():
            text = text.replace(fact, replacement)
        for pattern, replacement in _REPLACED.items():
            text = re.sub(pattern, replacement, text)
        return text

    def number_ids(self, text: str) -> str:
        """Replace each id everywhere by the same number."""
        for name, entry in _IDS.items():
            found = re.findall(rf"{_QUOTE}{entry}{_QUOTE}: {_QUOTE}([0-9a-f]{{16,}})", text)
            for number, value in enumerate(dict.fromkeys(found), 1):
                text = text.replace(value, f"<{name} {number}>")
        return text


def _facts(value: Any) -> Iterator[str]:
    """Yield the strings in the description of this machine."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _facts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _facts(each)
    elif isinstance(value, str) and value:
        yield value
