"""From an experiment and the updates of a call to one configuration.

Each layer fixes what it sets for those after it: (1) the updates of the call; (2) its named
configurations, in the order given; (3) the ingredients, those used before those that use them,
each with its scopes and dictionaries in order of declaration, then its config hooks; (4) the
experiment itself.
"""

import copy
import logging
from collections.abc import Callable, Iterable
from typing import Any

from sacred_core.config.contributions import (
    Configuration,
    Origin,
    note_contribution,
    origins_of,
    with_contribution,
)
from sacred_core.config.entries import check_keys, is_same, plain_copy, read_only
from sacred_core.config.request import Overrides, Request, merge_fixed, to_nested, without_paths
from sacred_core.config.tree import (
    Configurable,
    Node,
    ResolvedConfig,
    find_named,
    nodes_of,
    without_ingredients,
)
from sacred_core.dotted_path import (
    ROOT,
    DottedPath,
    key_in,
    leaves,
    put,
    reach,
    remove,
    restore,
    tree_at,
    without,
)
from sacred_core.exceptions import ConfigError, ConfigPathError

_SEED = DottedPath(("seed",))
SEED_DOC = "the random seed for this experiment"


def resolve(
    root: Configurable,
    request: Request,
    *,
    logger: logging.Logger,
    new_seed: Callable[[], int],
    command_name: str = "",
) -> ResolvedConfig:
    """Return the configuration of ``root`` for ``request``.

    Args:
        root: The experiment.
        request: Its updates and named configurations are applied.
        logger: For scopes and config hooks.
        new_seed: Returns the root seed, where nothing sets it or what sets it sets None.
        command_name: For config hooks.

    Raises:
        ConfigError: anything is wrong with it, or with the request.
        Exception: what a scope or a hook raises.
    """
    return _Resolver(root, request, logger, new_seed, command_name).run()


