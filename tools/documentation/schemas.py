"""A page for each JSON schema of ``docs/``: the entries of what a command prints, as a table."""

import json
from collections.abc import Iterator
from typing import Any

from tools.documentation.navigation import ROOT
from tools.documentation.tables import code, markdown_table

FOLDER = "reference/schemas"
SUFFIX = ".schema.json"
#: Limits of values, and how they are written.
LIMITS = {
    "minimum": "at least {}",
    "exclusiveMaximum": "below {}",
    "pattern": "matches `{}`",
    "format": "format `{}`",
}


def schema_pages() -> Iterator[tuple[str, str]]:
    """Yield the names and contents of the pages, in Markdown."""
    files = sorted((ROOT / "docs").glob(f"*{SUFFIX}"))
    names = [file.name.removesuffix(SUFFIX) for file in files]
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    rows = [
        (f"[{code(name)}](schemas/{name}.md)", schema["title"])
        for name, schema in zip(names, found, strict=True)
    ]
    listed = "\n".join(f"schemas/{name}" for name in names)
    yield (
        f"{FOLDER}.md",
        "# JSON output\n\nFor programs that read what commands print with `--json`: the JSON "
        f"schema of each output.\n\n{markdown_table(('schema', 'of'), rows)}\n\n"
        f"```{{toctree}}\n:hidden:\n\n{listed}\n```\n",
    )
    for name, schema in zip(names, found, strict=True):
        yield f"{FOLDER}/{name}.md", schema_page(name, schema)


def schema_page(name: str, schema: dict[str, Any]) -> str:
    """Return the page of a schema."""
    file = f"{name}{SUFFIX}"
    parts = [
        f"# {name}",
        f"{schema['title']}.",
        f"The schema for programs: {{download}}`{file} </schemas/{file}>`.",
        _entries(schema),
    ]
    for title, part in schema.get("$defs", {}).items():
        parts += [f"## {title}", part.get("description", ""), _entries(part)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _entries(schema: dict[str, Any]) -> str:
    """Return the type of a schema, and the table of its entries, if it has some."""
    rows = list(_rows(schema, ""))
    if not rows:
        return f"Type: {type_text(schema)}."
    start = "A list of objects:\n\n" if schema.get("type") == "array" else ""
    return start + markdown_table(("entry", "type", "meaning"), rows)


def _rows(schema: dict[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    """Yield the rows of the entries of a schema, and of those inside them."""
    if isinstance(schema.get("items"), dict):
        yield from _rows(schema["items"], f"{path}[]" if path else "")
        return
    required = schema.get("required", [])
    parts = [(name, part, name in required) for name, part in schema.get("properties", {}).items()]
    parts += [
        (f"/{name}/", part, True) for name, part in schema.get("patternProperties", {}).items()
    ]
    if isinstance(schema.get("additionalProperties"), dict):
        parts.append(("*", schema["additionalProperties"], True))
    for name, part, is_required in parts:
        where = f"{path}.{name}" if path else name
        part = part if isinstance(part, dict) else {}
        yield code(where), type_text(part), _meaning(part, is_required)
        yield from _rows(part, where)


def _meaning(part: dict[str, Any], is_required: bool) -> str:
    texts = [part.get("description", ""), "" if is_required else "may be missing"]
    texts += [text.format(part[name]) for name, text in LIMITS.items() if name in part]
    return "; ".join(text for text in texts if text)


def type_text(schema: Any) -> str:
    """Return the type of values as text."""
    if not isinstance(schema, dict) or not schema:
        return "any value"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})" if name != "#" else "object as this one"
    if "enum" in schema:
        return ", ".join(code(json.dumps(value)) for value in schema["enum"])
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "anyOf" in schema:
        return " or ".join(type_text(each) for each in schema["anyOf"])
    kinds = schema.get("type", [])
    names = [_kind_text(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return " or ".join(names) or "any value"


def _kind_text(kind: str, schema: dict[str, Any]) -> str:
    items = schema.get("items")
    if kind != "array" or not isinstance(items, dict):
        return "list" if kind == "array" else kind
    text = type_text(items)
    return f"list of {text}s" if text.isalpha() else f"list of {text}"
