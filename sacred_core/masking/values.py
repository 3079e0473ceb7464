"""Masks the secrets of plain data."""

import marshal
from typing import Any

from sacred_core.dotted_path import DottedPath
from sacred_core.masking import known
from sacred_core.masking.secret_names import is_folder, is_password, is_secret, is_token
from sacred_core.masking.text import MASK, is_token_like, mask_text, remembered_clean
from sacred_core.masking.urls import credentials

#: Program text: values are not masked by the names before them.
_PROGRAM_TEXT = "patch"
#: Updates as they were given on a command line, each with all of its value.
_UPDATES = "UPDATE"
#: Bytes of a dictionary that is remembered if it contains no secret, and how many are.
_LARGEST_CLEAN, _MOST_CLEAN = 16_384, 64
#: Levels of dictionaries that are remembered: each level encodes again what is below it.
_LEVELS = 3
#: The last format of `marshal` in which equal data has equal bytes.
_FORMAT = 2


def mask_value(value: Any) -> tuple[Any, list[DottedPath]]:
    """Return plain ``value`` with its secrets masked, and the paths of what was masked.

    The values of secrets are masked in every string from now on. Parts without secrets may be
    those of ``value``.
    """
    known_before = known.count()
    shown, paths = _mask(value, "", "", _LEVELS)
    if known.count() != known_before:  # a string may come before the entry that makes it secret
        shown, paths = _mask(value, "", "", _LEVELS)
    return shown, [DottedPath(reversed(path)) for path in paths]


#: Parts of the path of an entry that was masked, the last one first.
_Parts = list[str]


def _mask(value: Any, key: str, secret: str, levels: int) -> tuple[Any, list[_Parts]]:
    """Mask ``value``, which is under ``key`` and in the secret entry ``secret``, if in any.

    Dictionaries are remembered on so many ``levels`` from here.
    """
    if isinstance(value, dict):
        if secret or not levels:
            return _mask_dict(value, secret, 0)
        return _mask_remembered(value, levels - 1)
    if isinstance(value, list):
        return _mask_list(value, key, secret, levels)
    if isinstance(value, str):
        shown: Any = _mask_string(value, key, secret)
    elif secret and type(value) is int and is_password(secret):
        known.note(str(value))
        shown = MASK
    else:
        return value, []
    return shown, [] if shown == value else [[]]


def _mask_remembered(value: dict[Any, Any], levels: int) -> tuple[dict[Any, Any], list[_Parts]]:
    """Mask a dictionary, unless an equal one is known to have no secret."""
    try:
        data = marshal.dumps(value, _FORMAT)
    except ValueError:  # not plain
        return _mask_dict(value, "", 0)
    clean = remembered_clean().objects
    if data in clean:
        return value, []
    masked = _mask_dict(value, "", levels)
    if len(data) <= _LARGEST_CLEAN and masked[0] == value:
        clean = remembered_clean().objects  # what was found meanwhile changes the rules
        if len(clean) >= _MOST_CLEAN:
            clean.clear()
        clean.add(data)
    return masked


def _mask_list(
    items: list[Any], key: str, secret: str, levels: int
) -> tuple[list[Any], list[_Parts]]:
    result: list[Any] = []
    paths: list[_Parts] = []
    for position, item in enumerate(items):
        shown, inner = _mask(item, key, secret, levels)
        result.append(shown)
        paths += _below(str(position), inner)
    return result, paths


def _mask_dict(
    value: dict[Any, Any], secret: str, levels: int
) -> tuple[dict[Any, Any], list[_Parts]]:
    result: dict[Any, Any] = {}
    paths: list[_Parts] = []
    for key, item in value.items():
        shown = mask_text(key) if isinstance(key, str) else key
        number = 1
        while shown in result:
            number += 1
            shown = f"{mask_text(str(key))} ({number})"
        own = key if is_secret(key) else secret
        result[shown], inner = _mask(item, str(key), own, levels)
        paths += _below(str(shown), inner)
    return result, paths


def _below(part: str, paths: list[_Parts]) -> list[_Parts]:
    """Return ``paths`` of an entry as paths of what contains it."""
    for path in paths:
        path.append(part)
    return paths


def _mask_string(value: str, key: str, secret: str) -> str:
    if secret and value and not _is_ordinary(value, secret):
        known.note(value)
        return MASK
    for found in credentials(value):
        known.note(found)
    if key == _UPDATES:
        return _mask_update(value)
    return mask_text(value, names=key != _PROGRAM_TEXT)


def _is_ordinary(value: str, key: str) -> bool:
    """Return whether a string is not secret although its key is: a folder, a word of a model."""
    if is_folder(key, value):
        return True
    if not is_token(key):
        return False
    is_marked = not value.strip() or (value[0] in "<[" and value[-1] in ">]")
    return is_marked or (key.lower().endswith("s") and not is_token_like(value))


def _mask_update(text: str) -> str:
    """Mask the value of an update such as ``db.password=x``."""
    key, equals, value = text.partition("=")
    key = key.strip()
    if equals and value.strip() and is_secret(key):
        shown = value.strip().strip("'\"")
        is_number = _is_number(shown) and not is_password(key)
        if not is_number and not _is_ordinary(shown or " ", key):
            known.note(shown)
            return f"{key}={MASK}"
    return mask_text(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text in ("None", "True", "False")
    return True
