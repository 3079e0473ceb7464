"""Tests of ``sacred plugins --check NAME``."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sacred_core.cli.exit_codes import exit_code_of
from sacred_core.cli.plugins import plugins
from sacred_core.exceptions import UsageError
from sacred_core.testing import CONTRACT_VERSION, PluginContract
from sacred_core.testing.contract_version import rules_of
from sacred_core.testing.samples import PLUGIN_SOURCE


def check(*arguments: str) -> Result:
    return CliRunner().invoke(plugins, ["--check", *arguments])


@pytest.mark.parametrize("name", ["acme", "Acme"])
def test_each_rule_of_a_good_plugin_has_passed(acme: Any, name: str) -> None:
    """The plugin is found by its name and by that of its distribution; the exit code is 0."""
    acme.add("acme", PLUGIN_SOURCE)
    done = check(name)
    first, *rules, last = done.stdout.splitlines()
    assert done.exit_code == 0
    assert first == f"acme (acme 1.0), contract {CONTRACT_VERSION}"
    assert len(rules) == len(rules_of(PluginContract))
    assert all(line.startswith("passed  it") for line in rules)
    assert last == f"{len(rules)} rules: {len(rules)} passed, 0 failed"


def test_a_broken_rule_is_shown_with_its_reason(acme: Any) -> None:
    """What the rule requires, and what is wrong, follow its title; the exit code is 1."""
    acme.add("acme", PLUGIN_SOURCE, requires=">=0.1")
    done = check("acme")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    place = lines.index("failed  it requires a range of sacred core")
    assert "requires a version range" in lines[place + 1]
    assert "acme must require a range like sacred-core>=0.1,<0.2" in lines[place + 2]
    assert lines[-1].endswith("rules: 9 passed, 1 failed")


def test_a_plugin_that_cannot_be_imported_breaks_rules(acme: Any) -> None:
    """An exception is shown with its class, also one that would end the process."""
    acme.add("acme", "    raise SystemExit('not on this machine')\n")
    done = check("acme")
    assert done.exit_code == 1
    assert "SystemExit: not on this machine" in done.stdout
    assert "passed  it has a description" in done.stdout


def test_a_secret_in_a_reason_is_masked(acme: Any) -> None:
    """An exception of a plugin may contain a password."""
    acme.add("acme", "    raise RuntimeError('no database at db://ann:hunter2@host')\n")
    done = check("acme")
    assert "no database at db://ann:***@host" in done.stdout
    assert "hunter2" not in done.stdout


def test_the_result_is_data(acme: Any) -> None:
    """With ``--json`` each rule has its description, its result and its message."""
    acme.add("acme", PLUGIN_SOURCE, summary="")
    done = check("acme", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert [found[key] for key in ("name", "distribution", "contract")] == [
        "acme", "acme 1.0", CONTRACT_VERSION,
    ]  # fmt: skip
    failed = [rule for rule in found["rules"] if not rule["passed"]]
    assert [rule["rule"] for rule in failed] == ["it has a description"]
    assert failed[0]["message"] == "acme has no description"
    assert {rule["message"] for rule in found["rules"] if rule["passed"]} == {None}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], r"no installed plugin is named 'nothing': installed are .*acme"),
        (["acmee"], r"no installed plugin is named 'acmee': did you mean 'acme'\?"),
        (["acme", "--hooks"], "--check cannot be used with --hooks"),
    ],
)
def test_a_wrong_name_is_an_error_of_usage(acme: Any, arguments: list[str], message: str) -> None:
    """The exit code differs from that of a plugin that breaks a rule."""
    acme.add("acme", PLUGIN_SOURCE)
    done = check(*arguments)
    assert isinstance(done.exception, UsageError)
    assert exit_code_of(done.exception) == 2
    with pytest.raises(UsageError, match=message):
        raise done.exception


def test_an_official_plugin_that_is_missing_has_its_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error has the command that installs it, for both of its names."""
    monkeypatch.setattr("sacred_core.cli.check_plugin.installed_plugins", list)
    for name in ("mongo", "sacred-mongo"):
        error = check(name).exception
        assert str(error) == "sacred-mongo is not installed: pip install sacred-mongo"
