"""Tests that the documented interface (section 1.15) is there, with its parameters."""

import importlib
import inspect
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

import sacred_core
from sacred_core import Experiment, Ingredient, utils
from sacred_core.dependencies import PackageDependency, Source, get_digest
from sacred_core.run import Run
from sacred_core.utils import PathType

INGREDIENT = {
    "add_config": ["cfg_or_file", "kw_conf"],
    "add_named_config": ["name", "cfg_or_file", "kw_conf"],
    "add_package_dependency": ["package_name", "version"],
    "add_source_file": ["filename"],
    "capture": ["function", "prefix"],
    "command": ["function", "prefix", "unobserved"],
    "config": ["function"],
    "config_hook": ["func"],
    "gather_commands": [],
    "gather_named_configs": [],
    "get_experiment_info": [],
    "named_config": ["func"],
    "post_process_name": ["name", "ingredient"],
    "post_run_hook": ["func", "prefix"],
    "pre_run_hook": ["func", "prefix"],
    "traverse_ingredients": [],
}
EXPERIMENT = {
    **INGREDIENT,
    "add_artifact": ["filename", "name", "metadata", "content_type"],
    "add_resource": ["filename"],
    "automain": ["function"],
    "get_default_options": [],
    "get_usage": ["program_name"],
    "log_scalar": ["name", "value", "step"],
    "main": ["function"],
    "open_resource": ["filename", "mode"],
    "option_hook": ["function"],
    "run": [
        *("command_name", "config_updates", "named_configs", "info", "meta_info", "options"),
        "inherit_observers",  # ours
    ],
    "run_commandline": ["argv"],
}
RUN = {
    "add_artifact": ["filename", "name", "metadata", "content_type"],
    "add_resource": ["filename"],
    "log_scalar": ["metric_name", "value", "step"],
    "open_resource": ["filename", "mode"],
    "warn_if_unobserved": [],
    "__call__": ["args"],
    "__init__": [
        "config", "config_modifications", "main_function", "observers", "root_logger",
        "run_logger", "experiment_info", "host_info", "pre_run_hooks", "post_run_hooks",
        "captured_out_filter",
    ],
}  # fmt: skip
RUN_ATTRIBUTES = (
    "beat_interval capture_mode captured_out captured_out_filter config config_modifications "
    "debug experiment_info fail_trace force host_info info main_function meta_info observers pdb "
    "post_run_hooks pre_run_hooks queue_only result root_logger run_logger start_time status "
    "stop_time unobserved"
).split()
METHODS = [
    *((Ingredient, name, parameters) for name, parameters in INGREDIENT.items()),
    *((Experiment, name, parameters) for name, parameters in EXPERIMENT.items()),
    *((Run, name, parameters) for name, parameters in RUN.items()),
]
CONSTRUCTORS = [
    (
        Experiment,
        ["name", "ingredients", "interactive", "base_dir", "additional_host_info",
         "additional_cli_options", "save_git_info"],
    ),
    (
        Ingredient,
        ["path", "ingredients", "interactive", "_caller_globals", "base_dir", "save_git_info"],
    ),
]  # fmt: skip
PLACES = {
    "utils": [
        "CircularDependencyError", "ConfigAddedError", "ConfigError", "InvalidConfigError",
        "MissingConfigError", "NamedConfigNotFoundError", "PathType", "SacredError",
        "SacredInterrupt", "TimeoutInterrupt", "apply_backspaces_and_linefeeds",
        "convert_to_nested_dict", "get_by_dotted_path", "is_prefix", "iter_prefixes",
        "iterate_flattened", "join_paths", "recursive_update", "set_by_dotted_path",
    ],
    "randomness": ["SEEDRANGE", "create_rnd", "get_seed", "set_global_seed"],
    "dependencies": ["PackageDependency", "Source", "get_digest"],
    "host_info": ["get_host_info", "host_info_getter", "host_info_gatherer"],
    "observer": ["RunObserver"],
    "observers": ["RunObserver"],
    "commands": ["print_config", "print_dependencies", "save_config", "print_named_configs"],
    "commandline_options": ["CLIOption", "CommandLineOption", "cli_option"],
    "run": ["Run"],
    "config.config_scope": ["ConfigScope"],
    "config.config_dict": ["ConfigDict"],
    "settings": ["SETTINGS"],
}  # fmt: skip


