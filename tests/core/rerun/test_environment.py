"""Tests of environments that uv makes."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sacred_core.exceptions import RerunError
from sacred_core.rerun.environment import (
    make_environment,
    own_requirements,
    recorded_requirements,
)
from sacred_core.stores import StoredRun

UV = """#!{python}
import json, sys
from pathlib import Path
words = sys.argv[1:]
with Path({log!r}).open("a") as log:
    log.write(json.dumps(words) + "\\n")
if words[:2] == ["python", "find"]:
    print("/opt/python" if words[-1] == "3.9.1" else "", end="")
    sys.exit(words[-1] != "3.9.1")
if "bad==1.0" in words:
    print("No solution found:\\n  bad==1.0 does not exist", file=sys.stderr)
    sys.exit(1)
"""


@pytest.fixture
def uv(tmp_path: Path) -> str:
    """A program in place of uv that writes its arguments to a file."""
    program = tmp_path / "uv"
    program.write_text(UV.format(python=sys.executable, log=str(tmp_path / "log")))
    program.chmod(0o755)
    return str(program)


def calls(tmp_path: Path) -> list[list[str]]:
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


def run(*packages: str, python: str | None = "3.9.1") -> StoredRun:
    host: dict[str, Any] = {} if python is None else {"python_version": python}
    experiment = {"dependencies": list(packages)}
    return StoredRun(id=1, status="COMPLETED", experiment=experiment, host=host)


def test_recorded_packages_are_installed(uv: str, tmp_path: Path) -> None:
    """They get their versions, the recorded Python, and the core of this installation."""
    recorded = run("numpy==1.26.4", "sacred-core==0.0.1", "sacred_core==0.0.1")
    environment = make_environment(recorded, tmp_path / "env", uv)
    assert Path(environment.python).parent.parent == tmp_path / "env"
    assert (environment.version, environment.warnings) == ("3.9.1", [])
    _, create, install = calls(tmp_path)
    assert create == ["venv", "--quiet", "--python", "/opt/python", str(tmp_path / "env")]
    start = ["pip", "install", "--quiet", "--python", environment.python, "numpy==1.26.4"]
    assert install[: len(start)] == start
    rest = install[len(start) :]
    assert rest == [word for words in own_requirements().values() for word in words]


def test_another_python_is_a_warning(uv: str, tmp_path: Path) -> None:
    """A version that uv does not find, or that is no version, is replaced by the present one."""
    environment = make_environment(run(python="3.2.9"), tmp_path / "env", uv)
    assert environment.version is None
    [warning] = environment.warnings
    assert warning.startswith("uv finds no Python 3.2.9: the rerun uses 3.")
    assert calls(tmp_path)[1][3] == sys.executable
    make_environment(run(python="--evil"), tmp_path / "env", uv)
    assert "--evil" not in str(calls(tmp_path))
    assert make_environment(run(python=None), tmp_path / "env", uv).warnings == []


def test_a_package_that_cannot_be_installed_is_named(uv: str, tmp_path: Path) -> None:
    """The message has the package and what uv reports."""
    with pytest.raises(RerunError) as error:
        make_environment(run("good==1.0", "bad==1.0"), tmp_path / "env", uv)
    assert str(error.value) == (
        "--env uv: cannot install bad==1.0: uv pip: No solution found: bad==1.0 does not exist"
    )


def test_a_missing_uv_is_an_error(tmp_path: Path) -> None:
    """The message says how to get it."""
    with pytest.raises(RerunError, match="the program uv is not installed"):
        make_environment(run(), tmp_path / "env", str(tmp_path / "none"))


def test_what_is_not_a_version_is_not_given_to_uv() -> None:
    """A record may contain anything, also options and addresses."""
    recorded = run("a==1.0", "--index-url==x", "b @ https://x/y", "c==1.0 --pre", "A.B==2")
    found, skipped = recorded_requirements(recorded, ["a-b"])
    assert found == ["a==1.0"]
    assert skipped == ["--index-url==x", "b @ https://x/y", "c==1.0 --pre"]


def test_uv_is_found_beside_the_interpreter(uv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is installed there where the environment of the interpreter is not activated."""
    monkeypatch.setattr("sys.executable", str(Path(uv).with_name("python")))
    environment = make_environment(run("numpy==1.26.4"), Path(uv).parent / "env", "uv")
    assert calls(Path(uv).parent)[-1][-1].startswith(("sacred", "/")) and environment.version


def test_sacred_is_not_installed_beside_what_takes_its_place() -> None:
    """The version that a rerun records for it is that of sacred-core."""
    packages = ("sacred==0.1.0", "sacred-core==0.1.0", "a==1.0")
    assert recorded_requirements(run(*packages), ["sacred-core"]) == (["a==1.0"], [])


def test_the_core_is_installed_from_where_it_is() -> None:
    """An editable installation is installed from its folder, a release by its version."""
    words = own_requirements()["sacred-core"]
    root = str(Path(__file__).parents[3])
    assert words in (["--editable", root], [root]) or words[0].startswith("sacred-core==")
