"""What a plugin's author writes, with every public name of the platform, under mypy --strict."""

import os
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sacred_core import (
    REQUIRED,
    SETTINGS,
    Aspect,
    CLIOption,
    CommandSpec,
    ConfigSource,
    Experiment,
    Export,
    HookSpecs,
    HostInfo,
    Ingredient,
    KeyCheck,
    ObserverSpec,
    QueueSource,
    RunObserver,
    SecretPattern,
    SkipHostInfo,
    StopCheck,
    attach,
    cli_option,
    find_runs,
    hookimpl,
    hookspec,
    host_info_gatherer,
    host_info_getter,
    open_store,
    to_frame,
)
from sacred_core.compare import MISSING, ComparedRun, Difference
from sacred_core.run import Run
from sacred_core.stores import Annotation, RunQuery, RunStore, StoredRun
from sacred_core.stores.query import Query
from sacred_core.testing import PluginContract


class AcmeObserver(RunObserver):
    """Takes a subset of each event's arguments."""

    priority = 5

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def from_argument(cls, argument: str) -> "AcmeObserver":
        return cls(Path(argument))

    def started_event(self, config: dict[str, Any], start_time: datetime) -> str:
        return start_time.isoformat()

    def heartbeat_event(self, info: dict[str, Any], captured_out: str | None = None) -> None: ...

    def completed_event(self, result: Any) -> None: ...


class AcmeStore:
    """Satisfies the protocol without a base class."""

    def __init__(self, location: str) -> None:
        self.location = location

    def list(self, query: RunQuery | None = None) -> Iterator[StoredRun]:
        yield self.get(1)

    def get(self, run_id: int | str) -> StoredRun:
        return StoredRun(id=run_id, status="COMPLETED")

    def output(self, run_id: int | str) -> str:
        return ""

    def metrics(self, run_id: int | str, raw: bool = False) -> dict[str, dict[str, Any]]:
        return {}

    def open_file(self, run_id: int | str, kind: str, name: str) -> BinaryIO:
        raise FileNotFoundError(name)

    def delete(self, run_id: int | str) -> None:
        raise PermissionError(run_id)

    def annotate(self, run_id: int | str, annotation: Annotation) -> None:
        self.location += f" {annotation.note}"


def load(path: Path) -> dict[str, Any]:
    return {"text": path.read_text()}


def rack() -> int:
    if "RACK" not in os.environ:
        raise SkipHostInfo
    return int(os.environ["RACK"])


def set_gpu(argument: str, run: Run) -> None:
    run.meta_info["gpu"] = argument


@hookimpl
def sacred_observers() -> Iterable[ObserverSpec]:
    yield ObserverSpec(AcmeObserver, flags=["--acme"], store=AcmeStore, schemes=["acme"])


@hookimpl
def sacred_exports() -> Iterable[Export]:
    yield Export(AcmeStore)


def facts(side: ComparedRun) -> dict[str, Any]:
    return {"rack": side.run.host.get("rack"), "points": len(side.points())}


def lines(difference: Difference, first: ComparedRun, second: ComparedRun) -> Difference | None:
    if difference.first is MISSING:
        return None
    return difference.shown([f"rack {first.name} {second.name}"], {"unit": "rack"})


@hookimpl
def sacred_compare() -> Iterable[Aspect]:
    yield Aspect("rack", facts, lines, title="Rack")


@hookimpl
def sacred_key_checks() -> Iterable[KeyCheck]:
    yield KeyCheck("/", "contains a slash")


@hookimpl
def sacred_config_sources() -> Iterable[ConfigSource]:
    yield ConfigSource([".acme"], load)


@hookimpl
def sacred_host_info() -> Iterable[HostInfo]:
    yield HostInfo("rack", rack)


@hookimpl
def sacred_cli_options() -> Iterable[CLIOption]:
    yield CLIOption(["--gpu"], set_gpu)


@hookimpl
def sacred_commands() -> Iterable[CommandSpec]:
    yield CommandSpec("acme", "acme.cli:main", help="manage acme runs")


@hookimpl
def sacred_hookspecs() -> Iterable[HookSpecs]:
    yield HookSpecs("acme.hooks")


@hookspec
def acme_panels() -> Iterable[str]:
    """Offer panels.

    Version added: 1.0.
    """
    raise NotImplementedError


@hookimpl
def sacred_secrets() -> Iterable[SecretPattern]:
    yield SecretPattern(r"acme-(?P<secret>\w+)", contains="acme-", flags=re.IGNORECASE)


def fill(store: RunStore, where: Query | None) -> int:
    return 0 if where is None else len(list(store.list(RunQuery(where=where))))


@hookimpl
def sacred_queue_sources() -> Iterable[QueueSource]:
    yield QueueSource("acme", fill)


def is_spent(run: Run) -> bool:
    return bool(run.config.get("account"))


@hookimpl
def sacred_stop_checks() -> Iterable[StopCheck]:
    yield StopCheck("budget", is_spent)


@hookimpl
def sacred_seed(seed: int) -> None:
    print(seed)


@cli_option("-o", "--own", is_flag=True)
def own(argument: bool, run: Run) -> None:
    run.info["own"] = argument


@host_info_gatherer("directory")
def directory() -> str:
    return str(Path.cwd())


@host_info_getter
def room() -> str:
    return "B 12"


@host_info_getter(name="shelf")
def numbered_shelf() -> int:
    return 3


class TestAcme(PluginContract):
    """What the author's tests are."""

    distribution = "acme"


def use() -> None:
    ex = Experiment("typed", additional_cli_options=[own], additional_host_info=[directory])
    data = Ingredient("data")
    SETTINGS.HOST_INFO.CAPTURED_ENV.append("HOME")
    ex.add_config(scale=REQUIRED)

    @data.capture
    def size(n: int) -> int:
        return n

    @ex.main
    def main(seed: int, scale: float = 1.0) -> float:
        whole: int = size()
        return seed * scale * whole

    result: float = main(3)
    run: Run = ex.run(config_updates={"seed": 1})
    store: RunStore = AcmeStore("x")
    opened: RunStore = open_store("runs")
    attach("worker").flush()
    found: list[StoredRun] = find_runs("runs", where="config.lr > 0.1")
    frames = to_frame("runs", metrics=True), to_frame(opened), to_frame(found[1:])
    print(result, run.result, store, opened, frames)
