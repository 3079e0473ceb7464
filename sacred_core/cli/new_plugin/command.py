"""The command ``sacred new-plugin``."""

import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import click

from sacred_core.cli.new_plugin.names import PluginNames, read_name, require_free
from sacred_core.cli.new_plugin.writing import read_variant, render_plugin, write_plugin
from sacred_core.exceptions import UsageError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.plurals import counted
from sacred_core.printable import printable

#: The folder of the template of a plugin without an option, and those of the options.
_DEFAULT = "store"
_VARIANTS = {
    "config-source": "A format of configuration files.",
    "host-info": "A fact about the machine.",
    "flag": "An option of each experiment.",
    "command": "A command of sacred.",
    "panel": "A tab and a viewer of the board.",
    "launcher": "What starts workers for --launch.",
}


def _variant_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each variant."""
    for name, text in reversed(_VARIANTS.items()):
        function = click.option(f"--{name}", is_flag=True, help=text)(function)
    return function


@click.command("new-plugin")
@click.argument("name")
@_variant_options
@click.option("--folder", type=click.Path(path_type=Path), help="By default NAME.")
@click.option("--author", help="For the licence; by default that of git.")
def new_plugin(name: str, folder: Path | None, author: str | None, **variants: bool) -> None:
    """Create a package with a plugin, its tests and its documentation.

    NAME is the name of the distribution: words of lower-case letters and digits with hyphens
    between them. Without an option, the plugin has an observer and a store. Its tests pass at
    once; replace its code step by step.

    \b
    Examples:
      sacred new-plugin acme-runs
      sacred new-plugin acme-plots --command
    """
    chosen = [each for each, is_chosen in variants.items() if is_chosen]
    if len(chosen) > 1:
        options = " and ".join(f"--{each.replace('_', '-')}" for each in chosen)
        raise click.UsageError(f"choose one kind of plugin, not {options}")
    template = chosen[0] if chosen else _DEFAULT
    try:
        names = read_name(name)
        require_free(names, template, plugin_manager())
    except UsageError as error:
        raise click.UsageError(str(error)) from None
    folder = folder or Path(names.name)
    _require_empty(folder)
    contents = render_plugin(names, template, _author(author, names))
    write_plugin(folder, contents)
    click.echo(printable(_summary(names, template, folder, len(contents)), "\n"))


def _require_empty(folder: Path) -> None:
    """Refuse a folder with files; a new repository of git may be in it.

    Raises:
        click.UsageError: it exists and has files, or is not a folder.
    """
    if folder.is_dir() and {path.name for path in folder.iterdir()} <= {".git"}:
        return
    if folder.exists() or folder.is_symlink():
        what = "is not empty" if folder.is_dir() else "is not a folder"
        raise click.UsageError(f"{str(folder)!r} {what}: choose another one with --folder")


def _author(given: str | None, names: PluginNames) -> str:
    """Return the author: given, of git, or a name to be replaced."""
    text = given if given is not None else _git_author()
    return printable(" ".join(text.split())) or f"The authors of {names.name}"


def _git_author() -> str:
    """Return the name in the configuration of git; empty if there is none."""
    if shutil.which("git") is None:
        return ""
    done = subprocess.run(
        ["git", "config", "user.name"],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return done.stdout


def _summary(names: PluginNames, template: str, folder: Path, count: int) -> str:
    """Return what was written, and the next commands."""
    path = str(folder)
    target = path if path.startswith((".", "/")) else f"./{path}"
    lines = [
        f"Created {path} with {read_variant(template)['summary']}: {counted(count, 'file')}.",
        "Install it, and run its tests:",
        f"    pip install -e {shlex.quote(f'{target}[test]')}",
        f"    pytest {shlex.quote(path)}",
        f"Then read {path}/README.md.",
    ]
    return "\n".join(lines)
