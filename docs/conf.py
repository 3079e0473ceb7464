"""Settings of Sphinx for the site; `nox -s docs` builds it (see tools/documentation/)."""

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "sacred-core"
author = "The sacred-core authors"
copyright = "The sacred-core authors"  # noqa: A001 - Sphinx reads this name

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
myst_enable_extensions = ["attrs_inline"]
myst_heading_anchors = 6  # the same anchors as on GitHub
default_role = "py:obj"  # `name` in docstrings is a link where the name is documented

html_theme = "furo"
html_title = "sacred-core"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_theme_options = {
    "source_repository": "https://github.com/sacred-core/sacred-core/",
    "source_branch": "main",
    "source_directory": "docs/",
}
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True

#: Languages of blocks that Pygments has no lexer for.
PLAIN = ("query", "csv")


def setup(app: Sphinx) -> None:
    """Register the languages of blocks that are shown as plain text."""
    for language in PLAIN:
        app.add_lexer(language, TextLexer)
