"""Secrets in texts that are given by name: ``password=x``, ``"api_key": "x"``, ``--token x``."""

import functools
import re
from collections.abc import Iterator

from sacred_core.masking.keys import SecretNames, is_header, is_token
from sacred_core.masking.spans import Span

#: What may come between a name and its value; names are looked for in lower case.
_END = (
    r"(?P<plural>s?(?:[_-]?\d{1,4}+(?!\d))?)"
    r"(?:(?:\\{0,3}[\"'`])?\]?[ \t]{0,8}+(?:=>|:=|=+|:(?![:/])|>)[ \t]{0,8}+"
    r"|\\{0,3}[\"'],[ \t]{0,8}+(?=[bru]?\\{0,3}[\"'])|(?P<option>[ \t]{1,8}+))"
)
_BEFORE_VALUE = r"[s\d_\-\"'`\]\\ \t=:>,({\[bruf]*+"
_OF_KEYS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_LONGEST_KEY = 64
_OPENING = r"[bBrRuUfF]{0,2}(?P<escape>\\{0,3})(?P<quote>[\"'`])"
_QUOTED = {quote: rf"(?:[^{quote}\\\n]|\\.)*+" for quote in "\"'`"}
_PLAIN = r"(?:[^\s,;&\"'<>`]|,(?![\s\"']|[\w.-]{1,64}+[ \t]{0,2}[=:]))++"
_OF_LINE = r"[^\r\n]++"
_ITEM = (
    r"(?P<quote>[\"'])(?P<value>(?:(?!(?P=quote))[^\\\n]|\\.)*+)"
    r"(?:(?P=quote)|\Z)(?P<is_key>\s{0,8}:)?"
)
_LONGEST_LIST = 4096
_CLOSED_BY = {"[": "]", "(": ")", "{": "}"}
#: Words that are no values: what source code has there.
_NOT_VALUES = frozenset("none null true false str int float bool bytes any optional ***".split())
_NUMBER = r"[+-]?\d[\d.,:/%_]*+(?:e[+-]?\d++)?[a-z]{0,3}+(?:/[a-z]{1,6}+)?"
_NOT_A_NUMBER = rf"(?!{_NUMBER}(?:[\s,;)\]}}]|\Z))"
_SHORTEST_TOKEN, _MIXED_TOKEN, _LONG_TOKEN = 6, 8, 16


@functools.lru_cache(maxsize=128)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def assignment_spans(text: str, lowered: str, names: SecretNames) -> Iterator[Span]:
    """Yield where the values of secret names are."""
    for word in names.last_words:
        if word in lowered:
            yield from _spans_of(word, text, lowered, names)


def ends_in_name(lowered: str, names: SecretNames) -> bool:
    """Return whether a value may follow the end of a text, which is in lower case."""
    tail = lowered[-_LONGEST_KEY:]
    for word in names.last_words:
        at = tail.rfind(word)
        if at >= 0 and _compiled(_BEFORE_VALUE).fullmatch(tail, at + len(word)):
            return True
    return False


def is_token_like(value: str) -> bool:
    """Return whether what a text has after ``token:`` may be one: no number and no plain word."""
    has_digit = any(map(str.isdigit, value))
    if len(value) < _SHORTEST_TOKEN or _compiled(_NUMBER).fullmatch(value.lower()):
        return False
    is_mixed = not (value.islower() or value.isupper() or value.istitle())
    return has_digit or len(value) >= (_MIXED_TOKEN if is_mixed else _LONG_TOKEN)


def _spans_of(word: str, text: str, lowered: str, names: SecretNames) -> Iterator[Span]:
    done = 0
    skipped = _NOT_A_NUMBER if word == "token" else ""  # as in each line of many logs
    for match in _compiled(re.escape(word) + _END + skipped).finditer(lowered):
        if match.start() < done:
            continue
        before = text[max(0, match.start() - _LONGEST_KEY) : match.start()]
        first = len(before.rstrip(_OF_KEYS))
        key = before[first:] + text[match.start() : match.end("plural")]
        if key not in names or (match["option"] and not key.startswith("-")):
            continue
        quote = before[first - 1 : first] if is_header(key) else ""
        for start, end in _values_at(text, match.end(), key, quote):
            done = max(done, end)
            if _is_value(text[start:end], key):
                yield start, end


def _is_value(value: str, key: str) -> bool:
    if not value or value.lower() in _NOT_VALUES:
        return False
    return not is_token(key) or is_token_like(value)


def _values_at(text: str, at: int, key: str, quote_before: str) -> Iterator[Span]:
    opening = _compiled(_OPENING).match(text, at)
    if opening is not None:
        yield opening.end(), _closing(text, opening)
    elif text[at : at + 1] in _CLOSED_BY:
        end = _end_of_list(text, at)
        for item in _compiled(_ITEM).finditer(text, at, end):
            if not item["is_key"]:
                yield item.span("value")
        yield end, end
    elif is_header(key):
        line = _compiled(_OF_LINE).match(text, at)
        end = line.end() if line is not None else at
        closing = text.find(quote_before, at, end) if quote_before in ("'", '"') else -1
        yield at, closing if closing >= 0 else end
    else:
        plain = _compiled(_PLAIN).match(text, at)
        if plain is not None:
            yield at, at + len(plain[0].rstrip(")]}.,:"))


def _end_of_list(text: str, at: int) -> int:
    for ending in (_CLOSED_BY[text[at]], "\n"):
        end = text.find(ending, at, at + _LONGEST_LIST)
        if end >= 0:
            return end
    return min(len(text), at + _LONGEST_LIST)


def _closing(text: str, opening: re.Match[str]) -> int:
    """Return where the string ends that begins with ``opening``: at its quote, or with the line."""
    start, quote = opening.end(), opening["quote"]
    if not opening["escape"]:
        inner = _compiled(_QUOTED[quote]).match(text, start)
        return inner.end() if inner is not None else start
    newline = text.find("\n", start)
    end = len(text) if newline < 0 else newline
    closing = text.find(opening["escape"] + quote, start, end)
    return closing if closing >= 0 else end
