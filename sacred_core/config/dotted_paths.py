"""The documented functions over dotted paths and nested dictionaries, for scripts.

They are those of Sacred's ``utils`` module and work on plain dictionaries. Resolution has its own
in `sacred_core.config.paths`, which also reach into lists.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sacred_core.config.paths import is_inside
from sacred_core.exceptions import ConfigPathError


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
    names = path.split(".") if path else []
    for number in range(1, len(names) + 1):
        yield ".".join(names[:number])


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
    prefix = pre_path.strip(".")
    return not prefix or is_inside(path, prefix)


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
