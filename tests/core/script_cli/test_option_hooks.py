"""Tests of option hooks, in the style of scripts that people wrote for Sacred."""

import argparse
import logging
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment, Ingredient, cli_option
from sacred_core.exceptions import CommandNotFoundError, OptionError
from sacred_core.hooks.records import CLIOption
from sacred_core.testing.memory import Memory, MemoryObserver

TARGETS = CLIOption(
    ("-T", "--target_dir"),
    lambda argument, run: run.info.setdefault("targets", []).append(argument),
    multiple=True,
)
model = Ingredient("model")
model.add_named_config("resnet", depth=50)


@model.config
def model_config() -> None:
    depth = 18


@pytest.fixture
def ex() -> Experiment:
    experiment = Experiment("hooked", ingredients=[model], additional_cli_options=[TARGETS])
    experiment.add_config(lr=0.1)
    experiment.main(lambda _config: dict(_config))
    return experiment


def test_a_hook_changes_the_options(ex: Experiment) -> None:
    """What it sets for a flag is applied to the run and recorded."""

    @ex.option_hook
    def hook(options: dict[str, Any]) -> None:
        options["--comment"] = "hooked"

    meta = ex.run().meta_info
    assert (meta["comment"], meta["options"]["--comment"]) == ("hooked", "hooked")


def test_hooks_get_all_options_and_the_words(ex: Experiment) -> None:
    """Options not given are None or False; COMMAND and UPDATE are as they were typed."""
    seen: list[dict[str, Any]] = []
    ex.option_hook(lambda options: seen.append(dict(options)))
    ex.run_commandline("x print_config -d with model.resnet lr=1")
    assert seen[0] == {
        **ex.get_default_options(),
        "--debug": True,
        "COMMAND": "print_config",
        "UPDATE": ["model.resnet", "lr=1"],
    }


def test_command_and_updates_are_only_to_be_read(ex: Experiment) -> None:
    """Changes of them have no effect, also not on the hook that follows (section 1.15)."""
    seen: list[Any] = []

    @ex.option_hook
    def first(options: dict[str, Any]) -> None:
        options["COMMAND"] = "nothing"
        options["UPDATE"].append("lr=7")
        del options["--debug"]

    ex.option_hook(lambda options: seen.append((options["UPDATE"], options["--debug"])))
    run = ex.run_commandline("x with lr=3")
    assert run is not None
    assert run.result["lr"] == 3
    assert seen == [(["lr=3"], False)]
    assert run.meta_info["options"]["UPDATE"] == ["lr=3"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [("", None), ("-T a", "a"), ("-T a --target_dir b", ["a", "b"])],
)
def test_a_repeatable_option_is_a_list_only_if_repeated(
    ex: Experiment, words: str, expected: Any
) -> None:
    """None without the flag, the string for one, a list for several; so in the record too."""
    seen: list[Any] = []
    ex.option_hook(lambda options: seen.append(options["--target_dir"]))
    run = ex.run_commandline(f"x {words}")
    assert run is not None
    assert seen == [expected]
    assert run.meta_info["options"]["--target_dir"] == expected
    assert run.options["--target_dir"] == expected


@pytest.mark.parametrize("given", [[], None, (), "a", ["a"], ["a", "b"]])
def test_a_repeatable_option_of_the_call(ex: Experiment, given: Any) -> None:
    """`ex.run(options=...)` takes a value or several, each of which is applied."""
    values = [given] if isinstance(given, str) else list(given or [])
    assert ex.run(options={"-T": given}).info.get("targets", []) == values


def test_a_list_for_an_option_that_is_not_repeatable(ex: Experiment) -> None:
    """The option gets the list as it is."""
    own = cli_option("--shape")(lambda argument, run: run.info.update(shape=argument))
    ex.additional_cli_options.append(own)
    assert ex.run(options={"--shape": [3, 4]}).info == {"shape": [3, 4]}


