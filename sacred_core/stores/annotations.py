"""Tags and notes that a user, or a run itself, adds to a run."""

import reprlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.events import RunAnnotated
from sacred_core.exceptions import AnnotationError
from sacred_core.printable import printable
from sacred_core.shared_methods import ValueMethods


def _tuple(strings: Iterable[str]) -> tuple[str, ...]:
    return tuple(strings)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Annotation(ValueMethods):
    """Tags and a note that a user added, perhaps long after the run ended.

    Equal annotations count once.

    Attributes:
        time: The time, in UTC and aware.
        user: The name of the user.
        note: The note, or None.
        added, removed: The tags that were added and removed.
    """

    time: datetime
    user: str
    note: str | None = None
    added: tuple[str, ...] = attrs.field(default=(), converter=_tuple)
    removed: tuple[str, ...] = attrs.field(default=(), converter=_tuple)


def new_note(text: Any) -> Annotation:
    """Return a note by the user of this process, with the current time.

    Raises:
        AnnotationError: it is not a string, or is empty.
    """
    return Annotation(time=datetime.now(UTC), user=current_user(), note=_validate("note", text))


def new_tags(tags: Iterable[Any], remove: bool = False) -> Annotation:
    """Return tags that the user of this process adds or removes, with the current time.

    Raises:
        AnnotationError: one is not a string, is empty or has control characters.
    """
    names = tuple(_validate_tag(tag) for tag in tags)
    added, removed = ((), names) if remove else (names, ())
    return Annotation(time=datetime.now(UTC), user=current_user(), added=added, removed=removed)


def annotation_of(event: RunAnnotated) -> Annotation:
    """Return the annotation that a run sent to its observers."""
    names = (field.name for field in attrs.fields(Annotation))
    return Annotation(**{name: getattr(event, name) for name in names})


def _validate_tag(tag: Any) -> str:
    if isinstance(tag, Iterable) and not isinstance(tag, str):
        raise AnnotationError(
            f"a tag must be a string, got {reprlib.repr(tag)}; give each tag as an argument"
        )
    _validate("tag", tag)
    if printable(tag) != tag:
        raise AnnotationError(f"the tag {tag!r} has control characters; remove them")
    return str(tag)


def _validate(what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise AnnotationError(f"a {what} must be a string, got {reprlib.repr(value)}")
    if not value.strip():
        raise AnnotationError(f"a {what} must not be empty, got {value!r}")
    return str(value)


def current_user() -> str:
    """Return the name of the user of this process, ``"unknown"`` without one."""
    import getpass

    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a user without an entry, as in a container
        return "unknown"
