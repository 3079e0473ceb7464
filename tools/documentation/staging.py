"""Copy pages into the folder that Sphinx reads, and adapt them to the site.

=====================================  =========================================================
on GitHub                              in the site
=====================================  =========================================================
link to a page, or its full address    link to the page of the site
link to another file or folder         its address at GitHub
``python title="train.py"``            a block with the caption ``train.py``
``<picture>`` for light and dark       two images, of which one is visible
comment                                removed
=====================================  =========================================================
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tools.documentation.navigation import ROOT, Part

GITHUB = "https://github.com/sacred-core/sacred-core"
ADDRESS = re.compile(rf"{re.escape(GITHUB)}/(?:blob|tree|raw)/main/")
FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>```+)(?P<language>\w*)(?P<rest>.*)$")
#: Code, which is not changed, or the target of a link or image.
LINK = re.compile(r"(?P<code>(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))|\]\((?P<target>[^)\s]+)\)")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
PICTURE = re.compile(r"<picture>.*?</picture>", re.DOTALL)
IMAGE = re.compile(r"<img\s[^>]*>", re.DOTALL)
IMAGES = (".png", ".svg", ".gif", ".jpg", ".webp")


class PageError(Exception):
    """A page has a link that leads nowhere."""


class Stage:
    """A folder with the pages as Sphinx reads them.

    Args:
        folder: Created when it does not exist. Files that are unchanged are not written again, so
            that Sphinx builds only what changed.
        pages: Files of pages, relative to the repository, and their names in the site.
        described: Other files, and the names of generated pages about them.
    """

    def __init__(
        self, folder: Path, pages: dict[Path, str], described: dict[Path, str] | None = None
    ) -> None:
        self.folder = folder
        self.pages = pages
        self.targets = pages | (described or {})
        self.written: set[Path] = set()

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file, if it is not there with the same content."""
        file = self.folder / name
        data = content.encode() if isinstance(content, str) else content
        self.written.add(file)
        if not file.exists() or file.read_bytes() != data:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def remove_others(self) -> None:
        """Remove the files that were not written: those of an earlier build."""
        for file in self.folder.rglob("*"):
            if file.is_file() and file not in self.written:
                file.unlink()

    def add_page(self, source: Path) -> None:
        """Add a page of the repository."""
        text = (ROOT / source).read_text(encoding="utf-8")
        self.write(f"{self.pages[source]}.md", self.adapt(source, text))

    def adapt(self, source: Path, text: str) -> str:
        """Return the text of a page as it is in the site."""
        parts = [
            _format_block(part) if is_code else self._adapt_prose(source, part)
            for is_code, part in split_code(text)
        ]
        return "".join(parts)

    def _adapt_prose(self, source: Path, text: str) -> str:
        # A comment keeps its lines, so that warnings have the right line number.
        text = COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)
        text = PICTURE.sub(lambda found: _two_images(found[0]), text)
        text = IMAGE.sub(lambda found: _image(found[0]), text)
        return LINK.sub(
            lambda found: found["code"] or f"]({self.resolve(source, found['target'])})",
            text,
        )

    def resolve(self, source: Path, target: str) -> str:
        """Return the target of a link in a page of the site.

        Args:
            source: The page, relative to the repository.
            target: As in the page.

        Raises:
            PageError: The file does not exist.
        """
        address, hash_sign, heading = target.partition("#")
        path = self._path_of(source, address)
        if path is None:
            return target
        if not (ROOT / path).exists():
            raise PageError(f"{source}: the link {target!r} leads to a file that does not exist")
        here = PurePosixPath(self.pages[source]).parent
        if path in self.targets:
            return _relative(self.targets[path] + ".md", here) + hash_sign + heading
        if path.suffix in IMAGES:
            self.write(f"pictures/{path.name}", (ROOT / path).read_bytes())
            return _relative(f"pictures/{path.name}", here)
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        return f"{GITHUB}/{kind}/main/{path.as_posix()}{hash_sign}{heading}"

    def _path_of(self, source: Path, address: str) -> Path | None:
        """Return the file of the repository that a link leads to, or None."""
        if ADDRESS.match(address):
            return Path(ADDRESS.sub("", address))
        if not address or re.match(r"\w+:", address):
            return None
        return Path(os.path.normpath(source.parent / address))


def split_code(text: str) -> Iterator[tuple[bool, str]]:
    """Split a page into its code blocks, with their fences, and what is between them.

    Yields:
        Whether it is a block, and the lines.
    """
    lines: list[str] = []
    end = ""
    for line in text.splitlines(keepends=True):
        found = FENCE.match(line.rstrip("\n"))
        if not end and found:
            yield False, "".join(lines)
            lines, end = [line], found["indent"] + found["ticks"]
        elif end and line.rstrip() == end:
            yield True, "".join([*lines, line])
            lines, end = [], ""
        else:
            lines.append(line)
    yield False, "".join(lines)


def toctrees(parts: list[Part]) -> str:
    """Return the navigation, for the end of the first page."""
    return "".join(
        f"\n```{{toctree}}\n:caption: {part.caption}\n:hidden:\n\n"
        + "\n".join(part.pages)
        + "\n```\n"
        for part in parts
    )


def _format_block(block: str) -> str:
    """Return a code block whose attributes are a caption."""
    first, _, rest = block.partition("\n")
    found = FENCE.match(first)
    if not found or not found["rest"].strip():
        return block
    attributes = dict(re.findall(r'(\w+)="([^"]*)"', found["rest"]))
    caption = attributes.get("title", "")
    if "before" in attributes:
        caption += f", before the line `{attributes['before']}`"
    if "from" in attributes:
        caption += f", from the line `{attributes['from']}`"
    indent = found["indent"]
    head = f"{indent}{found['ticks']}{{code-block}} {found['language']}\n"
    option = f"{indent}:caption: {caption}\n\n" if caption else "\n"
    return head + option + rest


def _two_images(picture: str) -> str:
    """Return the images of a ``<picture>`` for light and dark pages."""
    dark = re.search(r'<source[^>]*dark[^>]*srcset="([^"]+)"', picture, re.DOTALL)
    light = IMAGE.search(picture)
    if not dark or not light:
        raise PageError(f"a <picture> needs a <source> for dark pages and an <img>: {picture}")
    other = re.sub(r'src="[^"]*"', f'src="{dark[1]}"', light[0])
    return f"{_image(light[0], '.only-light')} {_image(other, '.only-dark')}"


def _image(tag: str, *classes: str) -> str:
    """Return an image of HTML in Markdown."""
    attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
    width = [f"width={attributes['width']}"] if "width" in attributes else []
    suffix = " ".join([*classes, *width])
    image = f"![{attributes.get('alt', '')}]({attributes['src']})"
    return f"{image}{{{suffix}}}" if suffix else image


def _relative(target: str, folder: PurePosixPath) -> str:
    return PurePosixPath(os.path.relpath(target, folder)).as_posix()
