"""The parts of jsonpickle's tags, and the names that releases give to types."""

import re
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

Tag: TypeAlias = dict[str, Any]

_CONTAINERS = "sacred.config.custom_containers."
#: Names of types in several releases.
_FAMILIES: dict[str, str] = {
    "numpy.ndarray": "array", "numpy.matrix": "array", "numpy.recarray": "array",
    "numpy.rec.recarray": "array", "numpy.memmap": "array",
    "numpy.ma.MaskedArray": "masked array", "numpy.ma.core.MaskedArray": "masked array",
    "pandas.DataFrame": "frame", "pandas.core.frame.DataFrame": "frame",
    "pandas.Series": "series", "pandas.core.series.Series": "series",
    "pandas.Timestamp": "timestamp", "pandas._libs.tslibs.timestamps.Timestamp": "timestamp",
    _CONTAINERS + "ReadOnlyDict": "dict", _CONTAINERS + "ReadOnlyList": "list",
}  # fmt: skip
_INDEX = re.compile(r"pandas\.(core\.indexes\.\w+\.)?\w*Index")
_NUMPY_SCALAR = re.compile(
    r"numpy\.(bool_?|u?int\d+|float\d+|complex\d+|str_|bytes_|datetime64|timedelta64)"
)


class UnreadableTagError(Exception):
    """A tag can only be read by executing what it names, or it is damaged."""


class Decoder(Protocol):
    """Decodes the parts of a tag."""

    def decode(self, node: Any) -> Any:
        """Return the value that ``node`` describes."""

    def decode_document(self, document: Any) -> Any:
        """Return the value of a whole document, whose references are its own."""

    def resolve(self, node: Any) -> Any:
        """Return the tag that ``node`` refers to, or itself."""

    def spend(self, count: int) -> None:
        """Count values that a repeated part of the document adds."""


Reader: TypeAlias = Callable[[Tag, Decoder], Any]


def is_tagged(node: Tag) -> bool:
    """Return whether a dictionary is a tag and not data."""
    return any(type(key) is str and key.startswith("py/") for key in node)


def family(node: Tag) -> str:
    """Return the key of `DECODERS` for a tag, or an empty string."""
    name = type_name(node)
    name = "builtins" + name[len("__builtin__") :] if name.startswith("__builtin__.") else name
    if "py/b64" in node or "py/b85" in node:
        return "bytes"
    if _INDEX.fullmatch(name):
        return "index"
    if _NUMPY_SCALAR.fullmatch(name):
        return "scalar"
    return _FAMILIES.get(name, name)


def type_name(node: Tag) -> str:
    """Return the dotted name of the type of a tagged object, or an empty string."""
    parts = node.get("py/reduce")
    if isinstance(parts, list) and parts and isinstance(parts[0], dict):
        return str(parts[0].get("py/type", ""))
    return str(node.get("py/object", ""))


def arguments(node: Tag, decoder: Decoder) -> list[Any]:
    """Return the decoded arguments from which the object of a tag is made.

    Raises:
        UnreadableTagError: there are none.
    """
    parts = node.get("py/reduce")
    tagged = parts[1] if isinstance(parts, list) and len(parts) > 1 else node.get("py/newargs")
    items = tagged.get("py/tuple") if isinstance(tagged, dict) else None
    if not isinstance(items, list):
        raise UnreadableTagError
    return [decoder.decode(item) for item in items]
