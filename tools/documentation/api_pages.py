"""The reference of the API: a page for each group of public names, from their docstrings."""

from collections.abc import Iterator

from tools.documentation.names import Page, description_of, kind_of, load, read_pages, summary_of
from tools.documentation.tables import heading, rst_table

FOLDER = "reference/api"


def api_pages() -> Iterator[tuple[str, str]]:
    """Yield the names and contents of the pages, in reStructuredText for autodoc."""
    pages = read_pages()
    yield f"{FOLDER}.rst", _overview(pages)
    for page in pages:
        yield f"{FOLDER}/{page.name}.rst", api_page(page)


def api_page(page: Page) -> str:
    """Return a page: a table of its names, and the documentation of each."""
    rows = [(_link(name), summary_of(name)) for name in page.names]
    parts = [heading(page.title), page.summary, rst_table(("name", "summary"), rows)]
    return "\n\n".join([*parts, *map(_directive, page.names)]) + "\n"


def _overview(pages: list[Page]) -> str:
    rows = [(f":doc:`{page.title} <api/{page.name}>`", page.summary) for page in pages]
    names = "\n".join(f"   api/{page.name}" for page in pages)
    return "\n\n".join(
        [
            heading("API"),
            "The public classes and functions, by subject. Names that begin with an underscore, "
            "and modules and names that are not on these pages, can change at any time.",
            rst_table(("page", "content"), rows),
            f".. toctree::\n   :hidden:\n\n{names}\n",
        ]
    )


def _link(name: str) -> str:
    return f":py:obj:`{name}`"


def _directive(name: str) -> str:
    """Return what documents one name."""
    kind = kind_of(name)
    if kind == "data":
        text = "\n".join(f"   {line}".rstrip() for line in description_of(name).splitlines())
        return f".. py:data:: {name}\n\n{text}"
    options = "\n   :members:\n   :show-inheritance:" if kind in ("class", "exception") else ""
    if kind == "exception" and "__init__" not in vars(load(name)):
        options += "\n   :no-members:"
    return f".. auto{kind}:: {name}{options}"
