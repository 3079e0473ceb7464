"""Tests of what package indexes show of each distribution: addresses, description, extras."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from readme_renderer import markdown

ROOT = Path(__file__).parents[2]
MEMBERS = [ROOT, *sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))]
#: The address of the project, which all others begin with.
HOME = "https://github.com/sacred-core/sacred-core"


def project(folder: Path) -> dict[str, Any]:
    """Return the table ``[project]`` of a distribution."""
    text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, Any] = tomllib.loads(text)["project"]
    return found


@pytest.mark.parametrize("folder", MEMBERS, ids=lambda folder: project(folder)["name"])
def test_addresses_are_complete_and_exist(folder: Path) -> None:
    """Each distribution has five addresses; those of pages and folders exist in the checkout."""
    urls = project(folder)["urls"]
    assert urls["Homepage"] == HOME
    assert urls["Issues"] == f"{HOME}/issues"
    assert set(urls) == {"Homepage", "Documentation", "Changelog", "Issues", "Source"}
    assert all(url.startswith(HOME) for url in urls.values())
    paths = [re.sub(r"^/(blob|tree)/main/", "", url.removeprefix(HOME)) for url in urls.values()]
    assert [path for path in paths if path != "/issues" and not (ROOT / path).exists()] == []
    assert (ROOT / urls["Source"].removeprefix(HOME).removeprefix("/tree/main/")) == folder


@pytest.mark.parametrize("folder", MEMBERS, ids=lambda folder: project(folder)["name"])
def test_the_description_renders(folder: Path) -> None:
    """The README becomes HTML as on PyPI, in which all links have full addresses."""
    readme = folder / project(folder)["readme"]
    page = markdown.render(readme.read_text(encoding="utf-8"))
    assert page is not None and "<h1" in page
    targets = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert [each for each in targets if not each.startswith(("https://", "#"))] == []


def test_each_plugin_has_an_extra() -> None:
    """`sacred-core[NAME]` installs `sacred-NAME`, for each plugin; `all` installs all of them."""
    extras = project(ROOT)["optional-dependencies"]
    plugins = [
        project(folder)["name"]
        for folder in MEMBERS[1:]
        if "sacred_core" in project(folder).get("entry-points", {})
    ]
    names = sorted(name.removeprefix("sacred-") for name in plugins)
    assert sorted(set(extras) - {"all"}) == names
    for name in names:
        assert re.split(r"[^a-z0-9-]", extras[name][0])[0] == f"sacred-{name}"
    assert extras["all"] == [f"sacred-core[{','.join(names)}]"]
