"""A dictionary of configuration entries."""

from collections.abc import Mapping
from typing import Any, cast

from sacred_core.config.overrides import Overrides, plain_copy
from sacred_core.config.summary import Origin
from sacred_core.config.tree import Contribution
from sacred_core.config.validation import check_keys
from sacred_core.config.values import is_plain, normalized
from sacred_core.exceptions import ConfigValueError


class ConfigDict:
    """Entries given as a dictionary. Calling it returns them.

    Args:
        d: The entries.
        file: Where they were read from.

    Raises:
        ConfigValueError: an entry is no plain data.
        ConfigKeyError: a key is not allowed.
    """

    docs: Mapping[str, str] = {}
    parameters: tuple[str, ...] = ()

    def __init__(self, d: Mapping[str, Any], file: str = "") -> None:
        self.origin = Origin("file", file=file) if file else Origin("dictionary")
        check_keys(d)
        self._entries = {name: normalized(value) for name, value in d.items()}
        for name, value in self._entries.items():
            if not is_plain(value):
                raise ConfigValueError(
                    f"the configuration entry {name!r} is {value!r}, which cannot be stored: use "
                    "numbers, texts, booleans, None, and lists and dictionaries of these"
                )

    def __call__(self) -> dict[str, Any]:
        """Return a copy of the entries."""
        return cast(dict[str, Any], plain_copy(self._entries))

    def evaluate(self, overrides: Overrides, available: dict[str, Any]) -> Contribution:
        """Return the entries, with what is fixed; nothing ``available`` is needed."""
        del available
        return Contribution({name: overrides.fix(name, value) for name, value in self().items()})
