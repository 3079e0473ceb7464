"""What the author of a script writes, with every decorator, under mypy --strict."""

import logging
from typing import Any

from sacred_core import Experiment, Ingredient, attach
from sacred_core.config.config_scope import ConfigScope
from sacred_core.run import Run
from sacred_core.utils import TimeoutInterrupt, apply_backspaces_and_linefeeds

data = Ingredient("data")
ex = Experiment("typed", ingredients=[data])
ex.captured_out_filter = apply_backspaces_and_linefeeds
ex.logger = logging.getLogger("mine")
ex.add_config({"a": 1}, **{})
ex.add_config(b=2)
ex.add_named_config("fast", epochs=1)


@ex.config
def cfg() -> None:
    epochs = 10
    rate = 0.1 / epochs


@ex.named_config
def slow() -> None:
    epochs = 1000


scope: ConfigScope = slow


@ex.config()
def more() -> None:
    batch = 10


more_scope: ConfigScope = more


@data.capture
def load(path: str, shuffle: bool = False) -> list[int]:
    return [len(path), shuffle]


@ex.capture(prefix="optimizer")
def step(rate: float, _rnd: Any, _seed: int) -> float:
    return rate * _seed


def work(number: int) -> str:
    with attach("worker") as child:
        child.log_scalar("loss", number, step=1)
        child.log_scalars({"a": 1.0})
        child.add_artifact(__file__)
        child.info["number"] = number
        child.flush()
    child.close()
    return child.name


@ex.command(unobserved=True)
def helper(epochs: int) -> None:
    print(epochs)


@ex.command
def evaluate(epochs: int, _log: logging.Logger) -> int:
    _log.info("evaluating")
    return epochs


@ex.pre_run_hook
def before(epochs: int) -> None: ...


@ex.post_run_hook
def after(_run: Run) -> None: ...


@ex.config_hook
def hook(config: dict[str, Any], command_name: str, logger: logging.Logger) -> dict[str, Any]:
    return {"epochs": 3} if command_name == "evaluate" else {}


@ex.option_hook
def options_hook(options: dict[str, Any]) -> None:
    options["--loglevel"] = "ERROR"


class Model:
    """Methods may be captured, too."""

    @ex.capture
    def fit(self, epochs: int) -> int:
        return epochs


@ex.automain
def main(epochs: int, _run: Run) -> float:
    rows: list[int] = load()
    more: list[int] = load("path", shuffle=True)
    fitted: int = Model().fit()
    _run.log_scalar("loss", step(0.1), 3)
    _run.info["rows"] = rows + more
    with _run.open_resource("data.csv") as file:
        print(file.read())
    _run.add_artifact("model.bin", metadata={"epochs": epochs})
    if fitted > 10:
        raise TimeoutInterrupt
    return float(epochs)


def use() -> None:
    run: Run = ex.run("evaluate", {"epochs": 3}, ["slow"], options={"--unobserved": True})
    found: Run | None = ex.run_commandline("script.py with epochs=3")
    number: int = evaluate(3, logging.getLogger())
    print(run.config["epochs"], run.result, found, number)


def sweep() -> None:
    started = ex.sweep({"epochs": [1, 2]}, seeds=3, dry_run=True, launch="local:4")
    uid: str = started.uid
    counts: dict[str, int] = started.counts
    print(uid, counts, len(started.points), [run.result for run in started.runs()])
