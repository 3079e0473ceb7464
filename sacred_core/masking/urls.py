"""Secrets in URLs: passwords and tokens before the host, parameters, and paths of webhooks.

Passwords are looked for as users write them, with ``/``, ``?``, ``#`` and ``@`` unescaped: of two
ways to read a URL that which masks more is taken.
"""

import functools
import re
from collections.abc import Iterator
from urllib.parse import unquote

from sacred_core.masking.formats import Span
from sacred_core.masking.secret_names import is_secret, singular

#: A URL from ``://`` on ends at a blank or a quote, also at one that is escaped.
_REST = r"(?:[^\s\"'<>`\\]|\\(?![\"'nrt]))*+"
_PARAMETER = r"[?&;#](?P<name>[\w.%-]{1,64}+)=(?P<value>[^&\s#;]*+)"
_PORTS = r"[^/?#:@]*+:\d{1,5}(?:,[^/?#:@]*+:\d{1,5})*+(?=[/?#]|$)"
#: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, and others'.
_SIGNATURES = ("sig", "signature")
#: A webhook is recognised by its host or a folder; the rest of its path is secret.
_HOOK_HOST = r"hooks\.[\w.-]++(?::\d++)?/[\w-]++/(?P<secret>\S++)"
_HOOK_FOLDER = r"/webhook\w{0,8}/(?P<secret>[^\s?#]++)"
_HOOK_CODE = r"/hooks/(?P<secret>[a-z0-9]{16,}+)"
_WEB = ("http", "https", "ws", "wss", "ftp", "ftps", "git")
#: Passwords that mark the user name as a token.
_NO_PASSWORDS = ("", "x", "x-oauth-basic", "api", "api_token")


@functools.cache
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def url_spans(text: str, lowered: str) -> Iterator[Span]:
    """Yield where the secrets of URLs are."""
    at, end = lowered.find("://"), 0
    while at >= 0:
        start = at + 3
        if start > end:
            match = _compile(_REST).match(text, start)
            end = match.end() if match is not None else start
        at = lowered.find("://", start)
        part = text[start : end if at < 0 else min(end, at)]
        if not ("@" in part or "=" in part or "ook" in part):
            continue
        scheme = _scheme(lowered, start - 3) if "@" in part else ""
        for first, last in (*_credentials(part, scheme), *_parameters(part), *_webhooks(part)):
            yield start + first, start + last


def credentials(text: str) -> Iterator[str]:
    """Yield the passwords and tokens before the hosts of URLs."""
    at = text.find("://")
    if at >= 0:
        for start, end in url_spans(text, text.lower()):
            if text[end : end + 1] == "@":
                yield text[start:end]


def _scheme(lowered: str, end: int) -> str:
    before = lowered[max(0, end - 32) : end]
    return before[len(before.rstrip("abcdefghijklmnopqrstuvwxyz0123456789+.-")) :]


def _credentials(part: str, scheme: str) -> Iterator[Span]:
    at = _end_of_credentials(part)
    if at < 0:
        return
    length = len(part)
    authority = min((n for n in map(part.find, "/?#") if n >= 0), default=length)
    is_web = scheme.rpartition("+")[2] in _WEB
    in_authority = part.rfind("@", 0, authority)
    has_user = in_authority >= 0
    if is_web and has_user and "." in part[in_authority:authority]:
        at = in_authority  # the path may have one too, as in /package@1.0
    colon = part.find(":", 0, min(at, authority))
    if colon < 0:
        if has_user and is_web and part[:at] != "git":
            yield 0, min(at, authority)
        return
    is_bare = not has_user and (part.startswith("[") or is_web)
    if is_bare and (part.startswith("[") or _compile(_PORTS).match(part)):
        return
    if "@" in part[:colon] and "ssh" in scheme:
        return
    if is_web and part[colon + 1 : at].lower() in _NO_PASSWORDS and colon:
        yield 0, colon
    if at > colon + 1:
        yield colon + 1, at


def _end_of_credentials(part: str) -> int:
    """Return where the ``@`` is that comes before the host, or -1."""
    at = part.rfind("@")
    if at < 0:
        return at
    parameter = _compile(_PARAMETER).search(part)
    if parameter is None or parameter.start() > at:
        return at
    earlier = part.rfind("@", 0, parameter.start())
    if earlier >= 0:
        return earlier
    return -1 if _compile(_PORTS).match(part) or ":" not in part[: parameter.start()] else at


def _parameters(part: str) -> Iterator[Span]:
    if "=" not in part:
        return
    for match in _compile(_PARAMETER).finditer(part):
        if match["value"] and _is_secret_parameter(match["name"]):
            yield match.span("value")


def _is_secret_parameter(name: str) -> bool:
    name = unquote(name) if "%" in name else name
    return is_secret(name) or singular(name).endswith(_SIGNATURES)


def _webhooks(part: str) -> Iterator[Span]:
    if "hook" not in part.lower():
        return
    match = _compile(_HOOK_HOST).match(part)
    if match is not None:
        yield match.span("secret")
    for pattern in (_HOOK_FOLDER, _HOOK_CODE):
        found = _compile(pattern).search(part)
        if found is not None and any(map(str.isdigit, found["secret"])):
            yield found.span("secret")
