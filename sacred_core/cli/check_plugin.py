"""``sacred plugins --check NAME``: which rules of the contract an installed plugin follows."""

import difflib
import json
from collections.abc import Iterator
from typing import Any

import attrs
import click

from sacred_core.exceptions import UsageError
from sacred_core.hooks.discovery import FoundPlugin, installed_plugins, normalize_project
from sacred_core.hooks.lookup import KNOWN_NAMES
from sacred_core.hooks.targets import ends_process
from sacred_core.masking import mask_text
from sacred_core.plurals import counted
from sacred_core.printable import printable


@attrs.frozen(kw_only=True)
class CheckedRule:
    """A rule of the contract, and whether a plugin follows it.

    Attributes:
        rule: Its title.
        description: What it requires.
        passed: Whether the plugin follows it.
        message: What is wrong, None if nothing is.
    """

    rule: str
    description: str
    passed: bool
    message: str | None


def print_check(name: str, as_json: bool) -> bool:
    """Check a plugin, print each rule with its result, and return whether all have passed.

    Args:
        name: The name of the plugin, or of its distribution.
        as_json: Print one JSON object.

    Raises:
        UsageError: no such plugin is installed.
    """
    from sacred_core.testing.contract_version import CONTRACT_VERSION

    plugin = find_plugin(name)
    rules = []
    if not as_json:
        click.echo(printable(f"{plugin.name} ({plugin.distribution}), contract {CONTRACT_VERSION}"))
    for rule in check_rules(plugin):
        rules.append(rule)
        if not as_json:
            _print_rule(rule)
    failed = sum(not rule.passed for rule in rules)
    if as_json:
        found = {
            "name": plugin.name,
            "distribution": plugin.distribution,
            "contract": CONTRACT_VERSION,
            "rules": [attrs.asdict(rule) for rule in rules],
        }
        click.echo(json.dumps(found, indent=2))
    else:
        passed = len(rules) - failed
        click.echo(f"{counted(len(rules), 'rule')}: {passed} passed, {failed} failed")
    return not failed


def find_plugin(name: str) -> FoundPlugin:
    """Return the installed plugin with a name, or of a distribution.

    Raises:
        UsageError: there is none; the message has those that are installed.
    """
    found = installed_plugins()
    for plugin in found:
        project = normalize_project(plugin.distribution.partition(" ")[0])
        if plugin.name == name or project == normalize_project(name):
            return plugin
    missing = {known.distribution for known in KNOWN_NAMES}
    for distribution in (name, f"sacred-{name}"):
        if distribution in missing:
            raise UsageError(f"{distribution} is not installed: pip install {distribution}")
    names = [plugin.name for plugin in found]
    close = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"installed are {', '.join(names) or 'none'}"
    raise UsageError(f"no installed plugin is named {name!r}: {hint}")


def check_rules(plugin: FoundPlugin) -> Iterator[CheckedRule]:
    """Yield each rule of `PluginContract` with its result for a plugin, in the documented order."""
    from sacred_core.testing.contract_version import title_of
    from sacred_core.testing.plugin_contract import PluginContract

    class Contract(PluginContract):
        distribution = plugin.distribution.partition(" ")[0]

    for name, rule in vars(PluginContract).items():
        if name.startswith("test_"):
            message = _failure(getattr(Contract(), name))
            description = " ".join((rule.__doc__ or "").split())
            yield CheckedRule(
                rule=title_of(name),
                description=description,
                passed=message is None,
                message=message,
            )


def _failure(test: Any) -> str | None:
    """Return why a rule is broken, None if it is not."""
    try:
        test()
    except AssertionError as error:
        return mask_text(str(error))
    except BaseException as error:
        if ends_process(error):
            raise
        return mask_text(f"{type(error).__name__}: {error}")
    return None


def _print_rule(rule: CheckedRule) -> None:
    click.echo(f"{'passed' if rule.passed else 'failed'}  {rule.rule}")
    if not rule.passed:
        click.echo(f"        {printable(rule.description)}")
        click.echo(f"        {printable(str(rule.message))}")
