"""What tests of the checks share."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from sacred_core.doctor import Finding, Level

#: Installs a distribution into a folder on ``sys.path``.
Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Write the metadata and the files of a distribution to a folder on ``sys.path``."""

    def write(
        name: str,
        version: str = "1.0",
        requires: tuple[str, ...] = (),
        plugin: str = "",
        files: dict[str, str] | None = None,
        folder: str = "site",
    ) -> Path:
        site = tmp_path / folder
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        lines = [f"Requires-Dist: {each}" for each in requires]
        text = "\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *lines])
        (info / "METADATA").write_text(f"{text}\n\n")
        if plugin:
            (info / "entry_points.txt").write_text(f"[sacred_core]\n{plugin}\n")
        for path, content in (files or {}).items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(content)
        (info / "RECORD").write_text("".join(f"{path},,\n" for path in files or ()))
        monkeypatch.syspath_prepend(str(site))
        return site

    return write


def problems(findings: Iterable[Finding]) -> list[tuple[str, str, str]]:
    """Return level, message and fix of the findings that something is wrong."""
    return [
        (str(each.level), each.message, each.fix) for each in findings if each.level is not Level.OK
    ]