def test_a_folder_from_the_named_configurations(ex: Experiment) -> None:
    """A hook derives the folder of the results from the updates and from named configurations."""

    @ex.option_hook
    def sort_into_folders(options: dict[str, Any]) -> None:
        folder = options["--target_dir"]
        if folder is None:
            return
        names = [u.removeprefix("model.") for u in options["UPDATE"] if "=" not in u]
        entries = model.named_configs[names[0]]()  # type: ignore[operator]
        default = model.configurations[0]()  # type: ignore[operator]
        parts = (names[0], str(entries["depth"]), str(default["depth"]))
        options["--target_dir"] = Path(folder).joinpath(*parts)

    run = ex.run_commandline("x --target_dir=out with model.resnet")
    assert run is not None
    assert run.info["targets"] == [Path("out/resnet/50/18")]
    assert "targets" not in ex.run().info


def test_arguments_of_argparse_as_configuration(ex: Experiment) -> None:
    """``ex.add_config(vars(args))`` in a hook defines entries; updates go on top."""

    @ex.option_hook
    def update_args(options: dict[str, Any]) -> dict[str, Any]:
        parser = argparse.ArgumentParser()
        parser.add_argument("--epochs", type=int, default=5)
        parser.add_argument("--debug", default=str(options["--debug"]))
        ex.add_config(vars(parser.parse_args(["--epochs", "3"])))
        return options

    run = ex.run_commandline("x -d with epochs=9")
    assert run is not None
    assert run.result == {**run.result, "epochs": 9, "debug": "True", "lr": 0.1}
    assert run.config_modifications.modified == {"epochs"}


def test_a_hook_adds_configuration_to_an_ingredient(ex: Experiment) -> None:
    """It counts for the same run."""
    data = Ingredient("data")
    ex.ingredients.append(data)
    ex.option_hook(lambda options: data.add_config(path="/d"))
    assert ex.run().result["data"] == {"path": "/d"}


def test_a_hook_adds_an_ingredient_and_names_the_experiment() -> None:
    """A hook adds an ingredient and names the experiment, as scripts do that choose the model by a
    flag of their own.
    """
    choose = cli_option("--model")(lambda argument, run: None)
    ex = Experiment("generic", additional_cli_options=[choose])
    ex.main(lambda _config: dict(_config))
    memory = Memory()
    ex.observers.append(MemoryObserver(memory))

    @ex.option_hook
    def choose_model(options: dict[str, Any]) -> None:
        chosen = Ingredient("net")
        chosen.add_config(name=options["--model"])
        ex.path = options["--model"]
        ex.ingredients.append(chosen)

    run = ex.run_commandline("x --model vgg with net.name=vgg19")
    assert run is not None
    assert run.result["net"] == {"name": "vgg19"}
    assert run.run_logger.name == "vgg"
    assert memory.runs[1].run.experiment["name"] == "vgg"


def test_a_hook_attaches_an_observer(ex: Experiment) -> None:
    """The run is recorded; an equal observer that is appended at each run records it once."""
    memory = Memory()
    observer = MemoryObserver(memory)
    ex.option_hook(lambda options: ex.observers.append(observer))
    ex.run()
    ex.run()
    assert [stored.run.status for stored in memory.runs.values()] == ["COMPLETED"] * 2


def test_equal_observers_record_a_run_once(ex: Experiment) -> None:
    """Observers of one place are equal and hashable; others are distinguished, even if equal."""

    class Place(MemoryObserver):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Place) and other.memory is self.memory

        def __hash__(self) -> int:
            return id(self.memory)

    class Unhashable(Place):
        __hash__ = None  # type: ignore[assignment]

    for kind, count in ((Place, 1), (Unhashable, 2)):
        memory = Memory()
        ex.observers = [kind(memory), kind(memory)]
        ex.run()
        assert len(memory.runs) == count


