"""Masks the secrets of plain data."""

from typing import Any

from sacred_core.masking import known
from sacred_core.masking.assignments import is_token_like
from sacred_core.masking.keys import is_folder, is_password, is_secret, is_token
from sacred_core.masking.text import MASK, masked_text
from sacred_core.masking.urls import credentials

#: Program text: values are not masked by the names before them.
_PROGRAM_TEXT = "patch"
#: Updates as they were given on a command line, each with all of its value.
_UPDATES = "UPDATE"


def masked(value: Any, path: str = "") -> tuple[Any, list[str]]:
    """Return plain ``value`` with its secrets masked, and the dotted paths of what was masked.

    The values of secrets are masked in every text from now on.
    """
    known_before = known.count()
    paths: list[str] = []
    shown = _masked(value, path, "", "", paths)
    if known.count() != known_before:  # a text may come before the entry that makes it secret
        paths = []
        shown = _masked(value, path, "", "", paths)
    return shown, paths


def _masked(value: Any, path: str, key: str, secret: str, paths: list[str]) -> Any:
    """Mask ``value``, which is under ``key`` and in the secret entry ``secret``, if in any."""
    if isinstance(value, dict):
        return _masked_dict(value, path, secret, paths)
    if isinstance(value, list):
        return [_masked(item, f"{path}[{i}]", key, secret, paths) for i, item in enumerate(value)]
    if isinstance(value, str):
        shown = _masked_string(value, key, secret)
    elif secret and type(value) is int and is_password(secret):
        known.note(str(value))
        shown = MASK
    else:
        return value
    if shown != value:
        paths.append(path)
    return shown


def _masked_dict(value: dict[Any, Any], path: str, secret: str, paths: list[str]) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key, item in value.items():
        shown = masked_text(key) if isinstance(key, str) else key
        number = 1
        while shown in result:
            number += 1
            shown = f"{masked_text(str(key))} ({number})"
        inner = f"{path}.{shown}" if path else str(shown)
        own = key if is_secret(key) else secret
        result[shown] = _masked(item, inner, str(key), own, paths)
    return result


def _masked_string(value: str, key: str, secret: str) -> str:
    if secret and value and not _is_ordinary(value, secret):
        known.note(value)
        return MASK
    for found in credentials(value):
        known.note(found)
    if key == _UPDATES:
        return _masked_update(value)
    return masked_text(value, names=key != _PROGRAM_TEXT)


def _is_ordinary(value: str, key: str) -> bool:
    """Return whether a string is no secret although its key is: a folder, a word of a model."""
    if is_folder(key, value):
        return True
    if not is_token(key):
        return False
    is_marked = not value.strip() or (value[0] in "<[" and value[-1] in ">]")
    return is_marked or (key.lower().endswith("s") and not is_token_like(value))


def _masked_update(text: str) -> str:
    """Mask the value of an update such as ``db.password=x``."""
    key, equals, value = text.partition("=")
    key = key.strip()
    if equals and value.strip() and is_secret(key):
        shown = value.strip().strip("'\"")
        is_number = _is_number(shown) and not is_password(key)
        if not is_number and not _is_ordinary(shown or " ", key):
            known.note(shown)
            return f"{key}={MASK}"
    return masked_text(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text in ("None", "True", "False")
    return True
