"""Tests of commands of plugins that read the words after ``with``, and of `Experiment.sweep`."""

import textwrap
from typing import Any

import pytest

from sacred_core import Experiment
from sacred_core.exceptions import PluginLoadError
from sacred_core.hooks.manager import PluginManager
from sacred_core.script_cli import offered_commands

PLUGIN = '''
    from sacred_core import CLIOption, CommandSpec, hookimpl

    def sweep(ex, request):
        """Sweep entries.

        With words of its own.
        """
        print("swept", ex.path, request.tokens, request.updates, request.options.get("--times"))
        return "started"

    def call(ex, space, options):
        return ex.path, space, options

    @hookimpl
    def sacred_commands():
        yield CommandSpec(
            "sweep", sweep, "sweep entries", of_experiments=True, takes_request=True, method=call
        )

    @hookimpl
    def sacred_cli_options():
        yield CLIOption(("-y", "--times"), metavar="N", help="how often", command="sweep")
'''
SCRIPT = """
    from sacred_core import Experiment

    ex = Experiment("swept")

    @ex.config
    def config():
        rate = 1

    @ex.main
    def main(rate, _run):
        print("ran", rate, "--times" in _run.options)

    if __name__ == "__main__":
        print(ex.run_commandline())
"""


@pytest.fixture
def script(installation: Any) -> Any:
    """Runs a script of which a plugin sweeps entries."""
    installation.add("sweeper", PLUGIN)
    (installation.folder / "swept.py").write_text(textwrap.dedent(SCRIPT))

    def run(*words: str) -> tuple[str, str]:
        result = installation.python("swept.py", *words, SACRED_PLUGINS__DISABLE="sweep")
        return result.stdout, result.stderr

    return run


def test_a_command_reads_its_words_itself(script: Any) -> None:
    """Words that are no updates are not read; options are, and the result is returned."""
    out, _ = script("sweep", "with", "zip(a=[1],b.c=[2])", "rate", "-y", "3")
    assert out == "swept swept ['zip(a=[1],b.c=[2])', 'rate'] {} 3\nstarted\n"


def test_options_of_a_command_are_only_its_own(script: Any) -> None:
    """Another command has no such option, also if an argument is the name of the command."""
    out, err = script("--times", "3")
    assert (out, err) == ("", "Error: No such option '--times': only the command 'sweep' has it\n")
    out, err = script("-n", "sweep", "-u", "with", "rate=2")
    assert out.startswith("ran 2 False\n")
    assert script("-c", "sweep", "-y", "3")[1].startswith("Error: No such option '-y'")


def test_the_help_has_the_command_and_its_options(script: Any) -> None:
    """The general help has the command, and that of the command its docstring and options."""
    out, _ = script("--help")
    assert "sweep                Sweep entries." in out
    assert "--times" not in out
    assert script("help", "sweep")[0] == (
        "sweep() -> None\n  Sweep entries.\n\n  With words of its own.\n\n"
        "Options of sweep:\n  -y, --times N  how often\n"
    )
    assert "Options of" not in script("help", "main")[0]


def test_the_shell_completes_options_of_the_command(installation: Any) -> None:
    """After the command its options are candidates, and after another one they are not."""
    installation.add("sweeper", PLUGIN)
    (installation.folder / "swept.py").write_text(textwrap.dedent(SCRIPT))

    def complete(*words: str) -> str:
        given = {"_SACRED_COMPLETE": "\n".join(words), "SACRED_PLUGINS__DISABLE": "sweep"}
        return str(installation.python("swept.py", **given).stdout)

    assert complete("sweep", "--time") == "--times\n"
    assert complete("main", "--time") == "\n"


def test_a_command_of_the_script_replaces_it(installation: Any) -> None:
    """The script's own command of this name has ordinary updates."""
    installation.add("sweeper", PLUGIN)
    source = SCRIPT.replace("def main", "def sweep")
    (installation.folder / "own.py").write_text(textwrap.dedent(source))
    result = installation.python("own.py", "sweep", "-u", "with", "rate=5")
    assert result.stdout.startswith("ran 5 False\n"), result.stderr


def test_it_is_not_a_command_of_calls(script: Any, installation: Any) -> None:
    """`ex.run("sweep")` explains where the command can be used; `ex.sweep` calls the plugin."""
    code = (
        "import swept\n"
        "try: swept.ex.run('sweep')\nexcept Exception as error: print(error)\n"
        "print(swept.ex.sweep({'rate': [1]}, seeds=2))\n"
    )
    found = installation.python("-c", code, SACRED_PLUGINS__DISABLE="sweep")
    assert found.stdout == (
        "the command 'sweep' can only be used on a command line\n"
        "('swept', {'rate': [1]}, {'seeds': 2})\n"
    ), found.stderr


def test_a_missing_plugin_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a plugin for sweeps the error has the command that installs one."""
    monkeypatch.setattr(offered_commands, "plugin_manager", lambda: PluginManager([]))
    with pytest.raises(PluginLoadError, match=r"pip install sacred-sweep"):
        Experiment("none", interactive=True).sweep({"rate": [1]})
