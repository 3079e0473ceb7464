"""Tests of the whole tree of commands, with all plugins."""

import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sacred_core.cli.main import sacred
from sacred_core.hooks.lookup import KNOWN_COMMANDS, KNOWN_SCRIPT_COMMANDS
from sacred_core.hooks.manager import plugin_manager
from sacred_core.hooks.records import LONGEST_SUMMARY, CommandSpec


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


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield each command and group with the words that call it."""
    for path, group in GROUPS.items():
        yield path, group
        context = click.Context(group, info_name=path)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None, f"{path} {name}"
            if not isinstance(command, click.Group):
                yield f"{path} {name}", command


COMMANDS = dict(commands())


def test_all_commands_are_found() -> None:
    """There are those of plugins, too."""
    assert {"sacred doctor", "sacred runs list", "sacred board", "sacred s3 index"} <= {*COMMANDS}


@pytest.mark.parametrize("path", COMMANDS)
def test_the_help_of_each_command_has_an_example(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It calls this command, a group one of its commands, with arguments that are accepted."""
    monkeypatch.chdir(tmp_path)
    for folder in ("train-1-undelivered", "my_spool", "sacred_mongo_failures"):
        (tmp_path / folder).mkdir()
    _, found, text = inspect.cleandoc(COMMANDS[path].help or "").partition("\b\nExample")
    example = re.search(r"sacred (?!--)[^)\n]*", text)
    assert found and example is not None, f"the help of {path!r} has no example"
    words = shlex.split(re.split(" {2,}", example[0])[0])
    name = next(
        name for name in sorted(COMMANDS, key=len, reverse=True)
        if words[: len(name.split())] == name.split()
    )  # fmt: skip
    assert name == path or (path in GROUPS and name.startswith(f"{path} "))
    COMMANDS[name].make_context(name, words[len(name.split()) :]).close()


@pytest.mark.parametrize(
    ("known", "of_experiments"), [(KNOWN_COMMANDS, False), (KNOWN_SCRIPT_COMMANDS, True)]
)
def test_the_commands_of_official_plugins_are_known(
    known: dict[str, str], of_experiments: bool
) -> None:
    """So that without a plugin the error has the command that installs it."""
    offered = {
        spec.name: plugin.distribution.partition(" ")[0]
        for plugin in plugin_manager().plugins
        for spec in plugin.records
        if isinstance(spec, CommandSpec) and spec.of_experiments == of_experiments
        if " " not in spec.name and not plugin.distribution.startswith("sacred-core ")
    }
    assert offered == known
