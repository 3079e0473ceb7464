"""Tests of options that are defined as subclasses of `CommandLineOption`, as for Sacred 0.7."""

import gc
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sacred_core import Experiment, cli_option
from sacred_core.commandline_options import CommandLineOption
from sacred_core.exceptions import OptionError

SCRIPT = """
    from sacred_core import Experiment
    from sacred_core.commandline_options import CommandLineOption

    class MyLevelOption(CommandLineOption):
        '''Set the level.'''

        short_flag = "y"
        arg = "LEVEL"
        arg_description = "from 1 to 3"

        @classmethod
        def apply(cls, args, run):
            run.info["level"] = args

    class WarmUpOption(CommandLineOption):
        '''Warm up first.'''

        @classmethod
        def apply(cls, args, run):
            run.info["warm"] = args

    ex = Experiment("classes")

    @ex.automain
    def main(_run):
        print(sorted(_run.info.items()))
"""


def run_script(folder: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    (folder / "script.py").write_text(textwrap.dedent(SCRIPT))
    return subprocess.run(
        [sys.executable, "script.py", *args], cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    ("args", "printed"),
    [
        ([], "[]"),
        (["-y", "3"], "[('level', '3')]"),
        (["--my_level=3"], "[('level', '3')]"),
        (["--my-level", "3", "-w"], "[('level', '3'), ('warm', True)]"),
        (["--warm_up", "-u"], "[('warm', True)]"),
    ],
)
def test_a_class_is_an_option_of_the_script(tmp_path: Path, args: list[str], printed: str) -> None:
    """Its flags come from its name; `apply` gets the argument, or True, and the run."""
    done = run_script(tmp_path, *args)
    assert (done.returncode, done.stdout) == (0, f"{printed}\n"), done.stderr


def test_the_help_shows_option_classes(tmp_path: Path) -> None:
    """The help shows option classes, with flags, argument, docstring and the description of the
    argument.
    """
    text = " ".join(run_script(tmp_path, "--help").stdout.split())
    assert "-y, --my_level LEVEL Set the level. LEVEL: from 1 to 3" in text
    assert "-w, --warm_up Warm up first." in text


@pytest.fixture
def ex() -> Iterator[Experiment]:
    experiment = Experiment("classes")
    experiment.main(lambda _run: dict(_run.info))
    yield experiment
    gc.collect()  # the classes of a test are options as long as they exist


def test_names_of_flags() -> None:
    """Words are separated by underscores, and `Option` at the end is removed."""
    plain = type("HTTPServerPortOption", (CommandLineOption,), {})
    assert plain.get_flags() == ("-h", "--http_server_port")
    short = type("Speed", (CommandLineOption,), {"short_flag": "z"})
    assert (short.get_short_flag(), short.get_flag()) == ("-z", "--speed")
    del plain, short
    gc.collect()


def test_a_default_short_flag_that_is_taken_is_left_out(ex: Experiment) -> None:
    """`-c` remains the comment, and the long flag works."""

    class ColourOption(CommandLineOption):
        @classmethod
        def apply(cls, args: Any, run: Any) -> None:
            run.info["colour"] = args

    run = ex.run_commandline(["x", "--colour", "-c", "text", "-u"])
    assert run is not None
    assert (run.result, run.meta_info["comment"]) == ({"colour": True}, "text")
    assert "-c, --colour" not in ex.get_usage()
    assert ex.run(options={"--colour": True}).result == {"colour": True}
    assert ex.get_default_options()["--colour"] is False


def test_two_classes_do_not_share_a_default_short_flag(ex: Experiment) -> None:
    """The class that was defined first has it."""

    class YellowOption(CommandLineOption):
        @classmethod
        def apply(cls, args: Any, run: Any) -> None:
            run.info["colour"] = "yellow"

    class YoungOption(CommandLineOption):
        @classmethod
        def apply(cls, args: Any, run: Any) -> None:
            run.info["age"] = "young"

    run = ex.run_commandline(["x", "-y", "--young", "-u"])
    assert run is not None
    assert run.result == {"colour": "yellow", "age": "young"}
    assert "-y, --yellow" in ex.get_usage()
    assert "-y, --young" not in ex.get_usage()


def test_a_short_flag_that_is_given_must_be_free(ex: Experiment) -> None:
    """The error names the option and the flag."""

    class Clashing(CommandLineOption):
        short_flag = "l"

        @classmethod
        def apply(cls, args: Any, run: Any) -> None: ...

    with pytest.raises(
        OptionError, match="'--clashing' of the experiment has the flag '-l', which another"
    ):
        ex.run(options={"--unobserved": True})


def test_options_of_the_experiment_come_first(ex: Experiment) -> None:
    """A class with the flag of one of them is refused."""

    @cli_option("-k", "--kind")
    def kind(args: Any, run: Any) -> None: ...

    class KindOption(CommandLineOption):
        @classmethod
        def apply(cls, args: Any, run: Any) -> None: ...

    ex.additional_cli_options.append(kind)
    with pytest.raises(OptionError, match="has the flag '--kind', which another"):
        ex.run()


def test_a_base_without_apply_is_no_option(ex: Experiment) -> None:
    """Only classes that can be applied are; a class below them is one of its own."""

    class Base(CommandLineOption):
        arg = "TEXT"

    class DeepOption(Base):
        @classmethod
        def apply(cls, args: Any, run: Any) -> None:
            run.info[cls.__name__] = args

    class DeeperOption(DeepOption): ...

    options = ex.get_default_options()
    assert "--base" not in options
    assert {"--deep", "--deeper"} <= options.keys()
    assert ex.run(options={"--deeper": "x"}).result == {"DeeperOption": "x"}
    with pytest.raises(NotImplementedError, match="Base"):
        Base.apply("x", None)


def test_a_class_that_is_defined_again_replaces_the_first(ex: Experiment) -> None:
    """A class that is defined again replaces the first, as when the cell of a notebook is run
    again.
    """
    for value in (1, 2):

        class AgainOption(CommandLineOption):
            number = value

            @classmethod
            def apply(cls, args: Any, run: Any) -> None:
                run.info["number"] = cls.number

    assert ex.run(options={"--again": True}).result == {"number": 2}
