"""Tests of what is checked of a plugin before it is used."""

import pytest

from sacred_core.hooks.checking import version_mismatch


@pytest.mark.parametrize(
    "requirement", [">=0.1,<0.2", ">=0.1.3,<0.2", "<0.2,>=0.1", ">0.1.2,<=0.2", "", "==0.1.3"]
)
def test_a_version_within_its_bounds_fits(requirement: str) -> None:
    """The version 0.1.3 fulfils each of the requirements."""
    assert version_mismatch(requirement, "0.1.3") == ""


@pytest.mark.parametrize("version", ["0.2", "0.2.0", "0.2.0.dev1", "0.2.1", "0.10.0", "1.0"])
def test_a_core_that_is_too_new_asks_for_another_plugin(version: str) -> None:
    """A version from the upper bound on is refused, and the plugin is to be upgraded."""
    text = version_mismatch(">=0.1,<0.2", version)
    assert text == f"it needs sacred-core>=0.1,<0.2, and {version} is installed: upgrade the plugin"


@pytest.mark.parametrize(
    ("requirement", "version"),
    [(">=0.2,<0.3", "0.1.9"), (">=0.2.1", "0.2"), (">0.1", "0.1.0"), (">=0.10", "0.9.9")],
)
def test_a_core_that_is_too_old_is_to_be_upgraded(requirement: str, version: str) -> None:
    """A version below the lower bound is refused, and the core is to be upgraded."""
    text = version_mismatch(requirement, version)
    assert text.endswith(f"and {version} is installed: pip install -U sacred-core"), text
