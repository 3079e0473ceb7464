"""An experiment's ingredients: in the order of configuration, and what each of them sees."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import attrs

from sacred_core.config.contributions import ConfigSummary, Configuration, Contribution
from sacred_core.config.entries import read_only
from sacred_core.dotted_path import (
    MISSING,
    ROOT,
    DottedPath,
    first_value,
    join_paths,
    reach,
    without,
)
from sacred_core.exceptions import CircularDependencyError, ConfigError, NamedConfigNotFoundError
from sacred_core.shared_methods import StateMethods


class Configurable(Protocol):
    """An ingredient, as configuration sees it."""

    path: str
    ingredients: list[Any]
    configurations: list[Configuration]
    named_configs: dict[str, Configuration]
    config_hooks: list[Callable[..., Any]]


class Node:
    """One ingredient of an experiment.

    Attributes:
        ingredient: The ingredient.
        path: Where its entries are in the configuration; empty for the experiment.
        below: The nodes of all ingredients that it uses, however deep, each once.
    """

    def __init__(self, ingredient: Any, path: DottedPath, below: tuple["Node", ...]) -> None:
        self.ingredient = ingredient
        self.path = path
        self.below = below

    def relative(self, other: "Node") -> DottedPath:
        """Return the path by which this node sees ``other``, one of those below."""
        own, theirs = self.path, other.path
        common = 0
        while common < min(len(own), len(theirs) - 1) and own[common] == theirs[common]:
            common += 1
        return DottedPath(theirs[common:])


def nodes_of(root: Configurable) -> list[Node]:
    """Return the nodes of ``root``: ingredients before those that use them, ``root`` last.

    Raises:
        CircularDependencyError: an ingredient uses itself, through others.
        ConfigError: two ingredients have one path.
    """
    done: dict[int, Node] = {}
    _visit(root, ROOT, done, [])
    nodes = list(done.values())
    by_path: dict[DottedPath, Node] = {}
    for node in nodes:
        other = by_path.setdefault(node.path, node)
        if other is not node:
            raise ConfigError(f"two ingredients have the same path {node.path!r}: rename one")
    return nodes


def _visit(
    ingredient: Configurable, path: DottedPath, done: dict[int, Node], around: list[Configurable]
) -> Node:
    if id(ingredient) in done:
        return done[id(ingredient)]
    if any(ingredient is other for other in around):
        names = " -> ".join(repr(i.path) for i in [*around, ingredient])
        raise CircularDependencyError(f"circular dependency between ingredients: {names}")
    below: dict[int, Node] = {}
    for inner in ingredient.ingredients:
        node = _visit(inner, DottedPath.parse(inner.path), done, [*around, ingredient])
        below |= {id(n.ingredient): n for n in (*node.below, node)}
    done[id(ingredient)] = Node(ingredient, path, tuple(below.values()))
    return done[id(ingredient)]


def without_ingredients(
    node: Node, configuration: Configuration, contribution: Contribution
) -> tuple[Contribution, list[str]]:
    """Leave out what sets an ingredient that ``node`` uses: its own configuration counts.

    Returns:
        What remains, and a warning for each ingredient that was set.
    """
    entries, extras = contribution.entries, contribution.extras
    warnings = []
    for other in node.below:
        path = node.relative(other)
        found = first_value(entries, path) or first_value(extras, path)
        if found:
            entries, extras = without(entries, found), without(extras, found)
            warnings.append(
                f"The {configuration.origin} sets {found!r}, which has no effect: "
                f"{other.path!r} is an ingredient. Set its entries in a scope decorated with "
                "@<ingredient>.config, with <ingredient>.add_config(...), or in a named "
                "configuration"
            )
    return Contribution(entries, extras, contribution.replacing), warnings


def traverse(root: Configurable) -> Iterator[tuple[Any, int]]:
    """Yield ``root`` and its ingredients, each before those that it uses, with its depth.

    Raises:
        CircularDependencyError: as in `nodes_of`.
    """
    nodes_of(root)  # the check
    yield from _preorder(root, 0)


def _preorder(ingredient: Any, depth: int) -> Iterator[tuple[Any, int]]:
    yield ingredient, depth
    for inner in ingredient.ingredients:
        yield from _preorder(inner, depth + 1)


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
        from sacred_core.config.files import load_config_file

        return nodes[-1], ConfigDict(load_config_file(name), name)
    if name not in offered:
        import difflib  # only where something is wrong

        close = difflib.get_close_matches(name, offered, 2)
        hint = f": did you mean {' or '.join(map(repr, close))}?" if close else _list_names(offered)
        raise NamedConfigNotFoundError(
            f"unknown named configuration {name!r}{hint}{_list_formats(name, offered)}"
        )
    return offered[name]


def named_configs(nodes: Sequence[Node]) -> dict[str, tuple[Node, Configuration]]:
    """Return all named configurations by their dotted names, as the experiment renames them."""
    renamed = nodes[-1].ingredient.post_process_name
    return {
        renamed(join_paths(node.ingredient.path, name), node.ingredient): (node, configuration)
        for node in nodes
        for name, configuration in node.ingredient.named_configs.items()
    }


def _looks_like_file(name: str) -> bool:
    if "." not in name:
        return False
    from sacred_core.config.files import has_config_suffix

    return has_config_suffix(name)


def _list_formats(name: str, offered: Iterable[str]) -> str:
    """Return the end of a message for what is probably a file, of a format that is not known."""
    group, _, suffix = name.rpartition(".")
    is_path = any(other.startswith(f"{group}.") for other in offered)
    if is_path or not group or not suffix.isalpha():
        return ""
    from sacred_core.config.files import config_suffixes

    return f"; configuration files end in {', '.join(config_suffixes())}"


def _list_names(offered: dict[str, tuple[Node, Configuration]]) -> str:
    return f" (available: {', '.join(sorted(offered)) or 'none'})"


@attrs.define(eq=False, repr=False)
class ResolvedConfig(StateMethods):
    """The configuration of one run.

    Attributes:
        config: Nested dictionaries of plain data, and of other objects as they are.
        nodes: The ingredients, the experiment last.
        extras: For each node's path what its functions may take by name beside the entries.
        summary: What differs from the defaults.
        originals: What updates and named configurations replaced, by path.
        warnings: About configurations that have no effect.
    """

    config: dict[str, Any] = attrs.field(factory=dict)
    nodes: list[Node] = attrs.field(factory=list)
    extras: dict[DottedPath, dict[str, Any]] = attrs.field(factory=dict)
    summary: ConfigSummary = attrs.field(factory=ConfigSummary)
    originals: dict[DottedPath, Any] = attrs.field(factory=dict)
    warnings: list[str] = attrs.field(factory=list)


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
        """Return the dotted path of the entries of ``owner``; None is the experiment.

        Raises:
            ConfigError: it is not part of the experiment.
        """
        node = self._node(owner)
        return str(node.path) if node is not None else ""

    def config_of(self, owner: Any, prefix: str | None) -> Mapping[str, Any]:
        """Return the entries that functions of ``owner`` see, below ``prefix`` if there is one."""
        found = DottedPath.parse(prefix or "").find(self._view(self._node(owner)))
        return found if isinstance(found, Mapping) else {}

    def extras_of(self, owner: Any) -> Mapping[str, Any]:
        """Return what else functions of ``owner`` may take by name."""
        node = self._node(owner)
        return {} if node is None else self._extras.get(node.path, {})

    def entries_of(self, owner: Any, prefix: str | None, name: str | None = None) -> list[str]:
        """Return the dotted paths of what functions of ``owner`` get from the configuration.

        Args:
            owner: As for `config_of`.
            prefix: As for `config_of`.
            name: Of an argument; None for all that `config_of` returns.
        """
        node, local = self._node(owner), DottedPath.parse(prefix or "")
        local = local if name is None else local.below(name)
        if node is None:
            return [str(local)]
        outside = {node.relative(o): o.path for o in self._outside(node)}
        for relative, path in outside.items():
            if local.is_inside(relative):
                return [str(path.below(*local[len(relative) :]))]
        own = node.path.below(*local)
        found = [] if own and own.find(self._config, MISSING) is MISSING else [own]
        found += [path for relative, path in outside.items() if relative.is_inside(local)]
        return list(map(str, found))

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
        own: dict[str, Any] = node.path.find(self._config, {})
        outside = {node.relative(o): o for o in self._outside(node)}
        if not outside:
            return own
        merged = dict(own)
        for name, other in outside.items():
            *parents, last = name
            reach(merged, parents).setdefault(last, other.path.find(self._config, {}))
        return merged

    @staticmethod
    def _outside(node: Node) -> Iterator[Node]:
        """Yield the ingredients that a node uses and whose entries are not among its own."""
        return (other for other in node.below if not other.path.is_inside(node.path))
