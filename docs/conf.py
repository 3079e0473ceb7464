"""Settings of Sphinx for the site; `nox -s docs` builds it (see tools/documentation/)."""

project = "sacred-core"
author = "The sacred-core authors"
copyright = "The sacred-core authors"  # noqa: A001 - Sphinx reads this name

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "tools.documentation.extension",
]
myst_enable_extensions = ["attrs_inline"]
myst_heading_anchors = 6  # the same anchors as on GitHub
smartquotes = False  # two dashes begin an option
default_role = "py:obj"  # `name` in docstrings is a link where the name is documented

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
napoleon_use_ivar = True  # attributes in a table, as in the docstring
napoleon_use_rtype = False

html_theme = "furo"
html_title = "sacred-core"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
