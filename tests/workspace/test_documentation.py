"""Tests of what the site changes in pages, and of its navigation."""

from pathlib import Path

import pytest

from tools.documentation.navigation import GENERATED, NavigationError, find_pages, read_navigation
from tools.documentation.staging import PageError, Stage, split_code

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
    assert copied == Path("docs/pictures/board-run.png").read_bytes()


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
