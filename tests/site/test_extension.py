"""Tests of how docstrings are read for the reference; they need Sphinx."""

from pathlib import Path

from tools.documentation.extension import to_rst

SITE = Path(__file__).parents[2] / "build" / "site"
GITHUB = "https://github.com/sacred-core/sacred-core"


def test_a_block_of_markdown_is_a_block_of_sphinx() -> None:
    """A block, also one in a section of the docstring, has the language of its fence."""
    lines = [
        "Do it.",
        "",
        "Example:",
        "    ```python",
        "    f(",
        "",
        "    )",
        "    ```",
        "",
        "End.",
    ]
    assert to_rst(lines) == [
        "Do it.", "", "Example:", "", "    .. code-block:: python", "", "       f(", "", "       )",
        "", "", "End.",
    ]  # fmt: skip


def test_a_link_of_markdown_is_a_link_of_sphinx() -> None:
    """Links outside of blocks are changed; code in a line is not."""
    lines = ["See [the page](https://a.b/c) and `[x](https://d)`.", "```", "[x](https://d)", "```"]
    assert to_rst(lines) == [
        "See `the page <https://a.b/c>`__ and `[x](https://d)`.",
        "", ".. code-block:: text", "", "   [x](https://d)", "",
    ]  # fmt: skip


def test_names_in_docstrings_are_links() -> None:
    """The reference links a class by its short name, and names attributes as docstrings do."""
    text = (SITE / "reference/api/stores.html").read_text(encoding="utf-8")
    assert 'href="#sacred_core.stores.RunStore"' in text
    assert 'href="exceptions.html#sacred_core.exceptions.StoreError"' in text
    assert "Attributes<" in text
    assert "Variables<" not in text


def test_a_page_links_its_file() -> None:
    """A page of the repository links its file at GitHub; a generated page has no such link."""
    plugin = (SITE / "plugins/sacred-file.html").read_text(encoding="utf-8")
    assert f'href="{GITHUB}/edit/main/plugins/sacred-file/README.md"' in plugin
    generated = (SITE / "reference/hooks.html").read_text(encoding="utf-8")
    assert "Edit this page" not in generated