@pytest.mark.parametrize(("owner", "name", "parameters"), METHODS)
def test_method_has_the_documented_parameters(
    owner: type, name: str, parameters: list[str]
) -> None:
    """Method has the documented parameters, by position in the documented order, and with a
    docstring.
    """
    method = getattr(owner, name)
    taken = inspect.signature(method).parameters.values()
    assert [p.name for p in taken if p.kind is not p.KEYWORD_ONLY][1:] == parameters
    assert inspect.getdoc(method)


@pytest.mark.parametrize(("owner", "parameters"), CONSTRUCTORS)
def test_constructor_has_the_documented_parameters(owner: type, parameters: list[str]) -> None:
    """Constructor has the documented parameters, in the documented order: people pass them by
    position.
    """
    assert list(inspect.signature(owner).parameters) == parameters


@pytest.mark.parametrize("module", PLACES)
def test_names_are_where_they_are_documented(module: str) -> None:
    """Names are where they are documented, and each module is an attribute of the package."""
    found: Any = sacred_core
    for part in module.split("."):
        found = getattr(found, part)
    assert found is importlib.import_module(f"sacred_core.{module}")
    for name in PLACES[module]:
        assert getattr(found, name) is not None


def test_a_file_name_may_be_any_path_type(tmp_path: Path) -> None:
    """`PathType` is what `get_digest` and the methods of an experiment take."""
    file = tmp_path / "a.txt"
    file.write_text("hi")
    names = [str(file), os.fsencode(file), file]
    assert {type(name) for name in names} <= {*get_args(PathType), type(file)}
    assert {get_digest(name) for name in names} == {"49f68a5c8493ec2c0bf489821c21fc3b"}


def test_a_facade_loads_only_what_is_used() -> None:
    """`from sacred_core.utils import SacredInterrupt` imports errors and dotted paths only."""
    code = (
        "import sys; from sacred_core.utils import SacredInterrupt; "
        "print(*(name for name in sys.modules if name.startswith('sacred_core')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {
        "sacred_core",
        "sacred_core.dotted_path",
        "sacred_core.exceptions",
        "sacred_core.utils",
    }
    with pytest.raises(ImportError, match="nothing"):
        exec("from sacred_core.utils import nothing")


def test_captured_functions_show_their_run() -> None:
    """`run`, `config` and `logger` are those of the current run, then of the last one."""
    data = Ingredient("data")
    data.add_config(b=[2])
    ex = Experiment("captured", ingredients=[data])
    ex.add_config(a=1)

    @data.capture
    def load(b: list[int]) -> Any:
        return load.run, load.config, load.logger

    @ex.main
    def main(_run: Run) -> None:
        assert load.run is _run  # before its first call
        run, config, logger = load()
        assert run is _run
        assert config == {"b": [2]}
        assert logger.name == "load"
        with pytest.raises(TypeError, match="read-only"):
            config["b"].append(3)

    assert (load.run, load.config, load.logger) == (None, {}, None)
    run = ex.run()
    assert load.run is run
    assert main.config == {"a": 1, "data": {"b": [2]}, "seed": run.config["seed"]}
    assert load.logger is not None


