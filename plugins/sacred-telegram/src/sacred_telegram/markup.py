"""The marks in templates, as Slack and Telegram's clients support them, and HTML for the Bot API.

HTML, because in it a value is escaped in the same way everywhere; in the Markdown of the
API that depends on the marks around it.
"""

import html
import re

_FIELD = re.compile(r"\{\{|\}\}|\{(?:[^{}]|\{[^{}]*\})*\}")
_KEPT = re.compile("\0(\\d+)\0")
_EMPHASIS = r"(?<!\w)\*(?P<b>[^*\n]+)\*(?!\w)|(?<!\w)_(?P<i>[^_\n]+)_(?!\w)"
_EMPHASISED = re.compile(_EMPHASIS)
_MARKED = re.compile(rf"```(?P<pre>.+?)```|`(?P<code>[^`]+)`|{_EMPHASIS}", re.DOTALL)


def to_html(template: str) -> str:
    """Return a text with ``*bold*``, ``_italic_`` and code in backticks as HTML.

    Fields are not changed. A mark without its second one is an ordinary character.
    """
    fields: list[str] = []

    def keep(match: re.Match[str]) -> str:
        fields.append(match[0])
        return f"\0{len(fields) - 1}\0"

    without = _FIELD.sub(keep, template.replace("\0", ""))
    marked = _MARKED.sub(_element, escape_html(without))
    return _KEPT.sub(lambda match: fields[int(match[1])], marked)


def escape_html(text: str) -> str:
    """Return ``text`` so that it means itself in HTML."""
    return html.escape(text, quote=False)


def _element(match: re.Match[str]) -> str:
    tag = str(match.lastgroup)
    inner = match[tag]
    if tag in ("b", "i"):  # code is in no other element
        inner = _EMPHASISED.sub(_element, inner)
    return f"<{tag}>{inner}</{tag}>"
