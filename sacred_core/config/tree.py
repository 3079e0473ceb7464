"""An experiment's ingredients in the order in which they are configured."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import attrs

from sacred_core.config.overrides import Overrides
from sacred_core.config.paths import first_value, without
from sacred_core.config.summary import Origin
from sacred_core.exceptions import CircularDependencyError, ConfigError


@attrs.frozen
class Contribution:
    """What one scope, dictionary or file adds.

    Attributes:
        entries: What is recorded, by name: plain data, and other objects as they are.
        extras: What functions may take by name but is not recorded: private names, modules, and
            what a scope defines with ``def`` or ``class``.
        replacing: Names of ``entries`` that replace what other configurations set. All other
            dictionaries are merged with it.
    """

    entries: dict[str, Any]
    extras: dict[str, Any] = attrs.field(factory=dict)
    replacing: frozenset[str] = frozenset()


class Configuration(Protocol):
    """A scope or a dictionary."""

    @property
    def origin(self) -> Origin:
        """What is told of where its entries come from."""

    @property
    def docs(self) -> Mapping[str, str]:
        """Comments on its entries; under ``""`` what it says of itself."""

    @property
    def parameters(self) -> Sequence[str]:
        """Names that it takes from elsewhere."""

    def evaluate(self, overrides: Overrides, available: dict[str, Any]) -> Contribution:
        """Return what it adds while ``overrides`` keep what they fix."""


class Configurable(Protocol):
    """An ingredient, as far as configuration knows it."""

    path: str
    ingredients: list[Any]
    configurations: list[Configuration]
    named_configs: dict[str, Configuration]
    config_hooks: list[Callable[..., Any]]


@attrs.frozen(eq=False)
class Node:
    """One ingredient of an experiment.

    Attributes:
        ingredient: The ingredient.
        path: Where its entries stand in the configuration; ``""`` for the experiment.
        below: The nodes of all ingredients that it uses, however deep, each once.
    """

    ingredient: Any
    path: str
    below: tuple["Node", ...]

    def relative(self, other: "Node") -> str:
        """Return the dotted name by which this node sees ``other``, one of those below."""
        own, theirs = self.path.split("."), other.path.split(".")
        common = 0
        while common < min(len(own), len(theirs) - 1) and own[common] == theirs[common]:
            common += 1
        return ".".join(theirs[common:])


def nodes_of(root: Configurable) -> list[Node]:
    """Return the nodes of ``root``: ingredients before those that use them, ``root`` last.

    Raises:
        CircularDependencyError: an ingredient uses itself, through others.
        ConfigError: two ingredients have one path.
    """
    done: dict[int, Node] = {}
    _visit(root, "", done, [])
    nodes = list(done.values())
    by_path: dict[str, Node] = {}
    for node in nodes:
        other = by_path.setdefault(node.path, node)
        if other is not node:
            raise ConfigError(f"two ingredients have the same path {node.path!r}: rename one")
    return nodes


def _visit(
    ingredient: Configurable, path: str, done: dict[int, Node], around: list[Configurable]
) -> Node:
    if id(ingredient) in done:
        return done[id(ingredient)]
    if any(ingredient is other for other in around):
        names = " -> ".join(repr(i.path) for i in [*around, ingredient])
        raise CircularDependencyError(f"ingredients use each other in a circle: {names}")
    below: dict[int, Node] = {}
    for inner in ingredient.ingredients:
        node = _visit(inner, inner.path, done, [*around, ingredient])
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
        keys = node.relative(other).split(".")
        found = first_value(entries, keys) or first_value(extras, keys)
        if found:
            entries, extras = without(entries, found), without(extras, found)
            warnings.append(
                f"The {configuration.origin} sets {'.'.join(found)!r}, which has no effect: "
                f"{other.path!r} is an ingredient. Set its entries in a scope decorated with "
                "@<ingredient>.config, with <ingredient>.add_config(...), or in a named "
                "configuration"
            )
    return attrs.evolve(contribution, entries=entries, extras=extras), warnings


def traversed(root: Configurable) -> Iterator[tuple[Any, int]]:
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
