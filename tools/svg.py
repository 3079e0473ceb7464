"""Draws pictures for pages as SVG: boxes, text and arrows, in light and dark colours.

The colours follow the scheme of the reader (``prefers-color-scheme``). Each picture has a ground
of its own, so it is legible on any page.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

#: Colours by name: in the light and in the dark scheme.
COLOURS = {
    "ground": ("#ffffff", "#14181f"),
    "ink": ("#1f2937", "#e6e9ee"),
    "muted": ("#5b6472", "#a3adba"),
    "line": ("#8792a2", "#7c8898"),
    "plain": ("#f3f5f8", "#1e242d"),
    "plain-edge": ("#c5ccd6", "#3f4956"),
    "blue": ("#1d5fc4", "#8ab6ff"),
    "blue-fill": ("#e6effc", "#1b2b47"),
    "orange": ("#a8500a", "#f0a94f"),
    "orange-fill": ("#fdf1e0", "#382812"),
    "green": ("#14733a", "#6cc98a"),
    "green-fill": ("#e7f6ec", "#16301f"),
}
#: Kinds of boxes, lines and text: what they are drawn with.
_ACCENTS = ("blue", "orange", "green")
_SANS = 'system-ui,-apple-system,"Segoe UI",Helvetica,Arial,"DejaVu Sans",sans-serif'
MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace'
_RULES = "\n".join(
    [
        f".text{{font-family:{_SANS};font-size:13px;fill:var(--ink)}}",
        f".code{{font-family:{MONO};font-size:12px}}",
        ".small{font-size:12px}.bold{font-weight:600}.lost{text-decoration:line-through}",
        ".muted{fill:var(--muted)}",
        ".ground{fill:var(--ground)}",
        ".box{fill:var(--plain);stroke:var(--plain-edge)}",
        ".line{fill:none;stroke:var(--line);stroke-width:1.5}.head{fill:var(--line)}",
        ".dashed{stroke-dasharray:5 4}",
        *(
            f".text.{name}{{fill:var(--{name})}}"
            f".box.{name}{{fill:var(--{name}-fill);stroke:var(--{name})}}"
            f".line.{name}{{stroke:var(--{name})}}.head.{name}{{fill:var(--{name})}}"
            for name in _ACCENTS
        ),
    ]
)


def style(colours: dict[str, tuple[str, str]], rules: str) -> str:
    """Return a style element with variables for the colours of both schemes.

    Args:
        colours: By name, the light and the dark one.
        rules: Of CSS, that use the variables.
    """
    light, dark = (
        ";".join(f"--{name}:{pair[number]}" for name, pair in colours.items()) for number in (0, 1)
    )
    return (
        f"<style>\nsvg{{{light}}}\n@media (prefers-color-scheme: dark){{svg{{{dark}}}}}\n"
        f"{rules}\n</style>"
    )


class Drawing:
    """A picture that grows with each call.

    Coordinates are pixels from the upper left corner. A ``kind`` is a list of words: ``blue``,
    ``orange`` or ``green``, ``dashed`` for lines, ``code``, ``small``, ``bold``, ``muted`` and
    ``lost`` (struck through) for text.

    Args:
        width, height: Of the picture.
        title: What the picture shows, for readers who do not see it.
    """

    def __init__(self, width: int, height: int, title: str) -> None:
        self._parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
            f' viewBox="0 0 {width} {height}" role="img">',
            f"<title>{escape(title)}</title>",
            style(COLOURS, _RULES),
            f'<rect class="ground" width="{width}" height="{height}" rx="8"/>',
        ]

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> None:
        """Write one line, whose baseline is at ``y``."""
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        start = f'<text class="{_names("text", kind)}" x="{x:g}" y="{y:g}"{place}>'
        self._parts.append(f"{start}{escape(words)}</text>")

    def box(
        self, x: float, y: float, width: float, height: float, kind: str = "", radius: float = 6
    ) -> None:
        """Draw a filled rectangle."""
        self._parts.append(
            f'<rect class="{_names("box", kind)}" x="{x:g}" y="{y:g}" width="{width:g}"'
            f' height="{height:g}" rx="{radius:g}"/>'
        )

    def lines_box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        lines: Sequence[str | tuple[str, str]],
        kind: str = "",
    ) -> None:
        """Draw a box with centred lines of text.

        Args:
            x, y, width, height: Of the box.
            lines: Each a string, or a string and its kind.
            kind: Of the box.
        """
        self.box(x, y, width, height, kind)
        baseline = y + height / 2 - 9 * (len(lines) - 1) + 4.5
        for number, line in enumerate(lines):
            words, of_line = (line, "") if isinstance(line, str) else line
            self.text(x + width / 2, baseline + 18 * number, words, of_line, "middle")

    def line(self, points: Sequence[tuple[float, float]], kind: str = "") -> None:
        """Draw a line through points."""
        path = "L".join(f"{x:g} {y:g}" for x, y in points)
        self._parts.append(f'<path class="{_names("line", kind)}" d="M{path}"/>')

    def arrow(self, points: Sequence[tuple[float, float]], kind: str = "") -> None:
        """Draw a line that ends in an arrowhead; its last part is horizontal or vertical."""
        (before_x, before_y), (x, y) = points[-2:]
        across, down = _sign(x - before_x), _sign(y - before_y)
        self.line([*points[:-1], (x - 6 * across, y - 6 * down)], kind)
        base_x, base_y = x - 8 * across, y - 8 * down
        side_x, side_y = 4.5 * down, 4.5 * across
        head = " ".join(
            f"{a:g},{b:g}"
            for a, b in (
                (x, y),
                (base_x + side_x, base_y + side_y),
                (base_x - side_x, base_y - side_y),
            )
        )
        kinds = " ".join(word for word in kind.split() if word in _ACCENTS)
        self._parts.append(f'<polygon class="{_names("head", kinds)}" points="{head}"/>')

    def __str__(self) -> str:
        return "\n".join([*self._parts, "</svg>\n"])


def _names(first: str, others: str) -> str:
    return f"{first} {others}".strip()


def _sign(number: float) -> int:
    return (number > 0) - (number < 0)
