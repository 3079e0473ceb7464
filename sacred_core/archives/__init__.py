"""Archives of runs: one ZIP file with runs in the format of folders, and a program that reads it.

``docs/archives.md`` describes the format. `pack` writes an archive from any store, and
`ArchiveStore` reads it without extracting it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sacred_core.archives.packing import Packed, pack
    from sacred_core.archives.store import ArchiveStore

_MODULES = {"ArchiveStore": "store", "Packed": "packing", "pack": "packing"}
__all__ = ["ArchiveStore", "Packed", "pack"]


def __getattr__(name: str) -> Any:
    """Import the module that a name comes from."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
