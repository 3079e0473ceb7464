"""Parts of a text, as first character and end."""

from collections.abc import Iterable

Span = tuple[int, int]


def replaced(text: str, spans: Iterable[Span], mask: str) -> str:
    """Return ``text`` with ``mask`` in place of each span; spans that overlap or touch are one."""
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start > done or not parts:
            parts += [text[done:start], mask]
        done = max(done, end)
    return "".join(parts) + text[done:]
