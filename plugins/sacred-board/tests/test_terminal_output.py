"""Tests of the output of runs as HTML; tests/browser/test_run_live.py has those of the script."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacred_board.terminal_output import TextStyle, last_part, render_output

CASES = json.loads(Path(__file__).with_name("terminal_cases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_output_is_readable_and_safe(case: dict[str, Any]) -> None:
    """Colours become classes, and what else terminals interpret is carried out or removed."""
    content, _ = render_output(case["text"])
    assert html.unescape(content) == html.unescape(case["html"])
    assert len(re.findall("<", content)) == len(re.findall("<", case["html"]))


@given(st.text(alphabet='ab<&"\x1b[]0;13789mKJ\r\b\n\x07\x00\u202e\ud800\\?(B'))
def test_no_output_contains_elements_or_escapes(text: str) -> None:
    """Whatever a run printed, there are only spans with classes, and no control character."""
    content, style = render_output(text)
    rest = re.sub(r'<span class="ansi-[a-z0-9 -]+">|</span>', "", content)
    assert not re.search(r"[<>\"\x00-\x08\x0b-\x1f\u202e\ud800]", rest)
    assert content.count("<span") == content.count("</span>")
    assert content.encode("utf-8").decode("utf-8") == content
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for _, name in style.parts)


@given(st.lists(st.sampled_from(["a", "\x1b[31m", "\x1b[0m", "\x1b[1m", "\n", "\r", "b"])))
def test_lines_can_be_rendered_one_after_the_other(parts: list[str]) -> None:
    """The style after some lines is that in which the next one begins."""
    text = "".join(parts).replace("\r\n", "\n")
    whole, last = render_output(text)
    style = TextStyle()
    lines = []
    for line in text.split("\n"):
        content, style = render_output(line, style)
        lines.append(content)
    assert "\n".join(lines) == whole
    assert style == last


def test_the_last_part_begins_with_a_line() -> None:
    """A part begins after the end of a line, or in the middle of one that is longer."""
    assert last_part("ab\ncd\nef\n", 5) == "ef\n"
    assert last_part("ab\ncd\n", 100) == "ab\ncd\n"
    assert last_part("x" * 50, 10) == "x" * 10
