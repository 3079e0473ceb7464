"""Tests of completion in the shell."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sacred_core import Experiment
from sacred_core.script_cli.completion import candidates

SCRIPT = """
    from sacred_core import Experiment

    ex = Experiment("completed")
    ex.add_config(learning_rate=1, layers={"first": 2})
    ex.add_named_config("large", learning_rate=2)

    @ex.command
    def evaluate():
        pass

    @ex.automain
    def main():
        raise SystemExit("it ran")
"""


@pytest.fixture
def ex() -> Experiment:
    experiment = Experiment("completed")
    experiment.add_config(learning_rate=1, layers={"first": 2})
    experiment.add_named_config("large", learning_rate=2)
    experiment.main(lambda: None)
    experiment.command(lambda: None)
    return experiment


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["pr"], ["print_config", "print_dependencies", "print_named_configs"]),
        (["w"], ["with"]),
        (["print_config", ""], ["with"]),
        (["help", "print_c"], ["print_config"]),
        (["with", "l"], ["large", "layers.first=", "learning_rate="]),
        (["print_config", "with", "large", "layers."], ["layers.first="]),
        (["--log"], ["--loglevel"]),
        (["with", "--beat"], ["--beat_interval"]),
        (["zzz"], []),
    ],
)
def test_candidates(ex: Experiment, words: list[str], found: list[str]) -> None:
    """Commands first; after `with` configurations and entries; flags anywhere."""
    assert candidates(ex, words) == found


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.py"
    path.write_text(f"#!{sys.executable}\n" + textwrap.dedent(SCRIPT))
    path.chmod(0o755)
    return path


def test_the_script_answers_the_shell_and_runs_nothing(script: Path) -> None:
    """The words come in a variable, the candidates go out, one a line."""
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "_SACRED_COMPLETE": "with\nlay"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "layers.first=\n")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("python script.py ev", ["evaluate"]),
        ("./script.py with lea", ["learning_rate="]),
        ("python script.py --capt", ["--capture"]),
        ("python other.py ev", []),
    ],
)
def test_bash(script: Path, line: str, found: list[str]) -> None:
    """The documented line switches it on, for scripts run by Python and by themselves."""
    (script.parent / "other.py").write_text("print('no experiment')\n")
    code = f"""
        eval "$({sys.executable} -m sacred_core completion bash)"
        PATH="{Path(sys.executable).parent}:$PATH"
        COMP_LINE={line!r} COMP_POINT={len(line)}
        COMP_WORDS=({line}) COMP_CWORD=$(({len(line.split())} - 1))
        compopt() {{ :; }}
        _sacred_complete; printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", code], cwd=script.parent, capture_output=True, text=True)
    assert done.stdout.split() == found, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_its_line(shell: str) -> None:
    """What `sacred completion` prints calls the script the same way."""
    done = subprocess.run(
        [sys.executable, "-m", "sacred_core", "completion", shell], capture_output=True, text=True
    )
    assert "_SACRED_COMPLETE" in done.stdout
    if shutil.which(shell):
        syntax = subprocess.run([shell, "-n"], input=done.stdout, capture_output=True, text=True)
        assert syntax.returncode == 0, syntax.stderr
