"""Where the configuration of a call differs from that of a stored run."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sacred_core.compare.aspects.configuration import facts
from sacred_core.compare.value_text import value_text
from sacred_core.config.tree import ResolvedConfig
from sacred_core.dotted_path import MISSING
from sacred_core.plurals import counted
from sacred_core.serialization import plain, to_json

#: Entries and characters of a value that a message shows.
_SHOWN, _LONGEST = 8, 60


class ConfigDifference(NamedTuple):
    """An entry that differs.

    Attributes:
        path: Its dotted path.
        old, new: Its values; `MISSING` where there is none.
    """

    path: str
    old: Any
    new: Any


def config_differences(
    stored: Mapping[str, Any], config: Mapping[str, Any]
) -> list[ConfigDifference]:
    """Return the entries that differ, in the order of the stored configuration.

    Values are compared as they are stored: 1, 1.0 and True differ. Secrets are equal if their
    masked values are.

    Args:
        stored: The configuration of a stored run.
        config: The configuration of a call.
    """
    old, new = facts(dict(stored)), facts(plain(config))
    return [
        ConfigDifference(path, old.get(path, MISSING), new.get(path, MISSING))
        for path in dict.fromkeys((*old, *new))
        if not _is_same(old.get(path, MISSING), new.get(path, MISSING))
    ]


def differences_text(differences: list[ConfigDifference]) -> str:
    """Return the entries with their old and new values, in one line."""
    shown = [f"{each.path}: {_text(each.old)} → {_text(each.new)}" for each in differences[:_SHOWN]]
    left = len(differences) - len(shown)
    return ", ".join(shown + ([f"and {counted(left, 'other entry')}"] if left else []))


def uses_new_seed(resolved: ResolvedConfig) -> bool:
    """Return whether the seed of a configuration was drawn: neither call nor script sets it."""
    origin = resolved.summary.origins.get("seed")
    return origin is not None and origin.layer == "seed"


def _is_same(old: Any, new: Any) -> bool:
    if MISSING in (old, new):
        return False
    return to_json(old) == to_json(new)


def _text(value: Any) -> str:
    text = "(missing)" if value is MISSING else value_text(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
