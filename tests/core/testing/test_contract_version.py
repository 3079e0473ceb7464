"""Tests of the version of the rules for plugins."""

import sacred_core.testing
from sacred_core.testing import CONTRACT_VERSION, ObserverContract
from sacred_core.testing.contract_version import CONTRACT_VERSIONS, rules_of, title_of


def test_the_newest_version_has_the_rules_of_the_code() -> None:
    """Who adds or removes a rule adds a version, or changes the one that is not released yet."""
    newest = CONTRACT_VERSIONS[-1]
    rules = {name: len(rules_of(getattr(sacred_core.testing, name))) for name in newest.rules}
    assert rules == newest.rules
    assert newest.version == CONTRACT_VERSION


def test_versions_increase() -> None:
    """The list is in order, and each version has what changed."""
    numbers = [tuple(map(int, each.version.split("."))) for each in CONTRACT_VERSIONS]
    assert numbers == sorted(set(numbers))
    assert all(each.changes.endswith(".") for each in CONTRACT_VERSIONS)


def test_rules_are_tests_of_a_contract_and_of_its_bases() -> None:
    """Other methods are none, and a test that a subclass disables is none."""

    class Contract(ObserverContract):
        test_it_may_be_joined_twice = None  # type: ignore[assignment]
        test_it_rings = staticmethod(print)

    rules = rules_of(Contract)
    assert "test_it_rings" in rules and "test_it_receives_a_whole_run" in rules
    assert "test_it_may_be_joined_twice" not in rules and "make_observer" not in rules
    assert title_of("test_it_receives_a_whole_run") == "it receives a whole run"