def test_sources_dependencies_and_main_file() -> None:
    """They are what a run would record, as objects with Sacred's attributes."""
    ex = Experiment("code", save_git_info=False)
    ex.add_package_dependency("own-package", "1.2")
    ex.add_source_file(Path(__file__).with_name("test_imports.py"))
    main = Source.create(__file__)
    assert (main.filename, main.digest) == (os.path.realpath(__file__), get_digest(__file__))
    assert ex.mainfile == main
    assert main in ex.sources
    assert {Path(source.filename).name for source in ex.sources} >= {"test_imports.py"}
    assert main.to_json() == (main.filename, main.digest)
    assert main.to_json(Path(__file__).parent) == (Path(__file__).name, main.digest)
    assert {each.to_json() for each in ex.dependencies} >= {"own-package==1.2"}
    assert PackageDependency("own-package", "1.2") in ex.dependencies


def test_an_ingredient_has_sources_and_a_logger_too() -> None:
    """Its main file is the one that defines it; there is none in an interactive session."""
    ingredient = Ingredient("data")
    assert ingredient.logger is None
    assert ingredient.mainfile == Source.create(__file__)
    assert ingredient.mainfile in ingredient.sources
    assert Ingredient("data", _caller_globals={"__name__": "__main__"}).mainfile is None


@pytest.mark.parametrize("place", ["sacred_core", "sacred_core.host_info"])
def test_host_info_getter_is_a_decorator(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Host info getter is a decorator, with and without a name; the function itself is returned."""
    getters: dict[str, Any] = {}
    monkeypatch.setattr("sacred_core.provenance.host.host_info_gatherers", getters)
    host_info_getter = importlib.import_module(place).host_info_getter

    @host_info_getter
    def room() -> str:
        return "B 12"

    @host_info_getter(name="named")
    def other() -> str:
        return "C 13"

    assert host_info_getter(room, "again") is room
    assert getters == {"room": room, "named": other, "again": room}
    info = sacred_core.host_info.get_host_info()
    assert [info[name] for name in getters] == ["B 12", "C 13", "B 12"]


def test_an_invalid_configuration_can_be_reported() -> None:
    """`InvalidConfigError` names the entries, and takes Sacred's other arguments."""
    error = utils.InvalidConfigError(
        "must be equal", conflicting_configs=("a", "b.a"), print_usage=True, config={"a": 1}
    )
    assert str(error) == "must be equal (entries: a, b.a)"
    assert error.conflicting_configs == ("a", "b.a")
    assert str(utils.InvalidConfigError("wrong", "a")) == "wrong (entries: a)"
    assert str(utils.InvalidConfigError("wrong", "a", print_conflicting_configs=False)) == "wrong"
    assert pickle.loads(pickle.dumps(error)).conflicting_configs == ("a", "b.a")


@pytest.mark.parametrize("is_shown", [True, False])
def test_an_invalid_configuration_shows_the_stack_if_wanted(
    is_shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """An invalid configuration shows the stack if wanted, by default with the user's frames, else
    as a sentence; the run has failed in both.
    """
    ex = Experiment("invalid")

    @ex.main
    def main() -> None:
        raise utils.InvalidConfigError("must be equal", ["a", "b"], print_traceback=is_shown)

    with pytest.raises(SystemExit) as caught:
        ex.run_commandline(["x", "-u"])
    shown = capsys.readouterr().err
    assert caught.value.code == 1
    assert "must be equal (entries: a, b)" in shown
    assert ("in main" in shown) is is_shown


def test_run_has_the_documented_attributes() -> None:
    """Before, while and after it runs."""
    ex = Experiment("attributes")

    @ex.main
    def main(_run: Run) -> int:
        assert [name for name in RUN_ATTRIBUTES if not hasattr(_run, name)] == []
        return 3

    run = ex.run()
    assert [name for name in RUN_ATTRIBUTES if not hasattr(run, name)] == []
    assert (run.result, run.status) == (3, "COMPLETED")


def test_print_config_can_be_called_inside_main(capsys: pytest.CaptureFixture[str]) -> None:
    """Print config can be called inside main, as scripts do: `commands.print_config(_run)`."""
    from sacred_core.commands import print_config

    ex = Experiment("inside")
    ex.add_config(a=1)
    ex.main(lambda _run: print_config(_run))
    ex.run()
    assert "  a = 1\n" in capsys.readouterr().out
