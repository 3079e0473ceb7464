"""Tests that the documented interface (section 1.15) is there, with its parameters."""

import importlib
import inspect
from typing import Any

import pytest

from sacred_core import Experiment, Ingredient
from sacred_core.run import Run

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
    "run": ["command_name", "config_updates", "named_configs", "info", "meta_info", "options"],
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
    "utils": ["SacredInterrupt", "TimeoutInterrupt", "apply_backspaces_and_linefeeds"],
    "host_info": ["get_host_info", "host_info_getter", "host_info_gatherer"],
    "observer": ["RunObserver"],
    "observers": ["RunObserver"],
    "commands": ["print_config", "print_dependencies", "save_config", "print_named_configs"],
    "commandline_options": ["cli_option"],
    "run": ["Run"],
    "config.config_scope": ["ConfigScope"],
    "config.config_dict": ["ConfigDict"],
    "settings": ["SETTINGS"],
}


@pytest.mark.parametrize(("owner", "name", "parameters"), METHODS)
def test_method_has_the_documented_parameters(
    owner: type, name: str, parameters: list[str]
) -> None:
    """In the documented order, and with a docstring."""
    method = getattr(owner, name)
    assert list(inspect.signature(method).parameters)[1:] == parameters
    assert inspect.getdoc(method)


@pytest.mark.parametrize(("owner", "parameters"), CONSTRUCTORS)
def test_constructor_has_the_documented_parameters(owner: type, parameters: list[str]) -> None:
    """In the documented order: people pass them by position."""
    assert list(inspect.signature(owner).parameters) == parameters


@pytest.mark.parametrize("module", PLACES)
def test_names_stand_where_they_are_documented(module: str) -> None:
    """And each module is an attribute of the package."""
    import sacred_core

    found: Any = sacred_core
    for part in module.split("."):
        found = getattr(found, part)
    assert found is importlib.import_module(f"sacred_core.{module}")
    for name in PLACES[module]:
        assert getattr(found, name) is not None


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
    """As scripts do: `commands.print_config(_run)`."""
    from sacred_core.commands import print_config

    ex = Experiment("inside")
    ex.add_config(a=1)
    ex.main(lambda _run: print_config(_run))
    ex.run()
    assert "  a = 1\n" in capsys.readouterr().out