class _Resolver:
    def __init__(
        self,
        root: Configurable,
        request: Request,
        logger: logging.Logger,
        new_seed: Callable[[], int],
        command_name: str,
    ) -> None:
        self._named_configs = request.named_configs
        self._logger = logger
        self._new_seed = new_seed
        self._command_name = command_name
        self._nodes = nodes_of(root)
        self._root = self._nodes[-1]
        self._updates = request.updates
        self._fixed: dict[str, Any] = self._updates
        self._update_origins = origins_of(self._updates, Origin("update"))
        self._fixed_origins = self._update_origins
        #: Names by path of a node that named configurations fix and that are not recorded.
        self._unrecorded: dict[DottedPath, set[str]] = {}
        self._result = ResolvedConfig(nodes=self._nodes)

    def run(self) -> ResolvedConfig:
        self._log_layer("updates", self._update_origins)
        self._apply_named()
        for node in self._nodes:
            self._check_ingredient(node)
            self._configure(node)
            self._run_hooks(node)
        self._draw_seed(self._result.config)
        origins = {str(path): origin for path, origin in self._fixed_origins.items()}
        self._result.summary.origins |= origins
        check_keys(self._result.config)
        return self._result

    def _check_ingredient(self, node: Node) -> None:
        value = node.path.find(self._fixed, {})
        if not isinstance(value, dict):
            raise ConfigPathError(
                f"{node.path!r} is an ingredient and cannot be set to {value!r}: set its entries, "
                f"as in {node.path}.entry=value"
            )

    def _apply_named(self) -> None:
        """Fix what the named configurations set; a later one wins, the updates over all."""
        chosen: dict[str, Any] = {}
        for name in self._named_configs:
            node, configuration = find_named(name, self._nodes)
            overrides = Overrides(node.path.find(self._updates, {}))
            available = self._available_to_named(node, configuration)
            contribution = configuration.evaluate(overrides, available)
            restore(contribution.entries, overrides.originals)
            for path in overrides.added:
                remove(contribution.entries, path)
            values = tree_at({**contribution.extras, **contribution.entries}, node.path)
            self._unrecorded.setdefault(node.path, set()).update(contribution.extras)
            chosen = merge_fixed(chosen, values)
            self._log_layer(f"named config {name!r}", values, node.path)
            origin = configuration.origin._replace(layer="named config", name=name)
            chosen_origins = {**self._fixed_origins, **origins_of(values, origin)}
            self._fixed_origins = chosen_origins | self._update_origins
            self._fixed = merge_fixed(chosen, self._updates)

    def _available_to_named(self, node: Node, configuration: Configuration) -> dict[str, Any]:
        """Return what is fixed so far, and the ingredients as they are with it."""
        available: dict[str, Any] = plain_copy(without_paths(node.path.find(self._fixed, {})))
        if all(name in available for name in configuration.parameters) or not node.below:
            return available
        ahead = copy.copy(self)
        ahead._result = ResolvedConfig(nodes=self._nodes)
        for inner in node.below:
            ahead._configure(inner)
        return {**available, **ahead._view_of_below(node)}

    def _configure(self, node: Node) -> None:
        """Run the scopes and dictionaries of one ingredient."""
        overrides = Overrides(self._fixed_for(node))
        entries: dict[str, Any] = {}
        if node is self._root:
            self._draw_seed(overrides.values if "seed" in overrides.values else entries)
            self._result.summary.docs["seed"] = SEED_DOC
        extras = self._result.extras.setdefault(node.path, {})
        unrecorded = (
            self._unrecorded.get(node.path, set()) - node.path.find(self._updates, {}).keys()
        )
        for configuration in node.ingredient.configurations:
            available = self._available(node, configuration, overrides, entries)
            contribution = configuration.evaluate(overrides, available)
            contribution, warnings = without_ingredients(node, configuration, contribution)
            self._result.warnings += warnings
            note_contribution(self._result.summary, node.path, configuration, contribution, entries)
            entries = with_contribution(entries, contribution)
            extras |= contribution.extras
            unrecorded -= contribution.entries.keys()
            self._log_layer(str(configuration.origin), contribution.entries, node.path)
            if node is self._root and "seed" in contribution.entries:
                self._draw_seed(entries)
        entries = overrides.apply_to(entries)
        for name in unrecorded & entries.keys():
            extras[name] = entries.pop(name)
            overrides.forget_added(name)
        put(self._result.config, node.path, entries)
        self._note_changes(node, overrides)

    def _draw_seed(self, entries: dict[str, Any]) -> None:
        """Set the root seed if it is missing, or None, which requests one."""
        if entries.get("seed") is None:
            entries["seed"] = self._new_seed()
            self._result.summary.origins["seed"] = Origin("seed")
            if _SEED in self._fixed_origins:
                self._fixed_origins = {**self._fixed_origins, _SEED: Origin("seed")}

    def _available(
        self,
        node: Node,
        configuration: Configuration,
        overrides: Overrides,
        entries: dict[str, Any],
    ) -> dict[str, Any]:
        """Return what a scope may take by name; nothing for one that takes nothing."""
        if not configuration.parameters:
            return {}
        own = plain_copy(overrides.preview(entries))
        special = {"_log": self._logger}
        extras = self._result.extras[node.path]
        return {**special, **extras, **own, **self._view_of_below(node)}

    def _run_hooks(self, node: Node) -> None:
        """Apply the config hooks of one ingredient to the configuration so far."""
        for hook in node.ingredient.config_hooks:
            config = self._result.config
            answer = hook(plain_copy(config), self._command_name, self._logger)
            if not isinstance(answer, (dict, type(None))):
                raise ConfigError(
                    f"the config hook {hook.__name__!r} must return a dictionary of the entries to "
                    f"change, got {answer!r}"
                )
            origin = Origin("config hook", hook.__name__)
            present = dict(leaves(config))
            for path, value in leaves(self._from_root(node, to_nested(answer or {}))):
                is_present = path in present and is_same(present[path], value)
                if not is_present and not self._is_fixed(path) and not _is_empty(value):
                    self._apply_hooked(path, value, origin)
                    self._log_layer(str(origin), [str(path)])

    def _from_root(self, node: Node, answer: dict[str, Any]) -> dict[str, Any]:
        """Return what a hook of ``node`` changes as a tree from the root of the configuration.

        A key that is an entry of the hook's ingredient belongs to it, unless it is the path of an
        ingredient; any other key counts from the root.
        """
        roots = {other.path[0] for other in self._nodes if other.path}
        entries = node.path.find(self._result.config, {}).keys() - roots
        own = {key: value for key, value in answer.items() if node.path and key in entries}
        others = {key: value for key, value in answer.items() if key not in own}
        return merge_fixed(others, tree_at(own, node.path)) if own else others

    def _is_fixed(self, path: DottedPath) -> bool:
        """Return whether the call fixes ``path``, what contains it, or something inside it."""
        return any(path.overlaps(fixed) for fixed in self._fixed_origins)

    def _apply_hooked(self, path: DottedPath, value: Any, origin: Origin) -> None:
        self._result.summary.origins[str(path)] = origin
        owner = max(
            (node for node in self._nodes if path.is_inside(node.path)),
            key=lambda node: len(node.path),
        )
        if owner.path in self._result.extras:  # it was configured already
            *parents, last = path
            holder = self._result.config
            if _is_empty(path.find(holder, {})):
                self._result.summary.added.add(str(path))
            for part in parents:
                key = key_in(holder, part)
                if not isinstance(holder.get(key), dict):
                    holder[key] = {}  # a dictionary in place of a value
                holder = holder[key]
            holder[key_in(holder, last)] = value
        else:
            self._fixed = merge_fixed(self._fixed, to_nested({str(path): value}))
            self._fixed_origins = {**self._fixed_origins, path: origin}

    def _fixed_for(self, node: Node) -> dict[str, Any]:
        """Return what is fixed of the node's own entries, without those of nodes inside it."""
        fixed: dict[str, Any] = copy.copy(node.path.find(self._fixed, {}))
        for other in self._nodes:
            if other is not node and other.path.is_inside(node.path):
                fixed = without(fixed, other.path[len(node.path) :])
        return fixed

    def _view_of_below(self, node: Node) -> dict[str, Any]:
        """Return the ingredients of ``node`` by the names that it uses for them, read-only."""
        view: dict[str, Any] = {}
        for other in node.below:
            *parents, last = node.relative(other)
            entries = other.path.find(self._result.config, {})
            reach(view, parents).setdefault(last, {}).update(entries)
        return {name: read_only(entries) for name, entries in view.items()}

    def _log_layer(self, layer: str, names: Iterable[Any], path: DottedPath = ROOT) -> None:
        """Log which entries a layer sets, without their values, which may be secret."""
        if self._logger.isEnabledFor(logging.DEBUG):
            entries = ", ".join(str(path.below(name)) for name in names)
            self._logger.debug("Configuration: %s: %s", layer, entries or "nothing")

    def _note_changes(self, node: Node, overrides: Overrides) -> None:
        summary, config = self._result.summary, self._result.config
        for path, old in overrides.originals.items():
            full = node.path.below(*path)
            summary.note_change(full, old, full.find(config, {}))
            self._result.originals[full] = old
        added = {node.path.below(*path) for path in overrides.added} - {_SEED}
        summary.added |= set(map(str, added))


def _is_empty(value: Any) -> bool:
    return isinstance(value, dict) and not value
