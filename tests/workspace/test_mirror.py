"""The tests of the core mirror its tree: ``tests/core/a/test_b.py`` tests ``sacred_core/a/b.py``.

The test file of a folder, such as ``test_serialization.py`` for ``serialization/``, tests all its
modules. `FURTHER` lists what a test file tests beside, or instead of, the module of its name.
"""

from pathlib import Path

import pytest

CORE = Path(__file__).parents[2] / "sacred_core"
TESTS = Path(__file__).parents[1] / "core"
#: Shorter modules only re-export names, or are tested with those that use them.
SHORTEST = 30
#: A test file without a module of its name tests one behaviour of several modules.
FURTHER = {
    "worker/test_sources.py": "hooks/worker_records",
    "compare/test_diffing.py": "compare/records compare/value_text",
    "compare/code/test_code_changes.py": "compare/code/normal_form compare/code/units "
    "compare/code/edits",
    "compare/code/test_used_code.py": "compare/code/names compare/code/project "
    "compare/code/references",
    "compare/causes/test_config_causes.py": "compare/causes/config_values "
    "compare/code/scope_values compare/values",
    "compare/causes/test_explaining.py": "compare/causes/evidence compare/causes/explanation "
    "compare/causes/code_causes compare/causes/call_causes compare/causes/effects "
    "compare/causes/file_causes compare/causes/machine_causes compare/causes/not_recorded "
    "compare/causes/package_causes",
    "stores/test_facts.py": "stores/recorded_files",
    "stores/test_documents.py": "stores/document_records",
    "stores/test_segment_views.py": "stores/document_metrics",
    "run/test_lost_run.py": "run/termination delivery/dispatcher",
    "archives/test_packing.py": "archives/layout archives/points archives/records archives/writing",
    "archives/test_reader.py": "archives/read_runs",
    "compare/groups/test_significance.py": "compare/groups/display",
    "config/test_combinations.py": "config/resolution config/tree",
    "config/test_config_scope.py": "config/entry_docs",
    "config/test_contributions.py": "config/config_dict",
    "config/test_files.py": "config/yaml_format",
    "config/test_ingredient_names.py": "ingredient",
    "config/test_merging.py": "config/resolution config/tree",
    "config/test_objects.py": "config/entries config/captured_function",
    "config/test_properties.py": "config/resolution config/files",
    "config/test_recorded_files.py": "config/files jsonpickle_data/decoding",
    "config/test_sacred_programs.py": "config/resolution config/config_scope",
    "delivery/test_backlog.py": "delivery/overflow",
    "delivery/test_dispatcher.py": "delivery/file_copies delivery/reservations "
    "observers/call_plan events",
    "delivery/test_handover.py": "delivery/event_files delivery/loading",
    "delivery/test_isolation.py": "delivery/failures",
    "delivery/test_lane.py": "delivery/thread_lane observers/retry_policy",
    "hooks/test_bad_plugins.py": "hooks/discovery hooks/manager cli/main cli/plugins",
    "hooks/test_hook_coverage.py": "hooks/specs",
    "hooks/test_manager.py": "hooks/targets hooks/clash_keys",
    "hooks/test_option_classes.py": "hooks/options",
    "hooks/test_whole_plugin.py": "hooks/records hooks/lookup",
    "cli/test_list_runs.py": "cli/runs/list_runs",
    "cli/test_ids.py": "cli/runs/ids cli/runs/change_runs",
    "cli/test_options.py": "cli/runs/options",
    "cli/test_copy_runs.py": "cli/runs/copy_runs cli/runs/copied_text cli/runs/progress",
    "cli/test_sync_runs.py": "cli/runs/sync_runs",
    "cli/test_diff_runs.py": "cli/runs/diff_runs cli/runs/compared_runs cli/exit_codes",
    "cli/test_explain_runs.py": "cli/runs/explain_runs",
    "cli/test_verify_runs.py": "cli/runs/verify_runs cli/runs/two_locations",
    "cli/test_pack_runs.py": "cli/runs/pack_runs",
    "cli/test_unpack_runs.py": "cli/runs/unpack_runs",
    "cli/test_spool.py": "cli/spool/list_spool cli/spool/flush_spool",
    "cli/test_show_run.py": "cli/runs/show_run cli/runs/page cli/runs/export_runs",
    "listing/test_columns.py": "listing/cells",
    "hooks/test_plugin_hooks.py": "hooks/manager hooks/discovery cli/main cli/plugins",
    "masking/test_cost.py": "masking/formats masking/urls",
    "masking/test_text.py": "masking/formats masking/urls",
    "masking/test_values.py": "masking/known masking/secret_names",
    "observers/test_queue.py": "observers/forwarding",
    "spool/test_flushing.py": "spool/entries delivery/used_folders",
    "spool/test_spool_observer.py": "spool/observer spool/session spool/updating",
    "spool/test_spool_option.py": "spool/wrapping",
    "observers/test_custom_observers.py": "observers/base observers/call_plan",
    "provenance/test_cells.py": "provenance/generated",
    "provenance/test_code.py": "provenance/dependencies provenance/experiment_info "
    "provenance/repositories provenance/sources",
    "cli/test_rerun_run.py": "cli/runs/rerun_run",
    "ranks/test_resumed_ranks.py": "ranks/joining run/resumption",
    "rerun/test_preparation.py": "rerun/repository",
    "rerun/test_running.py": "rerun/child rerun/conclusion rerun/main_module rerun/plan "
    "rerun/present rerun/process rerun/records rerun/taking rerun/rerun_taking rerun/script_plan "
    "rerun/script_process",
    "rerun/test_verdict.py": "rerun/expectation",
    "worker/test_child.py": "worker/taking",
    "worker/test_execution.py": "worker/losses worker/processes",
    "run/output/test_concurrent_runs.py": "run/output/fd_capture",
    "run/output/test_crashes.py": "run/output/follower run/output/spool",
    "run/output/test_follower.py": "run/output/follower_process",
    "run/output/test_screen.py": "run/output/rows",
    "run/output/test_streams.py": "run/output/stream_proxy",
    "children/test_attaching.py": "children/child_run",
    "run/test_children.py": "run/locations",
    "run/test_annotations.py": "stores/annotations stores/opening",
    "run/test_conclusion.py": "frames",
    "run/test_debug_log.py": "run/lifecycle delivery/dispatcher",
    "run/test_many_points.py": "run/lifecycle run/metrics run/beats",
    "run/test_nested.py": "run/creation",
    "run/test_run.py": "run/lifecycle",
    "run/test_spools.py": "run/recovery stores/unfinished",
    "script_cli/test_bad_input.py": "script_cli/parsing script_cli/running script_cli/words "
    "script_cli/hints",
    "script_cli/test_completion.py": "cli/completion",
    "script_cli/test_experiment_cli.py": "script_cli/running script_cli/usage",
    "script_cli/test_option_hooks.py": "run/creation hooks/options",
    "script_cli/test_running.py": "script_cli/interface",
    "script_cli/test_standard_commands.py": "script_cli/config_text script_cli/offered_commands "
    "builtin",
    "stores/test_curves.py": "stores/summaries",
    "stores/test_finding.py": "stores/run_store",
    "stores/test_guarded.py": "stores/checking",
    "stores/test_opening.py": "stores/recognition",
    "stores/test_leases.py": "stores/tokens",
    "transfer/test_verification.py": "transfer/differences",
    "transfer/test_copying.py": "transfer/known_runs",
    "test_api.py": "experiment ingredient utils",
    "test_imports.py": "hooks/lookup importing",
    "test_house.py": "",  # the structure of all modules
}


