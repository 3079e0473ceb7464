"""What the captured functions of each ingredient see of a configuration."""

from collections.abc import Callable, Mapping
from typing import Any

from sacred_core.config.call import ResolvedConfig
from sacred_core.config.containers import read_only, subtree
from sacred_core.config.paths import at, is_inside, reach
from sacred_core.config.tree import Node
from sacred_core.exceptions import ConfigError


class Namespaces:
    """The configuration of one run, as seen from each of its ingredients.

    Args:
        resolved: The configuration and its ingredients.
        freeze: Makes of a value what functions get.

    Attributes:
        nodes: The ingredients, the experiment last.
    """

    def __init__(self, resolved: ResolvedConfig, freeze: Callable[[Any], Any] = read_only) -> None:
        self.nodes = resolved.nodes
        self.freeze = freeze
        self._config = resolved.config
        self._extras = resolved.extras
        self._nodes = {id(node.ingredient): node for node in resolved.nodes}
        self._root = resolved.nodes[-1] if resolved.nodes else None
        self._views: dict[int, Mapping[str, Any]] = {}

    def path_of(self, owner: Any) -> str:
        """Return where the entries of ``owner`` stand; None is the experiment.

        Raises:
            ConfigError: it is not part of the experiment.
        """
        node = self._node(owner)
        return node.path if node is not None else ""

    def config_of(self, owner: Any, prefix: str | None) -> Mapping[str, Any]:
        """Return the entries that functions of ``owner`` see, below ``prefix`` if there is one."""
        return subtree(self._view(self._node(owner)), prefix)

    def extras_of(self, owner: Any) -> Mapping[str, Any]:
        """Return what else functions of ``owner`` may take by name."""
        return self._extras.get(self.path_of(owner), {})

    def _node(self, owner: Any) -> Node | None:
        if owner is None:
            return self._root
        node = self._nodes.get(id(owner))
        if node is None and self._root is not None:
            raise ConfigError(
                f"a function of {owner.path!r} was called in a run of "
                f"{self._root.ingredient.path!r}, which does not use it: add it to "
                "its ingredients"
            )
        return node

    def _view(self, node: Node | None) -> Mapping[str, Any]:
        if node is None or not node.path:
            return self._config
        key = id(node)
        if key not in self._views:
            self._views[key] = self._new_view(node)
        return self._views[key]

    def _new_view(self, node: Node) -> Mapping[str, Any]:
        own = at(self._config, node.path)
        outside = {node.relative(o): o for o in node.below if not is_inside(o.path, node.path)}
        if not outside:
            view: Mapping[str, Any] = own
            return view
        merged = dict(own)
        for name, other in outside.items():
            *parents, last = name.split(".")
            reach(merged, parents).setdefault(last, at(self._config, other.path))
        return merged
