"""Templates with fields in braces, filled in so that no value can break or swell the message."""

import difflib
import re
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sacred_core.exceptions import SacredError
from sacred_core.plurals import counted

Escape = Callable[[str], str]

#: A shorter rest of a value has no use.
_SHORTEST = 40


class TemplateError(SacredError, ValueError):
    """The template of a message cannot be filled in.

    Cause: It has a field that does not exist, a single brace, or is longer than a message may be.

    Fix: Use the fields that the message lists; write ``{{`` and ``}}`` for braces.
    """


def check_template(name: str, text: Any, fields: Sequence[str], limit: int) -> None:
    """Make sure that ``text`` can be filled in.

    Args:
        name: What the user calls the text.
        text: With fields in braces, as for `str.format`.
        fields: Those that exist.
        limit: Characters of the longest message.

    Raises:
        TemplateError: it is not a string, its braces do not match, it has another field, or what
            is around the fields is too long.
    """
    if not isinstance(text, str):
        raise TemplateError(f"{name} must be a string with fields in braces, not {text!r}")
    try:
        for field in _fields_of(text):
            _check_field(name, field, fields)
        length = _length(_Filler(str, limit).vformat(text, (), dict.fromkeys(fields, "…")))
    except TemplateError:
        raise
    except ValueError as error:
        raise TemplateError(
            f"{name} cannot be filled in: {text!r} ({error}). Braces that are not fields are "
            "written {{ and }}"
        ) from None
    if length > limit:
        raise TemplateError(
            f"{name} has {counted(length, 'character')} without its fields; "
            f"the maximum of a message is {limit}"
        )


def fill_template(text: str, values: Mapping[str, Any], escape: Escape, limit: int) -> str:
    """Return ``text`` with its fields filled in.

    A part of a value that is not there (``{config[lr]}`` of a run without ``lr``) stays as it
    is written. A message longer than ``limit`` is cut in its values, with a mark.

    Args:
        text: Checked by `check_template`.
        values: Of all fields.
        escape: Makes text of a value harmless in the markup of the message.
        limit: Characters, as UTF-16 counts them.
    """
    allowed = limit
    message = _Filler(escape, allowed).vformat(text, (), values)
    while _length(message) > limit and allowed:
        allowed = allowed * 3 // 4 if allowed > _SHORTEST else 0
        message = _Filler(escape, allowed).vformat(text, (), values)
    return message


class _Filler(string.Formatter):
    def __init__(self, escape: Escape, allowed: int) -> None:
        self._escape = escape
        self._allowed = allowed

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        """Return the value, or the field as written where the value has no such part."""
        try:
            return super().get_field(field_name, args, kwargs)
        except (KeyError, IndexError, AttributeError, TypeError, ValueError):
            return f"{{{field_name}}}", None

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format as requested where the value can be; a result may be None."""
        try:
            text = str(super().format_field(value, format_spec))
        except (TypeError, ValueError):
            text = str(value)
        # JSON parsers refuse single surrogates, as in names of files.
        text = text.encode("utf-8", "replace").decode()
        return self._escape(_shorten(text, self._allowed))


def _shorten(text: str, allowed: int) -> str:
    """Return the beginning and more of the end, where an error has its message."""
    if len(text) <= allowed:
        return text
    if allowed < _SHORTEST:
        return "…"
    first = allowed // 3
    last = allowed - first
    return f"{text[:first]} … [{counted(len(text) - allowed, 'character')} cut] … {text[-last:]}"


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _check_field(name: str, field: str, fields: Sequence[str]) -> None:
    if field not in fields:
        close = difflib.get_close_matches(field, fields, 1)
        hint = f" (did you mean {{{close[0]}}}?)" if close else ""
        raise TemplateError(
            f"{name} has the field {{{field}}}, which does not exist{hint}: there are "
            f"{', '.join(fields)}"
        )


def _fields_of(text: str) -> list[str]:
    """Return the names of the fields, those inside format specifications too."""
    found = []
    for _, field, specification, _ in string.Formatter().parse(text):
        if field is not None:
            found.append(re.split(r"[.\[]", field, maxsplit=1)[0])
            found += _fields_of(specification or "")
    return found
