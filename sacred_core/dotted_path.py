"""Paths into nested dictionaries and lists, written with dots: ``layers.0.size``."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sacred_core.exceptions import ConfigPathError

T = TypeVar("T")


class _Missing:
    """The type of `MISSING`, of which copies and pickles are the same object."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"


#: Stands for what is not there; a None that is there is a value.
MISSING: Any = _Missing()
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


def leaves(tree: Mapping[Any, Any], prefix: DottedPath = ROOT) -> Iterator[tuple[DottedPath, Any]]:
    """Yield the path and the value of everything in ``tree`` that is not a dictionary.

    An empty dictionary is a value.
    """
    for key, value in tree.items():
        path = prefix.below(key)
        if isinstance(value, dict) and value:
            yield from leaves(value, path)
        else:
            yield path, value


def reach(tree: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return the dictionary below ``keys``; make those that are missing."""
    for key in keys:
        tree = tree.setdefault(key, {})
    return tree


def tree_at(entries: dict[str, Any], path: DottedPath) -> dict[str, Any]:
    """Return a tree that contains ``entries`` at ``path`` and nothing else."""
    for key in reversed(path):
        entries = {key: entries}
    return entries


def put(config: dict[str, Any], path: DottedPath, entries: dict[str, Any]) -> None:
    """Add ``entries`` to what is at ``path``, at every depth."""
    target = reach(config, path)
    target.update(merge(target, entries))


def merge(lower: Any, upper: Any) -> Any:
    """Return what two configurations give one entry: dictionaries are merged at every depth.

    Anything else of ``upper`` replaces ``lower``. Neither is changed.
    """
    if not isinstance(lower, dict) or not isinstance(upper, dict):
        return upper
    both = {key: merge(lower[key], upper[key]) for key in upper if key in lower}
    return {**lower, **upper, **both}


def first_value(tree: Mapping[str, Any], path: DottedPath) -> DottedPath:
    """Return the part of ``path`` that leads to the first value that is not a dictionary.

    It is ``path`` if there are only dictionaries, and empty if something is missing.
    """
    for prefix in path.prefixes():
        value = prefix.find(tree, MISSING)
        if not isinstance(value, dict):
            return ROOT if value is MISSING else prefix
    return path


def without(values: dict[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return ``values`` without what is below ``keys``; dictionaries retain their types."""
    if keys[0] not in values:
        return values
    rest = {name: value for name, value in values.items() if name != keys[0]}
    inner = values[keys[0]]
    if len(keys) > 1 and isinstance(inner, dict):
        remaining = without(inner, keys[1:])
        if remaining:
            rest[keys[0]] = type(inner)(remaining)
    return type(values)(rest)


def remove(tree: dict[str, Any], keys: Sequence[str]) -> None:
    """Remove what is below ``keys``, and the dictionaries that are empty then."""
    key = key_in(tree, keys[0])
    inner = tree.get(key)
    if len(keys) > 1 and isinstance(inner, dict):
        remove(inner, keys[1:])
    if len(keys) == 1 or (isinstance(inner, dict) and not inner):
        tree.pop(key, None)


def restore(entries: dict[str, Any], originals: Mapping[DottedPath, Any]) -> None:
    """Put back what the fixed values of a higher layer took the place of.

    That layer comes on top again, but a layer between the two must see the values of this one.
    """
    for path, original in originals.items():
        *parents, last = path
        holder = DottedPath(parents).find(entries)
        if isinstance(holder, list):
            holder[int(last)] = original
        elif isinstance(holder, dict):
            holder[key_in(holder, last)] = original


def get_by_dotted_path(d: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """Return the entry at the dotted ``path`` of nested dictionaries, or ``default``.

    Example:
        >>> get_by_dotted_path({"foo": {"a": 12}}, "foo.a")
        12
    """
    found: Any = d
    for name in path.split(".") if path else ():
        if not isinstance(found, Mapping) or name not in found:
            return default
        found = found[name]
    return found


def set_by_dotted_path(d: dict[str, Any], path: str, value: Any) -> None:
    """Set the entry at the dotted ``path``, and add the dictionaries that are missing on the way.

    Example:
        >>> d = {"foo": {"bar": 7}}
        >>> set_by_dotted_path(d, "foo.d.baz", 3)
        >>> d
        {'foo': {'bar': 7, 'd': {'baz': 3}}}

    Raises:
        ConfigPathError: the path leads through a value that is not a dictionary.
    """
    *parents, last = path.split(".")
    for number, name in enumerate(parents, 1):
        d = d.setdefault(name, {})
        if not isinstance(d, dict):
            raise ConfigPathError(
                f"{path!r} cannot be set: {join_paths(*parents[:number])!r} is {d!r}, which is "
                "not a dictionary"
            )
    d[last] = value


def recursive_update(d: dict[str, Any], u: Mapping[str, Any]) -> dict[str, Any]:
    """Update ``d`` with ``u``, where dictionaries are merged at every depth, and return ``d``.

    Example:
        >>> recursive_update({"a": {"b": 1}}, {"c": 2, "a": {"d": 3}})
        {'a': {'b': 1, 'd': 3}, 'c': 2}
    """
    for name, value in u.items():
        if isinstance(value, Mapping):
            old = d.get(name)
            d[name] = recursive_update(old if isinstance(old, dict) else {}, value)
        else:
            d[name] = value
    return d


def iterate_flattened(d: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield dotted path and value of every leaf, sorted by key; an empty dictionary is a leaf.

    Example:
        >>> list(iterate_flattened({"b": {"y": 1, "x": {}}, "a": 2}))
        [('a', 2), ('b.x', {}), ('b.y', 1)]
    """
    for name in sorted(d, key=str):
        value = d[name]
        if isinstance(value, Mapping) and value:
            for path, inner in iterate_flattened(value):
                yield join_paths(str(name), path), inner
        else:
            yield str(name), value


def iter_prefixes(path: str) -> Iterator[str]:
    """Yield all prefixes of a dotted path, the path itself last.

    Example:
        >>> list(iter_prefixes("foo.bar.baz"))
        ['foo', 'foo.bar', 'foo.bar.baz']
    """
    yield from map(str, DottedPath.parse(path).prefixes())


def find_closest(values: Mapping[str, T], path: str) -> T | None:
    """Return the value of a dotted path, or else of the closest entry that contains it.

    Args:
        values: By dotted path.
        path: The dotted path.

    Returns:
        None if there is no value for any of them.
    """
    return next((values[each] for each in reversed([*iter_prefixes(path)]) if each in values), None)


def join_paths(*parts: str) -> str:
    """Return the parts as one dotted path, without empty ones.

    Example:
        >>> join_paths("foo", "", "bar.baz")
        'foo.bar.baz'
    """
    return ".".join(filter(None, (part.strip(".") for part in parts)))


def is_prefix(pre_path: str, path: str) -> bool:
    """Return whether ``path`` is ``pre_path`` or below it; everything is below ``""``.

    Example:
        >>> is_prefix("foo", "foo.bar"), is_prefix("foo", "foobar")
        (True, False)
    """
    return DottedPath.parse(path).is_inside(DottedPath.parse(pre_path.strip(".")))


def convert_to_nested_dict(dotted_dict: Mapping[str, Any]) -> dict[str, Any]:
    """Return nested dictionaries for a dictionary with dotted keys, at any depth.

    Example:
        >>> convert_to_nested_dict({"a.b": 1, "a": {"c": 2}})
        {'a': {'b': 1, 'c': 2}}

    Raises:
        ConfigPathError: a key leads through a value that is not a dictionary.
    """
    nested: dict[str, Any] = {}
    for path, value in iterate_flattened(dotted_dict):
        set_by_dotted_path(nested, path, {} if isinstance(value, Mapping) else value)
    return nested
