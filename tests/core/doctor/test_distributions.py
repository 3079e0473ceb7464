"""Tests of the installed distributions."""

from sacred_core.doctor.distributions import (
    installed_distributions,
    own_distributions,
    project_of,
    requirements_of,
)

from .conftest import Install


def test_requirements_have_projects_and_bounds(install: Install) -> None:
    """Extras are omitted, and requirements that hold only under a condition."""
    install(
        "acme",
        requires=("Fancy.Library[all]>=2,<3", "plain", "other (>1)", "no; sys_platform == 'x'"),
    )
    [acme] = installed_distributions()["acme"]
    assert [*requirements_of(acme)] == [
        ("fancy-library", ">=2,<3"),
        ("plain", ""),
        ("other", ">1"),
    ]


def test_own_distributions_have_plugins_or_belong_to_them(install: Install) -> None:
    """A library of a plugin that requires the core is one; other requirements are not."""
    install("acme", requires=("acme-core", "acme-other", "sacred-core"), plugin="acme = acme")
    install("acme-core", requires=("sacred-core>=0.1",), folder="b")
    install("acme-other", folder="c")
    install("unrelated", requires=("sacred-core",), folder="d")
    names = [project_of(each) for each in own_distributions(installed_distributions())]
    assert {"acme", "acme-core", "sacred-core"} <= {*names}
    assert not {"acme-other", "unrelated"} & {*names}


def test_copies_are_in_the_order_of_the_path(install: Install) -> None:
    """The first of two copies is the one that Python imports; each folder counts once."""
    install("acme", "1.0", folder="old")
    site = install("acme", "2.0", folder="new")
    import sys

    sys.path.append(str(site))
    try:
        versions = [each.version for each in installed_distributions()["acme"]]
    finally:
        sys.path.remove(str(site))
    assert versions == ["2.0", "1.0"]
