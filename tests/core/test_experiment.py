"""Tests of the class that a script is built around."""

import random
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.exceptions import (
    CommandNotFoundError,
    ConfigValueError,
    DecoratorError,
    InteractiveError,
    NoRunError,
    OptionError,
)


@pytest.fixture
def ex() -> Experiment:
    experiment = Experiment("tried", save_git_info=False)  # not of this checkout
    experiment.main(lambda: None)
    return experiment


def test_run_executes_the_main_function_and_returns_the_run(ex: Experiment) -> None:
    """`ex.run` calls the function decorated with `ex.main`."""

    @ex.main
    def my_main(seed: int) -> int:
        return seed

    run = ex.run(config_updates={"seed": 7})
    assert (run.result, run.status, run.config["seed"]) == (7, "COMPLETED", 7)


def test_name_is_that_of_the_file() -> None:
    """Name is that of the file, unless another is given."""
    assert Experiment().path == Path(__file__).stem
    assert Experiment("other").path == "other"


def test_an_interactive_session_is_refused_unless_allowed() -> None:
    """Without a file nothing can be reproduced; a name is needed then, too."""
    create = "from sacred_core import Experiment; ex = Experiment({})"
    with pytest.raises(InteractiveError, match="interactive=True"):
        exec(create.format("'x'"), {})
    with pytest.raises(InteractiveError):
        exec(create.format("interactive=True"), {})
    exec(create.format("'x', interactive=True"), {})


def test_run_without_a_main_function_is_an_error() -> None:
    """The error names the decorators."""
    with pytest.raises(CommandNotFoundError, match=r"decorate one with @ex\.main"):
        Experiment("empty").run()


def test_hooks_run_around_the_command(ex: Experiment) -> None:
    """Before and after, with arguments from the configuration."""
    order: list[Any] = []
    ex.add_config(a=1)

    @ex.pre_run_hook
    def before(a: int) -> None:
        order.append(("before", a))

    @ex.post_run_hook
    def after(_run: Any) -> None:
        order.append(("after", _run.result))

    @ex.main
    def main() -> str:
        order.append("main")
        return "result"

    ex.run()
    assert order == [("before", 1), "main", ("after", "result")]


def test_shortcuts_reach_the_current_run(ex: Experiment, tmp_path: Path) -> None:
    """`ex.info`, `ex.log_scalar` and their like are those of the run, while it is running."""

    @ex.main
    def main(_run: Any) -> None:
        ex.info["a"] = 1
        ex.log_scalar("x", 1)
        ex.log_scalars({"x": 2, "y": [3]})
        assert ex.current_run is _run

    assert ex.run(info={"b": 2}).info == {"a": 1, "b": 2}
    with pytest.raises(NoRunError, match=r"ex.log_scalar works only while"):
        ex.log_scalar("x", 1)
    with pytest.raises(NoRunError, match=r"ex.log_scalars works only while"):
        ex.log_scalars({"x": 1})


@pytest.mark.parametrize(
    "spelling", ["--beat_interval", "--beat-interval", "beat_interval", "beat-interval", "-b"]
)
def test_options_take_every_spelling(ex: Experiment, spelling: str) -> None:
    """Options take every spelling, as on the command line, with dashes, or plain."""
    run = ex.run(options={spelling: "0.5"})
    assert run.beat_interval == 0.5
    assert run.meta_info["options"]["--beat_interval"] == "0.5"


def test_unknown_option_suggests_the_right_one(ex: Experiment) -> None:
    """The error quotes it."""
    with pytest.raises(OptionError, match=r"unknown option '--loglvel', did you mean '--loglevel'"):
        ex.run(options={"--loglvel": "INFO"})


def test_options_change_the_run(ex: Experiment) -> None:
    """Comment, name, id and priority are noted with it."""
    options = {"-c": "mine", "-n": "other", "-i": "5", "-P": "2.5", "-u": True}
    run = ex.run(options=options, meta_info={"extra": 1})
    assert run.meta_info["comment"] == "mine"
    assert run.meta_info["priority"] == 2.5
    assert run.meta_info["extra"] == 1
    assert run.experiment_info["name"] == run.run_logger.name == "other"
    assert run._id == 5
    assert run.unobserved


def test_global_generators_are_seeded(ex: Experiment) -> None:
    """The same root seed gives the same random numbers (section 1.7.2)."""
    ex.main(random.random)
    first, second, other = (ex.run(config_updates={"seed": s}).result for s in (1, 1, 2))
    assert first == second != other


def test_queued_run_lists_the_secrets_to_set_again(
    ex: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    """A value that is not stored is missing when the run is started."""
    from sacred_core import RunObserver

    ex.observers.append(RunObserver())
    ex.add_config(db={"password": "x"})
    ex.run(options={"--queue": True})
    assert "set db.password again" in caplog.text


def test_decorators_may_be_written_with_parentheses() -> None:
    """`@ex.config()` and the others do what they do without parentheses."""
    ex = Experiment("parentheses", save_git_info=False)
    called = []

    @ex.config()
    def cfg():
        a = 1

    @ex.named_config()
    def large():
        a = 100

    @ex.config_hook()
    def hook(config, command_name, logger):
        return {"b": config["a"] + 1}

    @ex.option_hook()
    def options_hook(options):
        called.append("option hook")

    @ex.capture()
    def taken(a, b):
        return a, b

    @ex.pre_run_hook()
    def before(a):
        called.append(f"before {a}")

    @ex.post_run_hook()
    def after(b):
        called.append(f"after {b}")

    @ex.command()
    def other(a):
        return -a

    @ex.automain()
    def automain():
        return "imported: not run"

    @ex.main()
    def main():
        return taken()

    assert ex.run().result == (1, 2)
    assert called == ["option hook", "before 1", "after 2"]
    assert ex.run(named_configs=["large"]).result == (100, 101)
    assert ex.run("other").result == -1
    assert ex.run("automain").result == "imported: not run"


@pytest.mark.parametrize("name", ["capture", "command", "main", "automain", "pre_run_hook"])
def test_an_argument_in_place_of_a_function_is_an_error(ex: Experiment, name: str) -> None:
    """`@ex.capture("optimizer")` names the way to write it."""
    with pytest.raises(DecoratorError, match=r"got 'a': .*like @ex.capture\(prefix='a'\)"):
        getattr(ex, name)("a")


def test_add_config_as_a_decorator_is_an_error(ex: Experiment) -> None:
    """The error names the decorator that was meant."""
    with pytest.raises(ConfigValueError, match=r"decorate a function with @ex\.config"):
        ex.add_config(lambda: None)  # type: ignore[arg-type]
