"""Checks that a page contains nothing that stored content could have added."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

#: Elements that no page of the board has.
_FORBIDDEN = {
    "applet", "base", "embed", "frame", "frameset", "iframe", "math", "object", "portal", "style",
}  # fmt: skip
#: Attributes with an address.
_ADDRESSES = {
    "action",
    "background",
    "cite",
    "data",
    "formaction",
    "href",
    "poster",
    "src",
    "srcset",
}


class _Problems(HTMLParser):
    """Collects elements and attributes that a page must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._is_data = False

    def handle_data(self, data: str) -> None:
        """Note JSON in which browsers might find the end of its element."""
        if self._is_data and "<" in data:
            self.found.append(f"<script> {data}")

    def handle_endtag(self, tag: str) -> None:
        """Note the end of the data of a script."""
        del tag
        self._is_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a forbidden element or attribute."""
        given = dict(attrs)
        if tag in _FORBIDDEN:
            self.found.append(f"<{tag}>")
        self._is_data = tag == "script" and given.get("type") == "application/json"
        is_own = str(given.get("src", "")).startswith("/static/")
        if tag == "script" and not is_own and not self._is_data:
            self.found.append(f"<script> {given}")
        if tag == "link" and not str(given.get("href", "")).startswith(("/static/", "#")):
            self.found.append(f"<link> {given}")
        if tag == "meta" and "http-equiv" in given:
            self.found.append(f"<meta> {given}")
        for name, value in attrs:
            is_code = name.startswith("on") or name in ("style", "srcdoc")
            if is_code or (name in _ADDRESSES and not _is_own(value or "")):
                self.found.append(f"{name}={value!r}")

    handle_startendtag = handle_starttag


def _is_own(address: str) -> bool:
    """Return whether an address is on the board, as browsers parse it."""
    parts = urlsplit(address.strip().replace("\\", "/"))
    return (parts.scheme, parts.netloc) == ("", "")


def html_problems(page: str) -> list[str]:
    """Return the elements and attributes of a page that can execute or load something foreign."""
    parser = _Problems()
    parser.feed(page)
    parser.close()
    return parser.found
