"""Marks of templates become HTML; those in values never do."""

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacred_messages.templates import fill_template
from sacred_telegram.markup import escape_html, to_html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*bold* _italic_ `code`", "<b>bold</b> <i>italic</i> <code>code</code>"),
        ("```a\n*b*```", "<pre>a\n*b*</pre>"),
        ("*a _b_ `c`*", "<b>a <i>b</i> `c`</b>"),
        ("`_a_`", "<code>_a_</code>"),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
        ("a * b _c", "a * b _c"),
        ("<b> & </b>", "&lt;b&gt; &amp; &lt;/b&gt;"),
        ("_{elapsed_time}_ {host_info[host_name]}", "<i>{elapsed_time}</i> {host_info[host_name]}"),
        ("`{{{_id}}}`", "<code>{{{_id}}}</code>"),
        ("{result:_>{_id}}", "{result:_>{_id}}"),
    ],
)
def test_marks_are_elements(text: str, expected: str) -> None:
    """Fields stay as they are, and so does a mark without its second one."""
    assert to_html(text) == expected


class Read(HTMLParser):
    """Collects what a client would show, and fails where an element does not end."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.shown, self.open = "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag in ("b", "i", "code", "pre") and not attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.shown += data


@given(st.text("ab*_`<>&{}\\[]()~ \n\U0001f600", max_size=30), st.integers(20, 200))
def test_any_value_means_itself(value: str, limit: int) -> None:
    """A chat shows what the run returned, between marks that end where the template ends them."""
    template = to_html("*{result}* _{result}_ `{result}`")
    read = Read(fill_template(template, {"result": value}, escape_html, 10_000))
    assert read.shown == f"{value} {value} {value}" and not read.open
    assert not Read(fill_template(template, {"result": value}, escape_html, limit)).open


@given(st.text("ab*_`<>& \n", max_size=30))
def test_any_text_is_whole_html(text: str) -> None:
    """What users write as a text is never refused for its marks."""
    assert not Read(to_html(text)).open
