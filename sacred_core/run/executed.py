"""The captured functions that a run has called."""

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sacred_core.config.captured_function import Binding, CapturedFunction
from sacred_core.config.tree import Namespaces

if TYPE_CHECKING:
    from sacred_core.provenance.experiment_info import Code


def executed_functions(
    bindings: Mapping[CapturedFunction[..., Any], Binding],
    namespaces: Namespaces,
    code: "Code | None",
) -> list[list[Any]]:
    """Return the functions that were called, see `sacred_core.stores.captured.CapturedCall`.

    Args:
        bindings: Of the run, in the order of the first calls.
        namespaces: Of its configuration.
        code: Knows the sources; None if they are not recorded.

    Returns:
        Lists of source, qualified name and entries, each function once.
    """
    found: dict[tuple[str | None, str], dict[str, None]] = {}
    for captured, binding in bindings.items():
        names = binding.received_names()
        if names is not None:
            entries = found.setdefault(_place(captured, code), {})
            entries.update(dict.fromkeys(_entries(captured, names, namespaces)))
    return [[source, name, list(entries)] for (source, name), entries in found.items()]


def _entries(
    captured: CapturedFunction[..., Any], names: set[str], namespaces: Namespaces
) -> list[str]:
    """Return the paths of the arguments in ``names``, in the order of the parameters."""
    return [
        entry
        for name in captured.names
        if name in names
        for entry in namespaces.entries_of(
            captured.owner, captured.prefix, None if name == "_config" else name
        )
    ]


def _place(captured: CapturedFunction[..., Any], code: "Code | None") -> tuple[str | None, str]:
    """Return the source and the qualified name of a function; of a decorated one the inner one."""
    function = inspect.unwrap(captured.function)
    name = getattr(function, "__qualname__", None) or captured.function.__name__
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    return None if code is None or file is None else code.source_of(file), str(name)
