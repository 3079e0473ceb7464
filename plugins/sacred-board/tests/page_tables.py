"""Reads tables and links of pages in tests."""

from collections.abc import Callable
from html.parser import HTMLParser

_VOID = ("input", "meta", "link", "br", "img", "path")


class Page(HTMLParser):
    """A page as its reader sees it.

    Args:
        text: The HTML.

    Attributes:
        rows: The texts of the cells of each row of all tables.
        links: The addresses of links by their texts.
        fields: The values of form fields by their names, those of checked boxes only.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: dict[str, str] = {}
        self.fields: dict[str, list[str]] = {}
        self._text: list[str] = []
        self._all: list[str] = []
        self._href = ""
        self._ends: dict[str, Callable[[], None]] = {
            "td": self._end_cell, "th": self._end_cell, "a": self._end_link,
        }  # fmt: skip
        self._starts = [0]
        self.feed(text)

    @property
    def text(self) -> str:
        """The text of the page."""
        return " ".join(" ".join(self._all).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a row, a cell or a link begins, and the value of a field."""
        values = {name: value or "" for name, value in attrs}
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._text = []
        elif tag == "a":
            self._href, self._starts = values.get("href", ""), [*self._starts, len(self._all)]
        elif tag == "input" and (values.get("type") != "checkbox" or "checked" in values):
            self.fields.setdefault(values.get("name", ""), []).append(values.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        """Add a cell or a link."""
        if tag in self._ends:
            self._ends[tag]()

    def handle_data(self, data: str) -> None:
        """Add text."""
        self._text.append(data)
        self._all.append(data)

    def _end_cell(self) -> None:
        self.rows[-1].append(" ".join("".join(self._text).split()))

    def _end_link(self) -> None:
        text = " ".join("".join(self._all[self._starts.pop() :]).split())
        self.links.setdefault(text, self._href)
