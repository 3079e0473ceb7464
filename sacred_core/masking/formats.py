"""Secrets that are known by their form: keys in PEM, tokens with a prefix, patterns of plugins."""

import base64
import binascii
import functools
import re
from collections.abc import Iterable, Iterator

import attrs

from sacred_core.masking.words import Words
from sacred_core.shared_methods import ValueMethods

Span = tuple[int, int]
#: Prefixes of tokens as they are in lower case, and their patterns. Each pattern begins with a
#: literal, which is what `re` finds fastest; what follows matches in one way only.
_TOKENS: dict[str, str] = {
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure
    "gh": r"gh[pousr]_(?<![A-Za-z0-9]....)(?P<secret>[A-Za-z0-9_]{16,}+)",
    "github_pat_": r"github_pat_(?P<secret>[A-Za-z0-9_]{16,}+)",
    # https://docs.gitlab.com/security/tokens/
    "gl": r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|oas)-(?P<secret>[A-Za-z0-9_.=-]{16,}+)",
    "hf_": r"hf_(?<![A-Za-z0-9]...)(?P<secret>[A-Za-z0-9]{16,}+)",
    "sk-": r"sk-(?<![A-Za-z0-9]...)(?P<secret>[A-Za-z0-9_-]{16,}+)",
    "k_live_": r"k_live_(?P<secret>[A-Za-z0-9]{10,}+)",
    "k_test_": r"k_test_(?P<secret>[A-Za-z0-9]{10,}+)",
    # https://api.slack.com/concepts/token-types
    "xox": r"xox[abeoprs]-(?P<secret>[A-Za-z0-9-]{11,}+)",
    "xapp-": r"xapp-(?P<secret>[A-Za-z0-9-]{8,}+)",
    "aiza": r"AIza(?P<secret>[A-Za-z0-9_-]{30,}+)",
    "ya29.": r"ya29\.(?P<secret>[A-Za-z0-9_-]{16,}+)",
    "npm_": r"npm_(?<![A-Za-z0-9]....)(?P<secret>[A-Za-z0-9]{30,}+)",
    "pypi-": r"pypi-(?P<secret>[A-Za-z0-9_-]{40,}+)",
    "r8_": r"r8_(?<![A-Za-z0-9]...)(?P<secret>[A-Za-z0-9]{30,}+)",
    "sg.": r"SG\.(?P<secret>[A-Za-z0-9_-]{16,}+\.[A-Za-z0-9_-]{16,}+)",
    # The JSON Web Token of RFC 7519: an object in base64 begins so.
    "eyj": r"eyJ(?<![A-Za-z0-9_-]...)(?P<secret>[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_.-]{8,}+)",
    # The id of a key may be shown, the 40 characters beside it not.
    "akia": r"AKIA[A-Z0-9]{16}[\s,:;\"'=/|]{1,8}+(?P<secret>[A-Za-z0-9/+]{30,}+)",
    "asia": r"ASIA[A-Z0-9]{16}[\s,:;\"'=/|]{1,8}+(?P<secret>[A-Za-z0-9/+]{30,}+)",
}
#: Every token has this number of these characters in a row.
_RUN = b"a" * 16
_AS_RUNS = bytes(97 if (chr(n).isalnum() and n < 128) or n in b"_-" else 32 for n in range(256))
_BEARER = r"bearer(?<!\w......)[ \t:=]{1,4}+(?P<secret>[a-z0-9._~+/=-]{6,}+)"
_BASIC = r"basic(?<!\w.....)[ \t:=]{1,4}+(?P<secret>[a-z0-9+/_-]{6,}+={0,2})"
_LONG = 20
# RFC 7468, and RFC 1421 for headers.
_BEGIN = r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_HALF_BEGIN = r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}[A-Z0-9]{0,20}-{0,5}"
_BODY = r"[A-Za-z0-9+/=,.:()\s\\-]*+"
_LINES = r"(?:(?:\s|\\[nr])*+[A-Za-z0-9+/=]{16,}+)*+"
_LONGEST_KEY = 20_000


def replace_spans(text: str, spans: Iterable[Span], mask: str) -> str:
    """Return ``text`` with ``mask`` in place of each span; spans that overlap or touch are one."""
    parts: list[str] = []
    done = 0
    for start, end in sorted(spans):
        if start > done or not parts:
            parts += [text[done:start], mask]
        done = max(done, end)
    return "".join(parts) + text[done:]


