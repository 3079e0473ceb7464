"""From jsonpickle's tags to plain data, for values and for records of whole runs.

A tag names a class, and jsonpickle imports and calls what is named. Here a fixed table in
`sacred_core.jsonpickle_data.readers` lists what is understood; a tag of anything else stays in
the data as it was written. The format is described in https://jsonpickle.readthedocs.io and was
measured with jsonpickle 0.9.6, 1.5.2 and 4.1.4.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sacred_core.jsonpickle_data.readers import DECODERS, as_set, read_subclass
from sacred_core.jsonpickle_data.references import References, find_targets
from sacred_core.jsonpickle_data.tags import UnreadableTagError, family, is_tagged
from sacred_core.serialization import plain

#: Values that references may add to a document, beyond as many as it has itself.
_MOST_REPEATED = 1_000_000
_PLAIN = (type(None), bool, int, float, str)
_JSON_KEY = "json://"
#: Parts of an unreadable tag that only jsonpickle could interpret.
_OPAQUE = ("py/newargs", "py/newargsex", "py/initargs", "py/state", "py/reduce", "__reduce__")


def decode_jsonpickle(
    document: Any,
    release: str | None = None,
    is_ordered: bool | None = None,
    last: str | None = None,
) -> Any:
    """Return a JSON document that Sacred wrote as plain data, which shares nothing with it.

    Tags of the standard library's, numpy's and pandas' types become what
    `sacred_core.serialization.plain` makes of such values. A tag that cannot be read without
    executing code is not changed, nor is a reference whose target is not certain.

    Args:
        document: What jsonpickle returned for one object: the whole document, since references
            are numbers of its parts.
        release: The release of Sacred, on which the count of jsonpickle depends; None if unknown.
        is_ordered: Whether the dictionaries have the order in which they were written; by
            default, if one of them is not sorted by its keys.
        last: The entry of the document that was written after all others, whatever its place.
    """
    try:
        targets = find_targets(document, release, is_ordered, last)
        try:
            return _finish(_Decoder(targets).decode(document))
        except _TooLargeError:
            return _finish(_Decoder({}).decode(document))
    except RecursionError:  # deeper than any data of Sacred
        return document


def _finish(value: Any) -> Any:
    """Return decoded values as plain data; numbers, which JSON lacks as keys, stay keys."""
    if isinstance(value, dict):
        return {_finish_key(key): _finish(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finish(item) for item in value]
    return value if type(value) in _PLAIN else plain(value)


def _finish_key(key: Any) -> Any:
    return key if type(key) in _PLAIN else next(iter(plain({key: None})))


class _TooLargeError(Exception):
    """References would repeat parts of the document too often."""


class _Decoder:
    """Decodes one document; see `decode_jsonpickle`."""

    def __init__(self, targets: References) -> None:
        self._targets = targets
        self._open: set[int] = set()
        self._budget = _MOST_REPEATED

    def decode(self, node: Any) -> Any:
        """Return the value that ``node`` describes; unreadable tags are dictionaries."""
        if self._open:  # inside of a repeated part
            self.spend(1)
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        if not isinstance(node, dict):
            return node
        if not is_tagged(node):
            return {self._key(key): self.decode(item) for key, item in node.items()}
        if "py/id" in node:
            return self._repeat(node)
        try:
            return self._read(node)
        except UnreadableTagError:
            return node if family(node) in DECODERS else self._without_class(node)

    def decode_document(self, document: Any) -> Any:
        """Return the value of a whole document, whose references are its own."""
        return decode_jsonpickle(document)

    def spend(self, count: int) -> None:
        """Count values that a repeated part adds."""
        if self._open:
            self._budget -= count
            if self._budget < 0:
                raise _TooLargeError

    def resolve(self, node: Any) -> Any:
        """Return the node that ``node`` refers to, or itself."""
        targets = self._targets.get(id(node), ())
        return targets[0] if len(targets) == 1 else node

    def _read(self, node: dict[str, Any]) -> Any:
        for tag in ("py/tuple", "py/set"):
            if isinstance(node.get(tag), list) and len(node) == 1:
                items = [self.decode(item) for item in node[tag]]
                return items if tag == "py/tuple" else as_set(items)
        reader = DECODERS.get(family(node))
        if reader is not None:
            return reader(node, self)
        return read_subclass(node, self)

    def _repeat(self, node: dict[str, Any]) -> Any:
        targets = self._targets.get(id(node), ())
        if not targets or any(id(target) in self._open for target in targets):
            return node
        self._open.update(map(id, targets))
        try:
            first, *others = [self.decode(target) for target in targets]
        finally:
            self._open.difference_update(map(id, targets))
        return node if any(repr(other) != repr(first) for other in others) else first

    def _without_class(self, node: dict[str, Any]) -> Any:
        """Return the tag of an unreadable object; only its attributes are decoded."""
        if "py/object" not in node:
            return node
        return {
            key: item if key.startswith("py/") or key in _OPAQUE else self.decode(item)
            for key, item in node.items()
        }

    def _key(self, key: str) -> Any:
        if not key.startswith(_JSON_KEY):
            return key
        try:
            value = self.decode(json.loads(key[len(_JSON_KEY) :]))
        except ValueError:
            return key
        if isinstance(value, list):
            return tuple(value)
        return key if isinstance(value, (Mapping, str)) else value


def sacred_release(experiment: Any) -> str | None:
    """Return the release of Sacred among the dependencies of a recorded experiment."""
    dependencies = experiment.get("dependencies") if isinstance(experiment, Mapping) else None
    for each in dependencies if isinstance(dependencies, list) else ():
        name, version = _parts(each)
        if name == "sacred":
            return version
    return None


def decode_run_entry(entry: Any) -> Any:
    """Return what Sacred's ``run.json`` contains as plain data; see `decode_jsonpickle`."""
    experiment = entry.get("experiment") if isinstance(entry, dict) else None
    return decode_jsonpickle(entry, sacred_release(experiment), last="result")


def _parts(dependency: Any) -> tuple[str, str | None]:
    """Return name and version of ``"sacred==0.8.7"``, or of a pair, as old releases wrote it."""
    if isinstance(dependency, Mapping):
        dependency = dependency.get("py/tuple")
    if isinstance(dependency, str):
        name, _, version = dependency.partition("==")
        return name.strip(), version.strip() or None
    if isinstance(dependency, Iterable):
        parts = [str(part) for part in dependency]
        return (parts[0], parts[1]) if len(parts) == 2 else ("", None)
    return "", None
