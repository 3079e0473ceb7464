"""The captured functions that a run called, and the entries that they received."""

from typing import Any

import attrs

from sacred_core.shared_methods import ValueMethods


@attrs.frozen(eq=False, repr=False)
class CapturedCall(ValueMethods):
    """A captured function that was called in a run.

    Attributes:
        source: The name of the source in which it is defined, see `StoredRun.sources`; None if
            this file is not recorded.
        name: Its qualified name, such as ``"main"`` or ``"Model.fit"``.
        entries: Dotted paths of the configuration whose values it received, such as
            ``"optimizer.rate"``. For ``_config`` the path of the part that it contains, ``""`` for
            the whole configuration. An argument that every call passes by position is not
            received; one that calls pass by name is.
    """

    source: str | None
    name: str
    entries: tuple[str, ...]


def decode_calls(stored: Any) -> list[CapturedCall]:
    """Return the calls in ``experiment["captured"]`` of a record; what is not one is skipped.

    Args:
        stored: Lists of source, name and the list of entries; None of a run that has none.
    """
    return [
        CapturedCall(source, name, tuple(entries))
        for source, name, entries in filter(_is_call, stored if isinstance(stored, list) else ())
    ]


def _is_call(item: Any) -> bool:
    """Return whether this is an encoded call: a record may contain anything."""
    if not isinstance(item, list) or len(item) != 3:
        return False
    source, name, entries = item
    return (
        (source is None or isinstance(source, str))
        and isinstance(name, str)
        and isinstance(entries, list)
        and all(isinstance(entry, str) for entry in entries)
    )
