"""Finds the store of a location."""

from typing import cast

from sacred_core.exceptions import StoreError
from sacred_core.hooks.manager import plugin_manager
from sacred_core.masking import mask_text
from sacred_core.stores.run_store import RunStore


def open_store(location: str) -> RunStore:
    """Return the store at ``location``: a path, or a URL like ``file:///data/runs``.

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
