"""Tests that the JSON of every command follows its published schema."""

import hashlib
import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from click.testing import CliRunner

from sacred_core.archives import pack
from sacred_core.cli.main import sacred
from sacred_core.observers import FileStorageObserver, SpoolObserver
from sacred_core.stores import open_store
from sacred_core.testing import EventDriver

DOCS = Path(__file__).parents[2] / "docs"
RUNS, COPY, GOOD, NEW = "LOCATION", "COPY", "GOOD", "new"
ARCHIVE, PACKED, SPOOL, RERUN, SWEEPS = "runs.zip", "PACKED", "SPOOL", "RERUN", "SWEEPS"
#: By command: arguments, the schema of the output or of each line, and that of the last line.
OUTPUTS: dict[str, list[tuple[list[str], str, str | None]]] = {
    "plugins": [
        ([], "plugins", None),
        (["--hooks"], "hooks", None),
        (["--check", "file"], "plugin-check", None),
    ],
    "doctor": [([RUNS, "--timeout", "60"], "doctor", None)],
    "runs list": [
        ([RUNS], "runs", "runs"),
        ([RUNS, "--since", "start"], "runs", "change-token"),
        ([RUNS, "--group-by", "all-but seed"], "groups", "groups"),
        ([RUNS, "--group-by", "config.lr,status"], "groups", "groups"),
    ],
    "runs copy": [
        ([RUNS, NEW, "1-3", "--dry-run"], "copied", "copied"),
        ([RUNS, NEW, "1-3"], "copied", "copied"),
    ],
    "runs sync": [
        ([GOOD, NEW, "--dry-run"], "synced", "synced"),
        ([GOOD, NEW], "synced", "synced"),
    ],
    "spool list": [(["--spool", SPOOL], "spool-list", "spool-list")],
    "spool flush": [(["--spool", SPOOL], "spool-flush", "spool-flush")],
    "runs diff": [
        ([RUNS, "1", "2"], "diff", None),
        ([RUNS, "2", "4"], "diff", None),
        ([RUNS, "1-4"], "diff-table", None),
    ],
    "runs why": [([RUNS, "1", "2"], "why", None), ([RUNS, "2", "4"], "why", None)],
    "runs verify": [([RUNS, COPY, "1-2"], "comparison", "comparison")],
    "runs significance": [
        ([RUNS, "id < 3 and status exists", "5 6", "--field", "seed"], "significance", None)
    ],
    "runs unpack": [([PACKED, NEW], "copied", "copied")],
    "runs pack": [([RUNS, "1-2", "--force", "-o", ARCHIVE], "packed", None)],
    "runs rerun": [([RERUN, "1", "--unobserved", "--folder", NEW], "rerun", None)],
    "sweep status": [
        ([SWEEPS, "--best", "result"], "sweep-status", "sweep-status"),
        ([SWEEPS, "0b"], "sweep-status", "sweep-status"),
    ],
    "runs show": [([RUNS, number], "runs", None) for number in "1234"],
}
#: Commands whose exit code is 1 because the runs differ.
DIFFERING = ("runs diff",)
#: Of the pages of sacred-board, whose tests check them.
BOARD = {"curves"}
CASES = [(name, *case) for name, cases in OUTPUTS.items() for case in cases]


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield all commands below a group, those of plugins too, by their words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield f"{path}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path}{name} ")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with runs that completed, failed, are queued and are damaged."""
    root = tmp_path_factory.mktemp("json") / "runs"
    for number in range(2):
        driver = EventDriver(FileStorageObserver(root))
        driver.start(config={"lr": 0.1, "seed": number})
        driver.log("loss", [math.nan, 1.5, -math.inf, "text"])
        driver.print("printed\n")
        driver.beat(info={"x": [1]})
        driver.complete(result={"accuracy": 0.5 + number}) if number else driver.fail()
    EventDriver(FileStorageObserver(root)).queue()
    EventDriver(FileStorageObserver(root)).start()
    for number in range(2):
        driver = EventDriver(FileStorageObserver(root))
        driver.start(config={"seed": number * 2})
        driver.complete()
    shutil.copytree(root, f"{root} good")
    store = open_store(root)
    pack(store, [store.get(1), store.get(2)], Path(f"{root} packed"))
    (root / "4" / "config.json").write_text("{")
    shutil.copytree(root, f"{root} copy")
    _leave_in_spool(root)
    _record_script(root)
    _record_sweeps(root)
    return str(root)


def _record_sweeps(root: Path) -> None:
    """Record runs of two sweeps: a completed, a running and a queued one."""
    for uid, values in (("0a", {"lr": 1}), ("0b", {"lr": 2.5, "seed": 3}), ("0b", {"lr": 3})):
        driver = EventDriver(FileStorageObserver(f"{root} sweeps"))
        meta = {"sweep": {"uid": uid, "name": "mine", "point": str(values), "values": values}}
        driver.start(meta_info=meta, config={"seed": 5})
        if "seed" in values or uid == "0a":
            driver.complete(result=values["lr"])
    driver = EventDriver(FileStorageObserver(f"{root} sweeps"))
    driver.queue(meta_info=meta)


def _record_script(root: Path) -> None:
    """Record a run with the stored source of a script that gives the same again."""
    script = root.with_name("script.py")
    script.write_text(
        "from sacred_core import Experiment\nex = Experiment('script')\n"
        "@ex.automain\ndef main(seed): return seed\n"
    )
    digest = hashlib.md5(script.read_bytes()).hexdigest()
    info = {"base_dir": str(script.parent), "sources": [["script.py", digest]]}
    driver = EventDriver(FileStorageObserver(f"{root} rerun"))
    driver.start(
        ex_info={"name": "script", "mainfile": "script.py", "dependencies": ["x==1"], **info},
        config={"seed": 5},
        command="main",
    )
    driver.complete(result=5)


def _leave_in_spool(root: Path) -> None:
    """Record a run whose store is away until it has ended."""
    server = root.with_name("server")
    server.write_text("away")
    spool = SpoolObserver(FileStorageObserver(server / "runs"), f"{root} spool")
    driver = EventDriver(spool)
    driver.start()
    driver.complete()
    server.unlink()


def test_every_command_with_json_has_a_schema() -> None:
    """Each option `--json`, also of a plugin's command, is checked below."""
    found = {
        path
        for path, command in commands(sacred)  # type: ignore[arg-type]
        if any("--json" in option.opts for option in command.params)
    }
    assert found == set(OUTPUTS)


