"""A dictionary of configuration entries."""

import copy
from collections.abc import Mapping
from typing import Any

from sacred_core.config.config_scope import Contribution
from sacred_core.config.overrides import Overrides
from sacred_core.config.values import is_plain, normalized
from sacred_core.exceptions import ConfigValueError


class ConfigDict:
    """Entries given as a dictionary. Calling it returns them.

    Raises:
        ConfigValueError: an entry is no plain data.
    """

    def __init__(self, d: Mapping[str, Any]) -> None:
        self._entries = {name: normalized(value) for name, value in d.items()}
        for name, value in self._entries.items():
            if not is_plain(value):
                raise ConfigValueError(
                    f"the configuration entry {name!r} is {value!r}, which cannot be stored: use "
                    "numbers, texts, booleans, None, and lists and dictionaries of these"
                )

    def __call__(self) -> dict[str, Any]:
        """Return a copy of the entries."""
        return copy.deepcopy(self._entries)

    def evaluate(self, overrides: Overrides, available: dict[str, Any]) -> Contribution:
        """Return the entries, with what is fixed; nothing ``available`` is needed."""
        del available
        return Contribution({name: overrides.fix(name, value) for name, value in self().items()})