def subjects(test: str) -> list[str]:
    """Return the modules that a test file tests, without their suffix."""
    own = test.replace("test_", "", 1).removesuffix(".py")
    return [own, *FURTHER.get(test, "").split()]


def is_tested(module: str, tested: set[str]) -> bool:
    """Return whether a module, or a folder that contains it, is tested."""
    folders = [folder.as_posix() for folder in Path(module).parents[:-1]]
    return module in tested or any(folder in tested for folder in folders)


TEST_FILES = sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py"))
MODULES = sorted(
    path.relative_to(CORE).with_suffix("").as_posix()
    for path in CORE.rglob("*.py")
    if path.name != "__init__.py"
    # The kit consists of tests, which tests/contract runs.
    and path.parent != CORE / "testing"
)


@pytest.mark.parametrize("test", TEST_FILES)
def test_each_test_file_has_the_name_of_what_it_tests(test: str) -> None:
    """It is that of a module or folder at the same place, unless the table lists others."""
    own, *further = subjects(test)
    is_mirror = (CORE / f"{own}.py").exists() or (CORE / own).is_dir()
    assert is_mirror or test in FURTHER, f"sacred_core/{own}.py does not exist"
    missing = [name for name in further if not (CORE / f"{name}.py").exists()]
    assert not missing, f"{test} cannot test {missing}"


def test_each_entry_of_the_table_is_a_test_file() -> None:
    """The table lists no file that was renamed or deleted."""
    assert set(FURTHER) <= set(TEST_FILES)


@pytest.mark.parametrize("module", MODULES)
def test_each_module_has_a_test_file(module: str) -> None:
    """A module of more than a few lines is tested by a file that has its name or lists it."""
    tested = {name for test in TEST_FILES for name in subjects(test)}
    lines = len((CORE / f"{module}.py").read_text(encoding="utf-8").splitlines())
    assert lines <= SHORTEST or is_tested(module, tested), f"no test file lists {module!r}"
