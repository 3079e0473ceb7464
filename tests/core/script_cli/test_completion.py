"""Tests of completion in the shell."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from sacred_core import Experiment
from sacred_core.cli.main import sacred
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


#: Calls the function of each shell for a line, as the shell does, and prints the candidates.
HARNESSES = {
    "bash": """
        source code; compopt() {{ :; }}
        COMP_LINE='{line}' COMP_POINT={length}
        _sacred_complete; printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    "zsh": """
        compdef() {{ :; }}; compadd() {{ shift 4; print -rl -- "$@"; }}; _files() {{ :; }}
        source ./code; words=("${{(@s: :):-{line}}}"); CURRENT=$#words; _sacred_complete
    """,
    "fish": "source code; complete -C '{line}'",
}


@pytest.mark.parametrize("shell", HARNESSES)
def test_every_shell_completes(script: Path, shell: str) -> None:
    """The documented line enables it for scripts, run by Python or themselves, and for `sacred`."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (script.parent / "other.py").write_text("print('no experiment')\n")
    printed = CliRunner().invoke(sacred, ["completion", shell]).output
    (script.parent / "code").write_text(printed)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def completed(line: str) -> list[str]:
        code = HARNESSES[shell].format(line=line, length=len(line))
        done = subprocess.run(
            [shell, "-c", code], cwd=script.parent, capture_output=True, text=True, env=environment
        )
        return done.stdout.split()

    assert completed("python script.py ev") == ["evaluate"]
    assert completed("python script.py with ")[:2] == ["large", "layers.first="]
    assert completed("python script.py --capt") == ["--capture"]
    assert completed("./script.py with lea") == ["learning_rate="]
    assert completed("sacred run") == ["runs"]
    assert {"list", "show", "tag"} <= {*completed("sacred runs ")}
    assert completed("sacred runs list --exa") == ["--exact"]
    if shell != "fish":  # which completes names of files in the same call
        assert completed("python other.py ev") == completed("sacred runs list no") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_has_its_line(shell: str) -> None:
    """What `sacred completion` prints calls the script the same way."""
    code = CliRunner().invoke(sacred, ["completion", shell]).output
    assert "_SACRED_COMPLETE" in code
    if shutil.which(shell):
        syntax = subprocess.run([shell, "-n"], input=code, capture_output=True, text=True)
        assert syntax.returncode == 0, syntax.stderr