@attrs.frozen(eq=False, repr=False)
class SecretPattern(ValueMethods):
    """The form of a secret that is masked in all recorded data.

    Attributes:
        pattern: A regular expression. Its group ``secret`` is masked, or the whole match if there
            is none. It is applied to long strings: no part of it may match in several ways.
        contains: A string that every match contains, without regard to case: where it is missing,
            the pattern is not applied.
        flags: Of `re.compile`.

    Raises:
        re.error: ``pattern`` is not a regular expression.
        ValueError: ``contains`` is empty.
    """

    pattern: str
    contains: str = attrs.field()
    flags: int = 0
    _compile_pattern: re.Pattern[str] = attrs.field(init=False, repr=False, eq=False)

    @contains.validator
    def _check_contains(self, attribute: object, value: str) -> None:
        if not value:
            raise ValueError(f"contains of the pattern {self.pattern!r} must not be empty")

    @_compile_pattern.default
    def _compile(self) -> re.Pattern[str]:
        return re.compile(self.pattern, self.flags)

    def spans(self, text: str) -> Iterator[Span]:
        """Yield where the secrets are in ``text``."""
        group = "secret" if "secret" in self._compile_pattern.groupindex else 0
        for match in self._compile_pattern.finditer(text):
            if match[group]:
                yield match.span(group)


_patterns: tuple[SecretPattern, ...] = ()


def use_patterns(patterns: Iterable[SecretPattern]) -> None:
    """Apply these patterns from now on, in place of those of an earlier call."""
    global _patterns
    _patterns = tuple(patterns)


def added_patterns() -> tuple[SecretPattern, ...]:
    """Return the patterns of the installed plugins."""
    return _patterns


@functools.cache
def _compile_pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def token_spans(words: Words) -> Iterator[Span]:
    """Yield where tokens of well-known services are, without their prefixes."""
    prefixes = [*filter(words.may_contain, _TOKENS)]
    # One look for a long word costs less than one for each prefix.
    if not prefixes or _RUN not in words.data.translate(_AS_RUNS):
        return
    for prefix in filter(words.contain, prefixes):
        for match in _compile_pattern(_TOKENS[prefix]).finditer(words.text):
            if prefix != "sk-" or any(map(str.isdigit, match["secret"])):  # words with hyphens
                yield match.span("secret")


def header_spans(words: Words) -> Iterator[Span]:
    """Yield where the credentials of ``Bearer …`` and ``Basic …`` are (RFC 6750 and 7617)."""
    if words.contain("bearer"):
        for match in _compile_pattern(_BEARER).finditer(words.lowered):
            start, end = match.span("secret")
            if end - start >= _LONG or any(map(str.isdigit, match["secret"])):
                yield start, end
    if words.contain("basic"):
        for match in _compile_pattern(_BASIC).finditer(words.lowered):
            start, end = match.span("secret")
            if _is_user_and_password(words.text[start:end]):
                yield start, end


def _is_user_and_password(encoded: str) -> bool:
    try:
        decoded = base64.b64decode(
            encoded + "=" * (-len(encoded) % 4), altchars="-_", validate=True
        )
    except (binascii.Error, ValueError):
        try:
            decoded = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
    return b":" in decoded and decoded.isascii()


def pem_spans(words: Words) -> Iterator[Span]:
    """Yield where private keys are, without the lines around them; also of one that is cut off."""
    if not words.contain("private key"):
        return
    text = words.text
    begins = [match.span() for match in _compile_pattern(_BEGIN).finditer(text)]
    for (_, start), (following, _) in zip(begins, [*begins, (len(text), 0)][1:], strict=True):
        limit = min(following, start + _LONGEST_KEY)
        end = text.find("-----END ", start, limit)
        if end < 0 or not _compile_pattern(_BODY).fullmatch(text, start, end):
            lines = _compile_pattern(_LINES).match(text, start, limit)
            end = lines.end() if lines is not None else start
        if end > start:
            yield start, end


def unfinished_pem(text: str) -> int:
    """Return where a private key begins of which the end has not arrived, or the text's length."""
    begin = text.rfind("-----BEGIN ", max(0, len(text) - _LONGEST_KEY))
    if begin < 0 or "-----END " in text[begin:]:
        return len(text)
    match = _compile_pattern(_BEGIN).match(text, begin)
    if match is None:
        return begin if _compile_pattern(_HALF_BEGIN).fullmatch(text, begin) else len(text)
    return begin if _compile_pattern(_BODY).fullmatch(text, match.end()) is not None else len(text)
