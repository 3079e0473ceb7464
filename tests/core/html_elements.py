"""Reads the HTML that a notebook shows."""

from html.parser import HTMLParser


class Elements(HTMLParser):
    """The names and the attributes of elements, and the text in them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.attribute_names: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {f"{name}={value}" for name, value in attrs}
        self.attribute_names |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data