def test_a_hook_sets_the_logger(ex: Experiment) -> None:
    """The loggers of that run descend from it."""
    ex.option_hook(lambda options: setattr(ex, "logger", logging.getLogger("by_hook")))
    assert ex.run().run_logger.name == "by_hook.hooked"


def test_a_hook_adds_a_source_and_a_dependency(ex: Experiment, tmp_path: Path) -> None:
    """They are recorded with that run, once however many runs there are."""
    extra = tmp_path / "extra.cfg"
    extra.write_text("x")

    @ex.option_hook
    def hook(options: dict[str, Any]) -> None:
        ex.add_source_file(extra)
        ex.add_package_dependency("acme", "1.2")

    for _ in range(2):
        info = ex.run().experiment_info
        assert sum("extra.cfg" in name for name, _ in info["sources"]) == 1
        assert info["dependencies"].count("acme==1.2") == 1


def test_a_hook_defines_the_command(ex: Experiment) -> None:
    """A command may come into being in a hook."""
    ex.option_hook(lambda options: ex.command(late))
    assert ex.run("late").result == "late"


def late() -> str:
    return "late"


def test_hooks_run_before_an_unknown_command_is_refused(ex: Experiment) -> None:
    """Their effect on the experiment comes first, also where the call is wrong."""
    seen: list[Any] = []
    ex.option_hook(lambda options: seen.append(options["COMMAND"]))
    with pytest.raises(CommandNotFoundError):
        ex.run("nothing")
    assert seen == ["nothing"]


@pytest.mark.parametrize("name", ["--beat_interval", "--beat-interval"])
def test_hooks_read_and_set_either_spelling(ex: Experiment, name: str) -> None:
    """Sacred wrote ``--beat-interval`` and ``--print-config``, its manual ``_``."""

    @ex.option_hook
    def hook(options: dict[str, Any]) -> None:
        assert name in options
        assert options[name] == options.get(name) == "3"
        options[name] = 7
        assert options["--beat_interval"] == options["--beat-interval"] == 7
        assert options.get("--nothing", "default") == "default"
        with pytest.raises(KeyError, match="--nothing"):
            options["--nothing"]

    run = ex.run(options={"-b": "3"})
    assert run.beat_interval == 7
    assert run.meta_info["options"]["--beat_interval"] == 7
    assert "--beat-interval" not in run.meta_info["options"]


def test_a_hook_that_updates_with_another_spelling(ex: Experiment) -> None:
    """``options.update`` works as well."""
    ex.option_hook(lambda options: options.update({"--beat-interval": 2}))
    assert ex.run().beat_interval == 2


def test_an_unknown_flag_that_a_hook_sets_is_an_error(ex: Experiment) -> None:
    """It names what was meant; entries that are no flags are ignored."""

    @ex.option_hook
    def hook(options: dict[str, Any]) -> None:
        options["note"] = 1
        options["--coment"] = "typo"

    with pytest.raises(OptionError, match="unknown option '--coment', did you mean '--comm"):
        ex.run()


def test_an_exception_of_a_hook_reaches_the_caller(ex: Experiment) -> None:
    """Nothing is recorded of a run that was not created."""
    memory = Memory()
    ex.observers.append(MemoryObserver(memory))

    @ex.option_hook
    def hook(options: dict[str, Any]) -> None:
        raise ValueError("Incorrect model configuration")

    with pytest.raises(ValueError, match="Incorrect model"):
        ex.run()
    assert memory.runs == {}


def test_what_a_hook_adds_stays_for_later_runs(ex: Experiment) -> None:
    """As in Sacred, a hook changes the experiment and not only one run of it."""
    lrs = iter([1.0, 2.0])
    ex.option_hook(lambda options: ex.add_config(lr=next(lrs)))
    assert [ex.run().result["lr"], ex.run().result["lr"]] == [1.0, 2.0]
    ex.option_hooks.clear()
    assert ex.run().result["lr"] == 2.0