def test_every_schema_is_used_and_linked() -> None:
    """Each schema in docs/ is that of a command or of the board, and a page links it."""
    names = {path.name for path in DOCS.glob("*.schema.json")}
    used = {schema for _, _, *schemas in CASES for schema in schemas if schema is not None}
    assert names == {f"{schema}.schema.json" for schema in used | BOARD}
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md"))
    assert [name for name in names if f"({name})" not in pages] == []


@pytest.mark.parametrize(("command", "args", "schema", "last"), CASES)
def test_output_follows_its_schema(
    runs: str, command: str, args: list[str], schema: str, last: str | None, tmp_path: Path
) -> None:
    """What a command prints is JSON that its schema accepts, and names all that it may contain."""
    places = {name: f"{runs} {name.lower()}" for name in (COPY, GOOD, PACKED, SPOOL, RERUN, SWEEPS)}
    places |= {RUNS: runs}
    places |= {name: str(tmp_path / name) for name in (NEW, ARCHIVE)}
    given = [places.get(arg, arg) for arg in args]
    result = CliRunner().invoke(sacred, [*command.split(), *given, "--json"])
    assert result.exit_code == (1 if command in DIFFERING else 0), result.output
    texts = [result.stdout] if last is None else result.stdout.splitlines()
    assert texts
    for number, text in enumerate(texts, 1):
        is_last = last is not None and number == len(texts)
        described = json.loads((DOCS / f"{last if is_last else schema}.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(described)
        found = json.loads(text, parse_constant=_refuse)
        jsonschema.validate(found, described)
        items = found if isinstance(found, list) else [found]
        properties = described.get("items", described)["properties"]
        assert items and all(set(item) <= set(properties) for item in items)


def _refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is not JSON")
