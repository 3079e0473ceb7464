"""Secrets are shown as ``***`` in everything that is recorded or printed.

Masked are text entries whose key is, or ends in, a word of ``SETTINGS.SECRETS.KEYS``, and the
credentials inside any URL. The run itself sees the values.
"""

import functools
import re
from typing import Any

from sacred_core.settings import SETTINGS

MASK = "***"

# user:password@ of a URL (RFC 3986, section 3.2.1). A user without a password stays.
_CREDENTIALS = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)(?P<user>[^\s/?#:@]*):[^\s/?#]+@", re.I
)
_WEBHOOKS = re.compile(
    r"(?P<before>https?://hooks\.slack\.com/services/|https?://api\.telegram\.org/(?:file/)?bot)"
    r"[^\s\"'<>/]+(?:/[A-Z][\w/]+)?"
)


def masked_text(text: str) -> str:
    """Return ``text`` with the credentials in its URLs masked."""
    if "://" not in text:
        return text
    text = _CREDENTIALS.sub(rf"\g<scheme>\g<user>:{MASK}@", text)
    return _WEBHOOKS.sub(rf"\g<before>{MASK}", text)


def is_secret(key: Any) -> bool:
    """Tell whether an entry of this name is masked: ``db_password`` is, ``pad_token`` is not."""
    return isinstance(key, str) and _ends_in(key, tuple(SETTINGS.SECRETS.KEYS))


@functools.lru_cache(maxsize=4096)
def _ends_in(key: str, words: tuple[str, ...]) -> bool:
    name = key.lower().replace("-", "_")
    return any(
        name == word or name.endswith(("_" + word, "." + word)) for word in map(str.lower, words)
    )


def masked(value: Any, path: str = "") -> tuple[Any, list[str]]:
    """Return plain ``value`` with its secrets masked, and the dotted paths of what was masked."""
    paths: list[str] = []
    return _masked(value, path, False, paths), paths


def _masked(value: Any, path: str, secret: bool, paths: list[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _masked(
                item, f"{path}.{key}" if path else str(key), secret or is_secret(key), paths
            )
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_masked(item, f"{path}[{i}]", secret, paths) for i, item in enumerate(value)]
    if not isinstance(value, str):
        return value
    shown = MASK if secret and value else _masked_assignment(value)
    if shown != value:
        paths.append(path)
    return shown


def _masked_assignment(text: str) -> str:
    """Mask the value of an update such as ``db.password=x``, as it was given on a command line."""
    key, equals, value = text.partition("=")
    if equals and value and is_secret(key) and not any(map(str.isspace, key)):
        return f"{key}={MASK}"
    return masked_text(text)
