"""Tests of the whole tree of commands, with all plugins."""

from collections.abc import Iterator

import click
import pytest

from sacred_core.cli.main import sacred
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import LONGEST_SUMMARY


def groups(group: click.Group, path: str) -> Iterator[tuple[str, click.Group]]:
    """Yield each group in a group, and the group itself, with the words that call it."""
    yield path, group
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{path} {name}"
        if isinstance(command, click.Group):
            yield from groups(command, f"{path} {name}")


GROUPS = dict(groups(sacred, "sacred"))


def test_the_tree_has_the_groups_of_core_and_plugins() -> None:
    """There are those of the core, and that of sacred-mongo."""
    assert {"sacred", "sacred runs", "sacred mongo"} <= {*GROUPS}


@pytest.mark.parametrize("path", GROUPS)
def test_each_command_has_a_short_summary(path: str) -> None:
    """In the help of its group each command is in one line, of at most 45 characters."""
    group = GROUPS[path]
    context = click.Context(group, info_name=path, terminal_width=80)
    formatter = click.HelpFormatter(width=80)
    group.format_commands(context, formatter)
    title, *lines = formatter.getvalue().splitlines()
    shown = dict(line.split(maxsplit=1) for line in lines)
    assert title == "Commands:" and [*shown] == group.list_commands(context)
    for name, summary in shown.items():
        assert 0 < len(summary) <= LONGEST_SUMMARY and "..." not in summary, f"{path} {name}"


def test_each_command_of_scripts_has_a_short_summary() -> None:
    """The first line of its docstring is what the help of a script shows."""
    from sacred_core import Experiment

    commands = dict(Experiment("x", interactive=True).gather_commands())
    assert len(commands) >= 4
    for name, command in commands.items():
        summary = (command.function.__doc__ or "").strip().partition("\n")[0]
        assert 0 < len(summary) <= LONGEST_SUMMARY, f"{name}: {summary}"
    for spec in plugin_manager().commands:
        assert 0 < len(spec.help) <= LONGEST_SUMMARY, f"{spec.name}: {spec.help}"
