"""What the site needs of Sphinx beyond its extensions: Markdown in docstrings, short names."""

import re
from typing import Any

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

from tools.documentation.navigation import find_pages
from tools.documentation.staging import GITHUB

#: Languages of blocks that Pygments has no lexer for.
PLAIN = ("query", "csv")
FENCE = re.compile(r"^( *)```(\w*)$")
LINK = re.compile(r"(?<!`)\[([^\]`]+)\]\((https?://[^)\s]+)\)")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the functions below."""
    for language in PLAIN:
        app.add_lexer(language, TextLexer)
    app.connect("autodoc-process-docstring", _convert_markdown, priority=100)  # before napoleon
    app.connect("missing-reference", _resolve_short_name)
    app.connect("doctree-read", _rename_fields)
    app.connect("html-page-context", _add_source_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def to_rst(lines: list[str]) -> list[str]:
    """Return the lines of a docstring with the blocks and links of Markdown as Sphinx has them."""
    result: list[str] = []
    indent = ""
    in_block = False
    for line in lines:
        found = FENCE.match(line)
        if found and not in_block:
            indent = found[1]
            result += ["", f"{indent}.. code-block:: {found[2] or 'text'}", ""]
            in_block = True
        elif found and found[1] == indent:
            result.append("")
            in_block = False
        else:
            result.append(f"   {line}" if in_block and line else LINK.sub(r"`\1 <\2>`__", line))
    return result


def _convert_markdown(
    app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]
) -> None:
    del app, what, name, value, options
    lines[:] = to_rst(lines)


def _rename_fields(app: Sphinx, document: nodes.document) -> None:
    """Name the attributes of classes as their docstrings do, and separate names by a colon."""
    del app
    for field in document.findall(nodes.field_name):
        if field.astext() == "Variables":
            field.replace_self(nodes.field_name("", "Attributes", classes=field["classes"]))
    for fields in document.findall(nodes.field_list):
        for text in list(fields.findall(nodes.Text)):
            if text == " -- ":
                text.parent.replace(text, nodes.Text(": "))


def _add_source_links(
    app: Sphinx, page: str, template: str, context: dict[str, Any], tree: object
) -> None:
    """Link the file of a page at GitHub; generated pages have none."""
    del app, template, tree
    files = [path.as_posix() for path, name in find_pages().items() if name == page]
    for kind, address in (("edit", "edit"), ("view", "blob")):
        link = f"{GITHUB}/{address}/main/{files[0]}" if files else ""
        context[f"theme_source_{kind}_link"] = link


def _resolve_short_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """Link a name that is documented under another module, or without its module.

    `RunStore` and ``sacred_core.stores.run_store.RunStore`` both are
    ``sacred_core.stores.RunStore``; a name that several documented objects have is not linked.
    """
    if node.get("refdomain") != "py" or not node.get("reftarget"):
        return None
    target = node["reftarget"].removeprefix(".").removesuffix("()")
    objects = env.domains["py"].objects  # type: ignore[attr-defined]
    for last in (target, ".".join(target.split(".")[-2:]), target.rpartition(".")[2]):
        names = [name for name in objects if name == last or name.endswith(f".{last}")]
        found = {(objects[name].docname, objects[name].node_id) for name in names}
        if len(found) == 1:  # also for an object with several names
            page, anchor = found.pop()
            return make_refnode(app.builder, node["refdoc"], page, anchor, content, anchor)
    return None
