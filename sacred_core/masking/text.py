"""Masks the secrets of a string, in time that grows linearly with its length."""

import functools
import re
from collections.abc import Iterator
from operator import is_
from typing import NamedTuple

from sacred_core.masking import known
from sacred_core.masking.formats import (
    Span,
    added_patterns,
    header_spans,
    pem_spans,
    replace_spans,
    token_spans,
    unfinished_pem,
)
from sacred_core.masking.secret_names import SecretNames, is_header, is_token, secret_names
from sacred_core.masking.urls import url_spans
from sacred_core.masking.words import Words, to_lower

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
#: Words that are not values: what source code has there.
_NOT_VALUES = frozenset("none null true false str int float bool bytes any optional ***".split())
_NUMBER = r"[+-]?\d[\d.,:/%_]*+(?:e[+-]?\d++)?[a-z]{0,3}+(?:/[a-z]{1,6}+)?"
_NOT_A_NUMBER = rf"(?!{_NUMBER}(?:[\s,;)\]}}]|\Z))"
_SHORTEST_TOKEN, _MIXED_TOKEN, _LONG_TOKEN = 6, 8, 16
#: What is recorded in place of a secret.
MASK = "***"
#: Shorter strings contain nothing that is found by its form.
_SHORTEST = 4
#: Length of texts that are remembered if they contain no secret, and how many are.
_LONGEST_CLEAN, _MOST_CLEAN = 200, 4096
#: How much of a line without an end is held back.
_LONGEST_LINE = 8192
_BEGINNINGS = ("bearer", "basic", "akia", "asia")
_OPEN = re.compile(r"basic[ \t:=]*+[a-z0-9+/=_-]*+\Z")
_OF_WORDS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-"
#: Is a value after every name; it shows whether a text ends within or before a value.
_PROBE = "Zz0123456789abcdefghijklmnopqrstuvwxyz0123"
_PROBES = (_PROBE, f"'{_PROBE}'")


@functools.lru_cache(maxsize=128)
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def assignment_spans(words: Words, names: SecretNames) -> Iterator[Span]:
    """Yield where the values of secret names are."""
    for word in filter(words.contain, names.last_words):
        yield from _spans_of(word, words.text, words.lowered, names)


def ends_in_name(lowered: str, names: SecretNames) -> bool:
    """Return whether a value may follow the end of a text, which is in lower case."""
    tail = lowered[-_LONGEST_KEY:]
    for word in names.last_words:
        at = tail.rfind(word)
        if at >= 0 and _compile(_BEFORE_VALUE).fullmatch(tail, at + len(word)):
            return True
    return False


def is_token_like(value: str) -> bool:
    """Return whether what a text has after ``token:`` may be one: no number and no plain word."""
    has_digit = any(map(str.isdigit, value))
    if len(value) < _SHORTEST_TOKEN or _compile(_NUMBER).fullmatch(value.lower()):
        return False
    is_mixed = not (value.islower() or value.isupper() or value.istitle())
    return has_digit or len(value) >= (_MIXED_TOKEN if is_mixed else _LONG_TOKEN)


def _spans_of(word: str, text: str, lowered: str, names: SecretNames) -> Iterator[Span]:
    done = 0
    skipped = _NOT_A_NUMBER if word == "token" else ""  # as in each line of many logs
    for match in _compile(re.escape(word) + _END + skipped).finditer(lowered):
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
    opening = _compile(_OPENING).match(text, at)
    if opening is not None:
        yield opening.end(), _closing(text, opening)
    elif text[at : at + 1] in _CLOSED_BY:
        end = _end_of_list(text, at)
        for item in _compile(_ITEM).finditer(text, at, end):
            if not item["is_key"]:
                yield item.span("value")
        yield end, end
    elif is_header(key):
        line = _compile(_OF_LINE).match(text, at)
        end = line.end() if line is not None else at
        closing = text.find(quote_before, at, end) if quote_before in ("'", '"') else -1
        yield at, closing if closing >= 0 else end
    else:
        plain = _compile(_PLAIN).match(text, at)
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
        inner = _compile(_QUOTED[quote]).match(text, start)
        return inner.end() if inner is not None else start
    newline = text.find("\n", start)
    end = len(text) if newline < 0 else newline
    closing = text.find(opening["escape"] + quote, start, end)
    return closing if closing >= 0 else end


