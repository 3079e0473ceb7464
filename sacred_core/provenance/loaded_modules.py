"""What is loaded, examined once as long as no module is added, removed or replaced.

To examine a thousand modules takes longer than a short run; in a loop of runs none changes.
"""

import functools
import sys
from collections.abc import Iterable
from operator import is_
from typing import Any

_Modules = Iterable[tuple[str, Any]]


class LoadedModules:
    """The content of ``sys.modules`` at one time.

    Attributes:
        names: Of the modules.
        modules: In the same order; libraries put other objects there, too.
        findings: What others found out about them, by any key.
    """

    def __init__(self, loaded: _Modules) -> None:
        pairs = list(loaded)
        self.names = [name for name, _ in pairs]
        self.modules = [module for _, module in pairs]
        self.findings: dict[Any, Any] = {}

    @functools.cached_property
    def top_names(self) -> frozenset[str]:
        """The names without what follows a dot."""
        return frozenset(name.partition(".")[0] for name in self.names)

    def is_current(self) -> bool:
        """Return whether the same modules are loaded now."""
        loaded = sys.modules.copy()
        return (
            len(loaded) == len(self.names)
            and list(loaded) == self.names
            and all(map(is_, loaded.values(), self.modules))
        )


_last = LoadedModules(())


def loaded_modules() -> LoadedModules:
    """Return what is loaded now: the same object as before unless something changed."""
    global _last
    if not _last.is_current():
        _last = LoadedModules(sys.modules.copy().items())
    return _last
