"""Finds the store of a location."""

from typing import cast

from sacred_core.exceptions import StoreError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.masking import mask_text
from sacred_core.stores.annotations import Annotation
from sacred_core.stores.locations import FilePath
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore


def open_store(location: FilePath) -> RunStore:
    """Return the store at ``location``, with which runs are read, annotated and deleted.

    Args:
        location: The path of a folder, or a URL like ``sqlite:///runs.db`` or
            ``mongodb://localhost/sacred``; the plugin of its scheme must be installed.

    Raises:
        StoreError: no installed plugin reads such a location, or it has no store.
    """
    scheme, separator, _ = str(location).partition("://")
    specs = [spec for spec in plugin_manager().observers if spec.store is not None]
    wanted = scheme.partition("+")[0] if separator else "file"
    for spec in specs:
        if wanted in spec.schemes:
            plugin_manager().check_single("scheme", wanted)
            return cast(RunStore, spec.open(str(location)))
    known = ", ".join(sorted({name for spec in specs for name in spec.schemes})) or "none"
    hint = ": pip install sacred-file" if wanted == "file" else ""
    raise StoreError(
        f"no installed plugin reads {mask_text(str(location))!r}{hint} (schemes: {known})"
    )


def annotate_at(location: str | None, run: StoredRun, annotation: Annotation) -> bool:
    """Annotate a run with the store of a location.

    Args:
        location: What `open_store` opens.
        run: As an observer knows it.
        annotation: What is added.

    Returns:
        False if another run has its id.

    Raises:
        StoreError: the run does not exist, or the store cannot be opened or written to.
    """
    if location is None:
        raise StoreError(
            "the observer has no store_location and no append_annotation: it stores no notes"
        )
    store = open_store(location)
    if store.get(run.id).uid != run.uid:
        return False
    store.annotate(run.id, annotation)
    return True
