"""The rules for launchers, with a program ``ssh`` that executes commands on this machine."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from example_ssh_launching import read_hosts
from sacred_sweep.testing import LauncherContract

from sacred_core.testing import PluginContract

#: The last argument is the command; the one before is the host.
SSH = """#!/bin/bash
[ "${@: -2:1}" = unreachable ] && { echo "Could not resolve hostname" >&2; exit 255; }
exec bash -c "exec ${@: -1}"
"""


class TestPlugin(PluginContract):
    distribution = "example-ssh"


@pytest.fixture(autouse=True, scope="module")
def _ssh(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("programs")
    (folder / "ssh").write_text(SSH)
    (folder / "ssh").chmod(0o755)
    TestLauncher.path = f"{folder}{os.pathsep}{os.environ['PATH']}"


class TestLauncher(LauncherContract):
    ends_with_driver = True
    path: ClassVar[str] = ""

    def text(self, workers: int) -> str:
        return f"ssh:node1,workers={workers}"

    def environ(self) -> Mapping[str, str]:
        return {"PATH": self.path}

    def wrong_texts(self) -> Mapping[str, str]:
        return {
            "ssh:a b": "what follows the colon must be names of hosts with + between them",
            "ssh:node1,worker=1": "unknown option 'worker': did you mean 'workers'?",
            "ssh:node1+unreachable": "'unreachable' cannot be reached: Could not resolve hostname",
        }

    def missing_engine(self, folder: Path) -> tuple[str, Mapping[str, str], str]:
        return "ssh:node1", {"PATH": str(folder)}, "the program ssh was not found"

    def logs(self, folder: Path) -> list[Path]:
        return []  # what workers print is printed by the program that starts them


@pytest.mark.parametrize("text", ["", "a+", "-oProxyCommand=x", "a;b"])
def test_other_names_are_errors(text: str) -> None:
    """A name cannot be an option of ssh, or a command."""
    with pytest.raises(ValueError, match="names of hosts"):
        read_hosts(text)


def test_names_may_have_users() -> None:
    """Hosts are separated by a plus."""
    assert read_hosts("node1+ada@node2.example.org") == ["node1", "ada@node2.example.org"]
