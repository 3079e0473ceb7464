"""The reference of the command `sacred`: a page for each of its commands, from click."""

import textwrap
from collections.abc import Iterator

import click

from sacred_core.cli.main import sacred
from tools.documentation.tables import code, markdown_table, to_markdown

FOLDER = "reference/commands"
Path = tuple[str, ...]


def command_pages() -> Iterator[tuple[str, str]]:
    """Yield the names and contents of the pages, in Markdown."""
    context = click.Context(sacred, info_name="sacred")
    names = sacred.list_commands(context)
    listed = "\n".join(f"commands/{name}" for name in names)
    rows = list(_summaries(sacred, context, ("sacred",)))
    yield (
        f"{FOLDER}.md",
        "# The command sacred\n\n"
        "The commands of `sacred`, with those of the official plugins. `sacred COMMAND --help` "
        "prints the same in a terminal, with the commands of all plugins that are installed.\n\n"
        f"{markdown_table(('command', 'summary'), rows)}\n\n{_options(sacred, context)}\n"
        f"\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n",
    )
    for name in names:
        command = sacred.get_command(context, name)
        if command is not None:
            yield f"{FOLDER}/{name}.md", command_page(command, context, ("sacred", name)) + "\n"


def command_page(command: click.Command, parent: click.Context, path: Path) -> str:
    """Return a page about a command and those below it."""
    return "\n\n".join(_sections(command, parent, path, 1))


def _summaries(group: click.Group, context: click.Context, path: Path) -> Iterator[tuple[str, str]]:
    """Yield the rows of all commands below a group."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        where = (*path, name)
        anchor = f"#{'-'.join(where)}" if len(where) > 2 else ""
        link = f"[{code(' '.join(where))}](commands/{where[1]}.md{anchor})"
        yield link, to_markdown(command.get_short_help_str(limit=200))
        if isinstance(command, click.Group):
            inner = click.Context(command, info_name=name, parent=context)
            yield from _summaries(command, inner, where)


def _sections(
    command: click.Command, parent: click.Context, path: Path, level: int
) -> Iterator[str]:
    context = click.Context(command, info_name=path[-1], parent=parent)
    yield f"{'#' * level} {' '.join(path)}"
    usage = " ".join([" ".join(path), *command.collect_usage_pieces(context)])
    yield f"```text\n{usage}\n```"
    yield from _text(command.help)
    options = _options(command, context)
    if options:
        yield options
    yield from _text(command.epilog)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _sections(below, context, (*path, name), min(level + 1, 3))


def _text(text: str | None) -> Iterator[str]:
    r"""Yield the paragraphs of a help; those after ``\b`` keep their lines."""
    for paragraph in (text or "").replace("\f", "\n\n").split("\n\n"):
        lines = paragraph.strip("\n").splitlines()
        if lines and lines[0].strip() == "\b":
            kept = textwrap.dedent("\n".join(lines[1:])).strip()
            title, _, rest = kept.partition("\n")
            if title.endswith(":") and rest:  # of an example
                yield title
                kept = textwrap.dedent(rest)
            yield f"```text\n{kept}\n```"
        elif paragraph.strip():
            yield to_markdown(" ".join(paragraph.split()))


def _options(command: click.Command, context: click.Context) -> str:
    """Return the table of the options of a command."""
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if isinstance(parameter, click.Option) and record and "--help" not in parameter.opts:
            rows.append((code(record[0]), to_markdown(record[1])))
    return markdown_table(("option", "meaning"), rows) if rows else ""
