"""Tests of the colours in tokens.css, with the formula of WCAG 2: text needs 4.5:1, lines 3:1."""

import itertools
import re
from pathlib import Path

import pytest
import sacred_board

TOKENS = (Path(sacred_board.__file__).parent / "static" / "tokens.css").read_text(encoding="utf-8")
PAIR = re.compile(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);")
COLORS = {name: {"light": light, "dark": dark} for name, light, dark in PAIR.findall(TOKENS)}
STATUSES = {name for name in COLORS if name.startswith("status-")}
#: Colours of text by those of their backgrounds.
TEXTS = {
    "background": {"text", "muted", "accent", "link", "warning", "error", "added", *STATUSES},
    "surface": {"text", "muted", "accent", "link", "warning", "error", *STATUSES},
    "hover": {"text", "muted", "link", *STATUSES},
    "accent": {"on-accent"},
    "accent-soft": {"text", "accent", "link", "muted", *STATUSES},
    "warning-soft": {"text", "warning", "muted"},
    "error-soft": {"text", "error", "link", "muted", *STATUSES},
    "added-soft": {"text", "added"},
    "removed-soft": {"text", "removed"},
    "code-background": {"text", "muted"},
}
#: Colours of lines, borders and dots.
LINES = {"line-strong", "focus", "axis", *(f"series-{number}" for number in range(1, 9))}


def luminance(color: str) -> float:
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_its_backgrounds(theme: str) -> None:
    """Each text has a contrast of at least 4.5 to each background that it has."""
    found = {
        (text, background): round(contrast(COLORS[text][theme], COLORS[background][theme]), 2)
        for background, texts in TEXTS.items()
        for text in texts
    }
    assert {pair: ratio for pair, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_can_be_seen(theme: str) -> None:
    """Lines of charts, borders of controls and the focus have a contrast of at least 3."""
    page = COLORS["background"][theme]
    found = {name: round(contrast(COLORS[name][theme], page), 2) for name in LINES}
    assert {name: ratio for name, ratio in found.items() if ratio < 3} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_two_series_have_the_same_colour(theme: str) -> None:
    """Each two colours of lines differ by 60 of 441 in red, green and blue together."""
    names = [f"series-{number}" for number in range(1, 9)]
    for first, second in itertools.combinations(names, 2):
        parts = [
            [int(COLORS[name][theme][start : start + 2], 16) for start in (1, 3, 5)]
            for name in (first, second)
        ]
        distance = sum((one - other) ** 2 for one, other in zip(*parts, strict=True)) ** 0.5
        assert distance > 60, (first, second)


def test_the_formula_of_contrast_gives_known_values() -> None:
    """Black on white is 21:1, and the darkest grey that passes on white is #767676."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") >= 4.5 > contrast("#777777", "#ffffff")