def mask_text(text: str, *, names: bool = True) -> str:
    """Return ``text`` with the secrets in it masked.

    Args:
        text: Of any length.
        names: Also mask values that are found by a name before them, as in ``password=x``. False
            for program text, in which such values are mostly names of variables.
    """
    if len(text) < _SHORTEST:
        return text
    clean = remembered_clean().texts if names and len(text) <= _LONGEST_CLEAN else None
    if clean is not None and text in clean:
        return text
    spans = [*_spans(text, names)]
    if spans:
        return replace_spans(text, spans, MASK)
    if clean is not None:
        if len(clean) >= _MOST_CLEAN:
            clean.clear()
        clean.add(text)
    return text


class Clean(NamedTuple):
    """What is remembered because the rules find no secret in it.

    The keys and values of a record are the same in each run of a loop.

    Attributes:
        rules: Compared by identity.
        texts: Short ones.
        objects: Plain dictionaries, as bytes.
    """

    rules: tuple[object, ...]
    texts: set[str]
    objects: set[bytes]


_clean = Clean((), set(), set())


def remembered_clean() -> Clean:
    """Return what has no secret by the present rules."""
    global _clean
    rules = known.entries(), secret_names(), added_patterns()
    if len(_clean.rules) != len(rules) or not all(map(is_, _clean.rules, rules)):
        _clean = Clean(rules, set(), set())
    return _clean


def unfinished_secret(text: str) -> int:
    """Return from where on ``text`` may contain the beginning of a secret; else its length.

    That is a private key, a known value, or a value after a name, of which the end is missing; or
    the word at the end of the text, which may become a name, a URL or a token.
    """
    start = _start_of_line(text)
    line = text[start:]
    word = _unfinished_word(line)
    # What comes before the word may be what makes it a secret.
    if _may_hold_secret(line) and (word or _is_open(line)):
        ready = start
    else:
        ready = min(len(text) - word, start + known.beginning_at(line))
    return min(ready, unfinished_pem(text[:ready]))


def _unfinished_word(line: str) -> int:
    """Return the length of the word at the end of ``line``, if it may become a secret or a name."""
    if not line or line[-1].isspace():
        return 0
    word = line.rsplit(None, 1)[-1]
    run = word[len(word.rstrip(":/").rstrip(_OF_WORDS)) :]
    is_word = any(letter.isalpha() or letter == "-" for letter in run)
    return len(word) if is_word or "://" in word or word[-1] in "'\"" else 0


def _start_of_line(text: str) -> int:
    """Return where the last line begins; of a long one, where a word in it does."""
    start = max(text.rfind("\n", -_LONGEST_LINE), text.rfind("\r", -_LONGEST_LINE)) + 1
    if start or len(text) <= _LONGEST_LINE:
        return start
    blank = next((at for at in range(-_LONGEST_LINE, 0) if text[at].isspace()), 0)
    return len(text) + blank if blank else len(text)


def _may_hold_secret(line: str) -> bool:
    lowered = to_lower(line)
    added = (pattern.contains.lower() for pattern in added_patterns())
    return any(word in lowered for word in (*_BEGINNINGS, *secret_names().triggers, *added))


def _is_open(line: str) -> bool:
    """Return whether what comes after ``line`` may be a part of a value that is masked."""
    lowered = to_lower(line)
    if ends_in_name(lowered, secret_names()) or any(
        pattern.contains.lower() in lowered for pattern in added_patterns()
    ):
        return True
    if _OPEN.search(lowered, max(0, lowered.rfind("basic"))):
        return True
    return any(end > len(line) for probe in _PROBES for _, end in _spans(line + probe, names=True))


def _spans(text: str, names: bool) -> Iterator[Span]:
    words = Words(text)
    if words.contain("://"):
        yield from url_spans(text, words.lowered)
    yield from token_spans(words)
    yield from header_spans(words)
    yield from pem_spans(words)
    if names:
        known_names = secret_names()
        if any(map(words.contain, known_names.triggers)):
            yield from assignment_spans(words, known_names)
    for pattern in added_patterns():
        if words.contain(pattern.contains.lower()):
            yield from pattern.spans(text)
    yield from known.spans(words)
