"""Tests of what the site changes in pages, and of its navigation."""

import json
import re
import runpy
from pathlib import Path

import click
import pytest

from sacred_core.cli.main import sacred
from sacred_core.hooks.manager import plugin_manager
from tools.documentation.checks import check_site
from tools.documentation.commands import command_page, command_pages
from tools.documentation.names import origin_of, read_pages
from tools.documentation.navigation import GENERATED, NavigationError, find_pages, read_navigation
from tools.documentation.schemas import schema_page, schema_pages, type_text
from tools.documentation.scripts import script_page
from tools.documentation.staging import PageError, Stage, split_code

ROOT = Path(__file__).parents[2]
GITHUB = "https://github.com/sacred-core/sacred-core"
PAGES = {
    Path("README.md"): "index",
    Path("docs/index.md"): "contents",
    Path("docs/guide.md"): "guide",
    Path("plugins/sacred-file/README.md"): "plugins/sacred-file",
}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a folder for the pages of the site."""
    return Stage(tmp_path, PAGES)


def test_each_page_is_in_the_navigation() -> None:
    """docs/navigation.toml has each page once, in a part of the site."""
    listed = [page for part in read_navigation() for page in part.pages]
    assert sorted([*listed, "index"]) == sorted([*find_pages().values(), *GENERATED])


def test_a_wrong_navigation_is_an_error(tmp_path: Path) -> None:
    """The message names the pages that are missing, unknown or listed twice."""
    file = tmp_path / "navigation.toml"
    file.write_text('[[part]]\ncaption = "A"\npages = ["guide", "guide", "gone"]\n')
    with pytest.raises(NavigationError) as caught:
        read_navigation(file)
    message = str(caught.value)
    assert message.startswith("docs/navigation.toml: add 'CHANGELOG'; add 'CONTRIBUTING'; add ")
    assert message.endswith("remove 'gone': no such page; remove 'guide': it is listed twice")
    assert "add 'sacred-file'" in message
    assert "README" not in message


@pytest.mark.parametrize(
    ("page", "target", "expected"),
    [
        ("docs/index.md", "guide.md#a-run", "guide.md#a-run"),
        ("docs/guide.md", "index.md", "contents.md"),
        ("docs/guide.md", "../plugins/sacred-file/README.md", "plugins/sacred-file.md"),
        ("docs/guide.md", f"{GITHUB}/blob/main/README.md#more", "index.md#more"),
        ("plugins/sacred-file/README.md", f"{GITHUB}/blob/main/docs/guide.md", "../guide.md"),
        ("README.md", "docs/guide.md", "guide.md"),
        ("README.md", "#install", "#install"),
        ("README.md", "noxfile.py", f"{GITHUB}/blob/main/noxfile.py"),
        ("docs/guide.md", "../examples", f"{GITHUB}/tree/main/examples"),
        ("docs/guide.md", "https://pypi.org", "https://pypi.org"),
        ("docs/guide.md", "mailto:ada@example.org", "mailto:ada@example.org"),
        ("plugins/sacred-file/README.md", f"{GITHUB}/raw/main/docs/pictures/board-run.png",
         "../pictures/board-run.png"),
    ],
)  # fmt: skip
def test_links_lead_to_pages_of_the_site(
    stage: Stage, page: str, target: str, expected: str
) -> None:
    """A link to a page stays in the site; one to another file leads to GitHub."""
    assert stage.adapt(Path(page), f"See [it]({target}).\n") == f"See [it]({expected}).\n"


def test_a_picture_is_copied(stage: Stage, tmp_path: Path) -> None:
    """The site has a copy of each picture that a page shows."""
    stage.adapt(Path("docs/guide.md"), "![](pictures/board-run.png)")
    copied = (tmp_path / "pictures/board-run.png").read_bytes()
    assert copied == (ROOT / "docs/pictures/board-run.png").read_bytes()


def test_a_link_to_a_missing_file_is_an_error(stage: Stage) -> None:
    """The message names the page and the link."""
    with pytest.raises(PageError, match=r"^docs/guide.md: the link 'gone.md#a' leads to a file"):
        stage.adapt(Path("docs/guide.md"), "[it](gone.md#a)")


def test_code_is_not_changed(stage: Stage) -> None:
    """Links and comments in blocks and in code in a line are part of the code."""
    text = "`[a](gone.md)` and ``a`[b](gone.md)``\n\n```text\n[a](gone.md) <!-- b -->\n```\n"
    assert stage.adapt(Path("docs/guide.md"), text) == text


def test_comments_are_removed_with_their_content(stage: Stage) -> None:
    """The number of lines is the same, so that warnings have the line of the page."""
    text = "a\n<!-- set-up\n$ mkdir b\n-->\nc\n"
    assert stage.adapt(Path("docs/guide.md"), text) == "a\n\n\n\nc\n"


@pytest.mark.parametrize(
    ("first", "caption"),
    [
        ('python title="a.py"', "a.py"),
        ('python title="a.py" before="x = 1"', "a.py, before the line `x = 1`"),
        ('python title="a.py" from="x = 1"', "a.py, from the line `x = 1`"),
    ],
)
def test_the_title_of_a_block_is_its_caption(stage: Stage, first: str, caption: str) -> None:
    """Attributes of a block, which GitHub does not show, are above the block in the site."""
    shown = stage.adapt(Path("docs/guide.md"), f"```{first}\nx = 2\n```\n")
    assert shown == f"```{{code-block}} python\n:caption: {caption}\n\nx = 2\n```\n"


def test_a_picture_for_light_and_dark_pages_is_two_images(stage: Stage) -> None:
    """A `<picture>` becomes an image for light pages and one for dark pages."""
    name = "pictures/board-runs.png"
    dark = "pictures/board-dark.png"
    html = (
        f'<picture>\n  <source media="(prefers-color-scheme: dark)" srcset="{dark}">\n'
        f'  <img alt="The board" src="{name}" width="600">\n</picture>\n'
    )
    assert stage.adapt(Path("docs/guide.md"), html) == (
        f"![The board]({name}){{.only-light width=600}} "
        f"![The board]({dark}){{.only-dark width=600}}\n"
    )


def test_a_picture_without_a_dark_image_is_an_error(stage: Stage) -> None:
    """A `<picture>` without an image for dark pages is not shown differently from GitHub."""
    with pytest.raises(PageError, match="needs a <source> for dark pages"):
        stage.adapt(Path("docs/guide.md"), '<picture><img src="pictures/board-runs.png"></picture>')


def test_unchanged_files_are_not_written_again(stage: Stage, tmp_path: Path) -> None:
    """Sphinx then builds only the pages that changed; those that are gone are removed."""
    for name in ("same.md", "changed.md", "gone.md"):
        (tmp_path / name).write_text("before")
    before = (tmp_path / "same.md").stat().st_mtime_ns
    stage.write("same.md", "before")
    stage.write("changed.md", "after")
    stage.remove_others()
    assert (tmp_path / "same.md").stat().st_mtime_ns == before
    assert (tmp_path / "changed.md").read_text() == "after"
    assert not (tmp_path / "gone.md").exists()


def test_split_code_finds_blocks_inside_longer_fences() -> None:
    """A block ends at a fence as long as its first one; nothing is lost."""
    text = "a\n````md\n```sh\nb\n```\n````\nc\n  ```sh\n  d\n  ```\n"
    parts = list(split_code(text))
    assert "".join(part for _, part in parts) == text
    assert [part.splitlines()[0].strip() for is_code, part in parts if is_code] == [
        "````md", "```sh",
    ]  # fmt: skip


def test_each_public_name_is_in_the_reference() -> None:
    """The reference has the names of docs/public-names.md and the exceptions, each on one page."""
    tool = runpy.run_path(str(ROOT / "tools" / "make_names_page.py"))
    public = {origin_of(f"{module}.{name}") for module, name in tool["public_names"]()}
    names = [name for page in read_pages() for name in page.names]
    origins = [origin_of(name) for name in names]
    exceptions = {origin for origin in origins if origin[0] == "sacred_core.exceptions"}
    assert set(origins) - exceptions == public - exceptions
    assert len(set(origins)) == len(origins)


def test_each_command_is_in_the_reference() -> None:
    """Each command of `sacred`, with its options, is on a page, and has a row in the overview."""
    pages = dict(command_pages())
    context = click.Context(sacred, info_name="sacred")
    assert {"reference/commands.md"} | {
        f"reference/commands/{name}.md" for name in sacred.list_commands(context)
    } == set(pages)
    overview = pages["reference/commands.md"]
    assert "| [`sacred runs list`](commands/runs.md#sacred-runs-list) | List " in overview
    runs = pages["reference/commands/runs.md"]
    assert "## sacred runs list\n" in runs
    assert "| `-w, --where TEXT` | Only runs matching this query. |" in runs.splitlines()
    assert "--help" not in runs


def test_a_help_becomes_markdown() -> None:
    """Text of a help is escaped, long flags are code, and lines after \\b stay as they are."""
    option = click.Option(["-x", "--x-y"], metavar="A|B", help="Not *all*; see --other.")
    text = "Do it.\n\n\b\n  sacred do  a\n    sacred do  b\n\nUse <x> with --x-y."
    text += "\n\n\b\nExample:\n  sacred do -x A"
    command = click.Command("do", params=[option], help=text, epilog="The end.")
    page = command_page(command, click.Context(sacred, info_name="sacred"), ("sacred", "do"))
    assert page == (
        "# sacred do\n\n```text\nsacred do [OPTIONS]\n```\n\nDo it.\n\n"
        "```text\nsacred do  a\n  sacred do  b\n```\n\nUse \\<x\\> with `--x-y`.\n\n"
        "Example:\n\n```text\nsacred do -x A\n```\n\n"
        "| option | meaning |\n| --- | --- |\n"
        "| `-x, --x-y A\\|B` | Not \\*all\\*; see `--other`. |\n\nThe end."
    )


def test_each_option_of_scripts_is_in_the_reference() -> None:
    """The page has the flags of the core, of observers and of single commands, and the commands."""
    ((name, page),) = script_page()
    assert name == "reference/scripts.md"
    manager = plugin_manager()
    for spec in [*manager.cli_options, *(each for each in manager.observers if each.flags)]:
        assert f"`{', '.join(spec.flags)}" in page, spec
    assert "## Observers" in page
    assert set(re.findall(r"^### (\w+)$", page, re.MULTILINE)) == {
        spec.name for spec in manager.commands if spec.of_experiments
    }


def test_each_schema_is_in_the_reference() -> None:
    """Each schema of docs/ has a page, with a row for each entry, and a row in the overview."""
    pages = dict(schema_pages())
    for file in (ROOT / "docs").glob("*.schema.json"):
        name = file.name.removesuffix(".schema.json")
        assert f"[`{name}`](schemas/{name}.md)" in pages["reference/schemas.md"]
        page = pages[f"reference/schemas/{name}.md"]
        for entry in json.loads(file.read_text(encoding="utf-8")).get("properties", {}):
            assert f"| `{entry}` |" in page, entry


def test_entries_inside_entries_have_their_path() -> None:
    """The path has the name of each object, and brackets for the items of a list."""
    inner = {
        "type": "object",
        "properties": {"b": {"type": "integer", "minimum": 1, "description": "a number"}},
        "additionalProperties": {"type": "string"},
    }
    schema = {
        "title": "What it prints",
        "type": "object",
        "properties": {"a": {"type": "array", "items": inner}},
        "required": ["a"],
        "$defs": {"time": {"type": "string", "format": "date-time"}},
    }
    assert schema_page("x", schema) == (
        "# x\n\nWhat it prints.\n\n"
        "The schema for programs: {download}`x.schema.json </schemas/x.schema.json>`.\n\n"
        "| entry | type | meaning |\n| --- | --- | --- |\n"
        "| `a` | list of objects |  |\n"
        "| `a[].b` | integer | a number; may be missing; at least 1 |\n"
        "| `a[].*` | string |  |\n\n## time\n\nType: string.\n"
    )


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, "any value"),
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"enum": ["A", None]}, '`"A"`, `null`'),
        ({"const": 1}, "`1`"),
        ({"$ref": "#/$defs/Time"}, "[Time](#time)"),
        ({"$ref": "#"}, "object as this one"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": "array", "items": {"$ref": "#/$defs/time"}}, "list of [time](#time)"),
        ({"type": "array"}, "list"),
    ],
)
def test_the_type_of_a_schema_is_text(schema: object, expected: str) -> None:
    """Types are separated by "or"; a reference is a link to the section of its name."""
    assert type_text(schema) == expected


def test_the_check_of_a_site_finds_broken_links(tmp_path: Path) -> None:
    """Links to missing files and sections are problems, and files that a network is needed for."""
    (tmp_path / "b c.html").write_text('<h1 id="x">')
    (tmp_path / "a.html").write_text(
        '<link rel="canonical" href="https://a.b"><script src="https://a.b/c.js"></script>'
        '<a href="b%20c.html#x"></a><a href="b%20c.html#y"></a><a href="#"></a><a href="#z"></a>'
        '<a href="d.html"></a><a href="https://a.b"></a><a name="n"></a><img src="e.png">'
    )
    count, problems = check_site(tmp_path)
    assert count == 6
    assert problems == [
        "a.html loads 'https://a.b/c.js', which needs a network",
        "a.html has a link to 'b%20c.html#y': no such section",
        "a.html has a link to '#z': no such section",
        "a.html has a link to 'd.html': no such file",
        "a.html has a link to 'e.png': no such file",
    ]
