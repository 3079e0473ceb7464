"""Masks the secrets of a text, in time that grows linearly with its length."""

import re
from collections.abc import Iterator

from sacred_core.masking import known
from sacred_core.masking.assignments import assignment_spans, ends_in_name
from sacred_core.masking.formats import header_spans, pem_spans, token_spans, unfinished_pem
from sacred_core.masking.keys import secret_names
from sacred_core.masking.patterns import added_patterns
from sacred_core.masking.spans import Span, replaced
from sacred_core.masking.urls import url_spans

MASK = "***"
#: Shorter texts hold nothing that is found by its form.
_SHORTEST = 4
#: How much of a line without an end is held back.
_LONGEST_LINE = 8192
_BEGINNINGS = ("bearer", "basic", "akia", "asia")
_OPEN = re.compile(r"basic[ \t:=]*+[a-z0-9+/=_-]*+\Z")
_OF_WORDS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-"
#: Is a value after every name; it shows whether a text ends within or before a value.
_PROBE = "Zz0123456789abcdefghijklmnopqrstuvwxyz0123"
_PROBES = (_PROBE, f"'{_PROBE}'")


def masked_text(text: str, *, names: bool = True) -> str:
    """Return ``text`` with the secrets in it masked.

    Args:
        text: Of any length.
        names: Also mask values that are found by a name before them, as in ``password=x``. False
            for program text, in which such values are mostly names of variables.
    """
    if len(text) < _SHORTEST:
        return text
    spans = [*_spans(text, names)]
    return replaced(text, spans, MASK) if spans else text


def unfinished_secret(text: str) -> int:
    """Return from where on ``text`` may hold the beginning of a secret; else its length.

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
    lowered = _lowered(line)
    added = (pattern.contains.lower() for pattern in added_patterns())
    return any(word in lowered for word in (*_BEGINNINGS, *secret_names().triggers, *added))


def _is_open(line: str) -> bool:
    """Return whether what comes after ``line`` may be a part of a value that is masked."""
    lowered = _lowered(line)
    if ends_in_name(lowered, secret_names()) or any(
        pattern.contains.lower() in lowered for pattern in added_patterns()
    ):
        return True
    if _OPEN.search(lowered, max(0, lowered.rfind("basic"))):
        return True
    return any(end > len(line) for probe in _PROBES for _, end in _spans(line + probe, names=True))


def _spans(text: str, names: bool) -> Iterator[Span]:
    lowered = _lowered(text)
    if "://" in lowered:
        yield from url_spans(text, lowered)
    yield from token_spans(text, lowered)
    yield from header_spans(text, lowered)
    yield from pem_spans(text, lowered)
    if names:
        known_names = secret_names()
        if any(word in lowered for word in known_names.triggers):
            yield from assignment_spans(text, lowered, known_names)
    for pattern in added_patterns():
        if pattern.contains.lower() in lowered:
            yield from pattern.spans(text)
    yield from known.spans(text)


def _lowered(text: str) -> str:
    """Return ``text`` in lower case, with the same length."""
    lowered = text.lower()
    # One letter has two in lower case.
    return lowered if len(lowered) == len(text) else text.replace("\u0130", "i").lower()
