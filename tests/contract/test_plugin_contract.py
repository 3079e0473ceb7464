"""Tests of the contract for plugins: each fault fails the one test that names it."""

import sys
from typing import Any

import pytest

from sacred_core.testing import PluginContract
from sacred_core.testing.samples import PLUGIN_SOURCE

_INIT = "def __init__(self, path): ..."


def _with(body: str) -> str:
    """Return the sound plugin with another body of its observer."""
    assert _INIT in PLUGIN_SOURCE
    return PLUGIN_SOURCE.replace(_INIT, body)


COMMAND = """
    @hookimpl
    def sacred_commands():
        from sacred_core.hooks.records import CommandSpec

        yield CommandSpec("acme", "acme_plugin:make", {})

    def __getattr__(name):
        import click

        if name != "make":
            raise AttributeError(name)
        group = click.Group("acme")
        group.command("load", short_help='Store.')(lambda: None)
        return group
"""
FAULTS = {
    "no upper bound": (
        {"requires": ">=0.1"}, PLUGIN_SOURCE, "test_it_requires_a_range_of_sacred_core",
    ),
    "no summary": ({"summary": ""}, PLUGIN_SOURCE, "test_it_has_a_description"),
    "misspelt hook": (
        {}, PLUGIN_SOURCE + "\n    @hookimpl\n    def sacred_sed(seed): ...\n",
        "test_it_implements_a_hook_without_mistakes",
    ),
    "no hook": ({}, "x = 1", "test_it_implements_a_hook_without_mistakes"),
    "flag of the core": (
        {}, PLUGIN_SOURCE.replace("--acme", "--loglevel"), "test_its_hooks_return_records",
    ),
    "target that is not there": (
        {}, PLUGIN_SOURCE.replace("ObserverSpec(AcmeObserver", "ObserverSpec('acme_plugin:Nope'"),
        "test_its_targets_can_be_imported",
    ),
    "bad argument": (
        {}, _with("def __init__(self, path): int(path)"),
        "test_its_flags_report_bad_arguments",
    ),
    "two lines": (
        {},
        "    from sacred_core.exceptions import UsageError\n" + _with(
            "def __init__(self, path): raise UsageError('first\\nsecond')"
        ),
        "test_its_flags_report_bad_arguments",
    ),
    "file before the start": (
        {}, _with("def __init__(self, path): open('made', 'w').close()"),
        "test_its_flags_report_bad_arguments",
    ),
    "unknown event": (
        {}, _with(f"{_INIT}\n        def complete_event(self, result): ..."),
        "test_its_event_methods_exist",
    ),
    "command without a summary": (
        {}, PLUGIN_SOURCE + COMMAND.format("help=''"), "test_its_commands_have_short_summaries",
    ),
    "long summary": (
        {}, PLUGIN_SOURCE + COMMAND.format(f"help={'x' * 46!r}"),
        "test_its_commands_have_short_summaries",
    ),
    "long summary in a group": (
        {}, PLUGIN_SOURCE + COMMAND.format("help='Store runs.'").replace(
            "short_help='Store.'", f"short_help={'x' * 46!r}"
        ),
        "test_its_commands_have_short_summaries",
    ),
    "heavy import": (
        {}, "    import click\n" + PLUGIN_SOURCE, "test_its_module_imports_nothing_heavy",
    ),
}  # fmt: skip


def failures() -> dict[str, str]:
    """Run the contract for the distribution acme and return what failed, with its message."""

    class Contract(PluginContract):
        distribution = "acme"

    failed = {}
    for name in dir(Contract):
        if name.startswith("test_"):
            try:
                getattr(Contract(), name)()
            except Exception as error:  # noqa: BLE001 - whatever a fault leads to
                failed[name] = str(error)
    return failed


def test_a_plugin_may_import_another_plugin(acme: Any) -> None:
    """Each command line imports its module anyway; what else that imports counts."""
    acme.add("other", PLUGIN_SOURCE.replace("--acme", "--other"))
    acme.add("acme", "    import other_plugin\n" + PLUGIN_SOURCE.replace("Acme", "Bell"))
    try:
        assert failures() == {}
    finally:
        sys.modules.pop("other_plugin", None)


def test_a_good_plugin_passes(acme: Any) -> None:
    """Nothing is found where nothing is wrong."""
    acme.add("acme", PLUGIN_SOURCE + COMMAND.format("help='Store runs.'"))
    assert failures() == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_fails_the_test_that_names_it(acme: Any, fault: str) -> None:
    """One test, and no other."""
    arguments, source, test = FAULTS[fault]
    acme.add("acme", source, **arguments)
    failed = failures()
    assert list(failed) == [test], failed


def test_a_plugin_that_is_not_installed_is_reported(acme: Any) -> None:
    """The message names what is missing, whichever test comes first."""
    assert "acme is not installed, or has no entry point" in failures()["test_its_module_loads"]
