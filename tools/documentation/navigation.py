"""The pages of the site, and their places in the navigation."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAVIGATION = ROOT / "docs" / "navigation.toml"
#: Pages that are written when the site is built.
GENERATED = (
    "reference/commands",
    "reference/scripts",
    "reference/api",
    "reference/hooks",
    "reference/schemas",
)


class NavigationError(Exception):
    """A page is not in the navigation, or the navigation has a page that does not exist."""


@dataclass(frozen=True)
class Part:
    """A part of the navigation.

    Attributes:
        caption: Its title.
        pages: Names of pages in the site, in order.
    """

    caption: str
    pages: tuple[str, ...]


def find_pages() -> dict[Path, str]:
    """Return the files that are pages, relative to the repository, and their names in the site.

    The README is the first page of the site, `index`; `docs/index.md` is `contents`.
    """
    pages = {Path("README.md"): "index", Path("docs/index.md"): "contents"}
    for file in sorted(ROOT.glob("*.md")):
        pages.setdefault(file.relative_to(ROOT), file.stem.lower())
    for file in sorted(ROOT.glob("docs/*.md")):
        pages.setdefault(file.relative_to(ROOT), file.stem)
    for file in sorted(ROOT.glob("plugins/*/README.md")):
        pages[file.relative_to(ROOT)] = f"plugins/{file.parent.name}"
    return pages


def find_described_files() -> dict[Path, str]:
    """Return files that are not pages, and the generated page about each."""
    schemas = sorted(ROOT.glob("docs/*.schema.json"))
    return {
        Path("sacred_core/hooks/specs.py"): "reference/hooks",
        Path("sacred_core/hooks/records.py"): "reference/api/records",
    } | {
        file.relative_to(ROOT): f"reference/schemas/{file.name.removesuffix('.schema.json')}"
        for file in schemas
    }


def read_navigation(file: Path = NAVIGATION) -> list[Part]:
    """Read the navigation.

    Raises:
        NavigationError: A page is missing, unknown or twice in it.
    """
    names = {_short_name(path): name for path, name in find_pages().items()}
    names |= {name: name for name in GENERATED}
    entries = tomllib.loads(file.read_text(encoding="utf-8"))["part"]
    listed = [page for entry in entries for page in entry["pages"]]
    problems = [
        *(f"add {name!r}" for name in sorted(set(names) - {*listed, "README"})),
        *(f"remove {name!r}: no such page" for name in sorted(set(listed) - set(names))),
        *(f"remove {name!r}: it is listed twice" for name in _duplicates(listed)),
    ]
    if problems:
        raise NavigationError(f"docs/{file.name}: {'; '.join(problems)}")
    return [
        Part(entry["caption"], tuple(names[page] for page in entry["pages"])) for entry in entries
    ]


def _short_name(path: Path) -> str:
    """Return the name of a page in the navigation."""
    return path.parent.name if path.parts[0] == "plugins" else path.stem


def _duplicates(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
