"""Paths into nested dictionaries and lists, written with dots: ``layers.0.size``."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: Stands for what is not there; a None that is there is a value.
MISSING: Any = object()
#: A part that may be a position. Python converts 4,300 digits at most, and no list has more items
#: than 18 digits can count.
_INTEGER = re.compile(r"-?[0-9]{1,18}")
#: A part that may be the string of a key that is not a string: a number, a boolean or None.
_LITERAL = re.compile(r"[-+]?[0-9].*|[-+]?inf|nan|True|False|None")


class DottedPath(tuple[str, ...]):
    """The way to an entry: keys of dictionaries, and positions in lists.

    As a string it is what is written before ``=`` in an update, after ``config.`` in a query, and
    in messages. A part means the key that is equal to it, or else the number, boolean or None whose
    string it is; in a list the item at this position, a negative one counted from the end.

    Example:
        >>> str(DottedPath(("layers", "0")).below("size"))
        'layers.0.size'
        >>> DottedPath.parse("layers.-1").find({"layers": [16, 32]})
        32
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "DottedPath":
        """Return the path that ``text`` is; that of the whole tree for an empty string."""
        return cls(text.split(".") if text else ())

    def __str__(self) -> str:
        return ".".join(self)

    def __repr__(self) -> str:
        return repr(str(self))

    def below(self, *parts: object) -> "DottedPath":
        """Return the path of an entry below this one."""
        return DottedPath((*self, *map(str, parts)))

    def is_inside(self, other: "DottedPath") -> bool:
        """Return whether this is ``other`` or below it."""
        return self[: len(other)] == other

    def overlaps(self, other: "DottedPath") -> bool:
        """Return whether one of the two is inside the other."""
        return self.is_inside(other) or other.is_inside(self)

    def prefixes(self) -> "Iterator[DottedPath]":
        """Yield the paths of everything that contains this entry, and this path last."""
        for count in range(1, len(self) + 1):
            yield DottedPath(self[:count])

    def find(self, tree: Any, default: Any = None) -> Any:
        """Return what is at this path in ``tree``, or ``default``."""
        for part in self:
            if isinstance(tree, Mapping):
                tree = tree.get(key_in(tree, part), MISSING)
            else:
                position = position_in(tree, part)
                tree = MISSING if position is None else tree[position]
            if tree is MISSING:
                return default
        return tree


#: The path of a whole tree.
ROOT = DottedPath()


def key_in(tree: Mapping[Any, Any], part: Any) -> Any:
    """Return the key of ``tree`` that a part of a path means; ``part`` itself if there is none."""
    if part in tree or not isinstance(part, str) or not _LITERAL.fullmatch(part):
        return part
    if _INTEGER.fullmatch(part):
        number = int(part)
        if number in tree and str(number) == part and number not in (0, 1):  # equal to a boolean
            return number
    return next((key for key in tree if not isinstance(key, str) and str(key) == part), part)


def position_in(items: Any, part: str) -> int | None:
    """Return the position that a part of a path means; None if the item does not exist."""
    if not isinstance(items, (list, tuple)) or not _INTEGER.fullmatch(part):
        return None
    return int(part) if -len(items) <= int(part) < len(items) else None
