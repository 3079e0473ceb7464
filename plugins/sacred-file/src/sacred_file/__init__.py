"""Record sacred-core runs in a folder, and read them back."""

from typing import TYPE_CHECKING

from sacred_core.importing import lazy_attributes

if TYPE_CHECKING:
    from sacred_file.observer import FileStorageObserver
    from sacred_file.store import FileStore

__version__ = "0.1.0"
__all__ = ["FileStorageObserver", "FileStore"]

__getattr__ = lazy_attributes(__name__, {"FileStorageObserver": "observer", "FileStore": "store"})
