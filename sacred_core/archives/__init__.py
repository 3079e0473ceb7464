"""Archives of runs: one ZIP file with runs in the format of folders, and a program that reads it.

``docs/archives.md`` describes the format. `pack` writes an archive from any store, and
`ArchiveStore` reads it without extracting it.
"""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_core.archives.packing import Packed, pack
    from sacred_core.archives.store import ArchiveStore

_MODULES = {"ArchiveStore": "store", "Packed": "packing", "pack": "packing"}
__all__ = ["ArchiveStore", "Packed", "pack"]

__getattr__ = lazy_attributes(__name__, _MODULES)
