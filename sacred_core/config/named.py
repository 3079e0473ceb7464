"""Finds named configurations: those of ingredients, and files."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from sacred_core.config.paths import joined
from sacred_core.config.tree import Configuration, Node
from sacred_core.exceptions import NamedConfigNotFoundError


def find_named(name: str, nodes: Sequence[Node]) -> tuple[Node, Configuration]:
    """Return the configuration ``name`` and the node whose entries it sets.

    A name that ends like a configuration file is one if there is such a file: then the file
    wins. The entries of a file are those of the experiment, the last of ``nodes``.

    Raises:
        NamedConfigNotFoundError: there is none.
        ConfigFileError: the file cannot be read.
    """
    offered = named_configs(nodes)
    looks_like_file = _looks_like_file(name)
    if looks_like_file and (Path(name).exists() or name not in offered):
        from sacred_core.config.config_dict import ConfigDict
        from sacred_core.config.sources import load_config_file

        return nodes[-1], ConfigDict(load_config_file(name), name)
    if name not in offered:
        close = difflib.get_close_matches(name, offered, 2)
        hint = f": did you mean {' or '.join(map(repr, close))}?" if close else _listed(offered)
        raise NamedConfigNotFoundError(f"there is no named configuration {name!r}{hint}")
    return offered[name]


def named_configs(nodes: Sequence[Node]) -> dict[str, tuple[Node, Configuration]]:
    """Return all named configurations by their dotted names, as the experiment renames them."""
    renamed = nodes[-1].ingredient.post_process_name
    return {
        renamed(joined(node.ingredient.path, name), node.ingredient): (node, configuration)
        for node in nodes
        for name, configuration in node.ingredient.named_configs.items()
    }


def _looks_like_file(name: str) -> bool:
    if "." not in name:
        return False
    from sacred_core.config.sources import has_config_suffix

    return has_config_suffix(name)


def _listed(offered: dict[str, tuple[Node, Configuration]]) -> str:
    return f": there are {', '.join(sorted(offered))}" if offered else ": there are none"
