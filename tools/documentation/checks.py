"""Check the built site: each link within it leads somewhere, and it works without a network."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Elements that load what they name when the page is opened.
LOADING = {"script": "src", "img": "src", "link": "href", "source": "srcset", "iframe": "src"}
#: Kinds of `<link>` that load nothing.
NAMING = {"canonical", "edit", "index", "search", "next", "prev", "genindex", "py-modindex"}


@dataclass
class PageLinks(HTMLParser):
    """The links and anchors of a page of HTML.

    Attributes:
        anchors: The ids of its elements.
        targets: What its links and images lead to.
        loaded: What a browser loads with the page.
    """

    anchors: set[str] = field(default_factory=set)
    targets: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the links of an element."""
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.anchors.add(values["id"])
        name = LOADING.get(tag, "href")
        if name not in values:
            return
        self.targets.append(values[name])
        is_named = tag == "link" and bool(NAMING & set(values.get("rel", "").split()))
        if tag in LOADING and not is_named:
            self.loaded.append(values[name])


def check_site(folder: Path) -> tuple[int, list[str]]:
    """Return the number of links within a site, and a sentence for each problem."""
    pages = {file: _read(file) for file in sorted(folder.rglob("*.html"))}
    count = 0
    problems = []
    for file, page in pages.items():
        name = file.relative_to(folder).as_posix()
        for target in page.loaded:
            if urlsplit(target).scheme in ("http", "https") or target.startswith("//"):
                problems.append(f"{name} loads {target!r}, which needs a network")
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc or not target:
                continue
            count += 1
            path = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if not path.exists():
                problems.append(f"{name} has a link to {target!r}: no such file")
            elif path in pages and not _has_anchor(pages[path], unquote(parts.fragment)):
                problems.append(f"{name} has a link to {target!r}: no such section")
    return count, problems


def _has_anchor(page: PageLinks, anchor: str) -> bool:
    return anchor in ("", "top") or anchor in page.anchors


def _read(file: Path) -> PageLinks:
    page = PageLinks()
    page.feed(file.read_text(encoding="utf-8"))
    return page
