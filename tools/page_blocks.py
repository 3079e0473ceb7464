"""The code blocks of a page, and what is done with each."""

import csv
import json
import re
import tomllib
from collections.abc import Callable
from html.parser import HTMLParser

#: A block, with the comment before it that names why or by which file it is not run here.
BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>not run|run by): (?P<note>(?:(?!-->)[\s\S])+?) -->\n\n?)?"
    r"```(?P<language>\w+)(?P<options>.*)\n(?P<content>(?:.*\n)*?)```$",
    re.MULTILINE,
)


class PageError(Exception):
    """A block failed, or cannot be executed."""


class Block:
    """A code block of a page, and what is done with it.

    Attributes:
        language: The first word after the backquotes.
        options: The options after it.
        content: Its lines.
        reason: Why it is not run, or ``None``.
        runner: The file that runs it in place of this program, or ``None``.
        kind: ``file``, ``commands``, ``code``, ``cell``, ``output``, ``data``, ``not run``,
            ``run by`` or ``unknown``.
    """

    def __init__(self, match: re.Match[str]) -> None:
        self.language = match["language"]
        self.options = dict(re.findall(r'(\w+)="([^"]+)"', match["options"]))
        self.content = match["content"]
        note = " ".join((match["note"] or "").split())
        self.reason = note if match["mark"] == "not run" else None
        self.runner = note if match["mark"] == "run by" else None
        self.kind = match["mark"] or self._kind()

    def _kind(self) -> str:
        match self.language, self.options.get("title"):
            case "python", "notebook.ipynb":
                return "cell"
            case _, str():
                return "file"
            case "console" | "sh", _:
                return "commands"
            case "python", _:
                return "code"
            case "text", _:
                return "output"
        return "data" if self.language in PARSERS else "unknown"


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page.

    Raises:
        PageError: There are fences outside of them, such as in a list.
    """
    if "```" in BLOCK.sub("", text):
        raise PageError("there is a block that is indented, or not closed, or without a language")
    return [Block(match) for match in BLOCK.finditer(text)]


def parse_json(content: str) -> None:
    """Parse JSON."""
    json.loads(content)


def parse_yaml(content: str) -> None:
    """Parse YAML."""
    import yaml

    yaml.safe_load(content)


def parse_csv(content: str) -> None:
    """Parse CSV, and compare the numbers of cells of the rows."""
    if len({len(row) for row in csv.reader(content.splitlines())}) != 1:
        raise ValueError("the rows have different numbers of cells")


def parse_query(content: str) -> None:
    """Parse a query on each line."""
    from sacred_core.stores.query import parse

    for line in content.splitlines():
        parse(line)


class _Elements(HTMLParser):
    """Raises an error if elements are not closed in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("br", "hr", "img", "input", "link", "meta", "source"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ValueError(f"unexpected </{tag}>")


def parse_html(content: str) -> None:
    """Parse HTML, and check that its elements are closed."""
    elements = _Elements()
    elements.feed(content)
    if elements.open:
        raise ValueError(f"<{elements.open[-1]}> is not closed")


#: Languages of data, and what parses them.
PARSERS: dict[str, Callable[[str], object]] = {
    "json": parse_json, "toml": tomllib.loads, "yaml": parse_yaml, "csv": parse_csv,
    "html": parse_html, "query": parse_query,
}  # fmt: skip


def parse_data(language: str, content: str) -> None:
    """Raise a `PageError` if data is not valid."""
    try:
        PARSERS[language](content)
    except Exception as error:
        raise PageError(f"a block is not valid {language}: {error}\n{content}") from error
