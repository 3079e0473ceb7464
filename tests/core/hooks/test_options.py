"""Tests of options that a script defines for itself."""

from typing import Any

import pytest

from sacred_core import Experiment, cli_option
from sacred_core.exceptions import OptionError
from sacred_core.hooks.options import names_of_flags, spellings


@cli_option("-o", "--own-flag", is_flag=True)
def own_flag(args: Any, run: Any) -> None:
    """
    This is my personal flag
    in two lines.
    """
    run.info["some"] = args


@cli_option("-x", "--extra", metavar="MESSAGE")
def extra(args: Any, run: Any) -> None:
    run.info["extra"] = args


@pytest.fixture
def ex() -> Experiment:
    experiment = Experiment("own", additional_cli_options=[own_flag, extra])
    experiment.main(lambda _run: dict(_run.info))
    return experiment


@pytest.mark.parametrize(
    ("words", "info"),
    [
        ([], {}),
        (["-o"], {"some": True}),
        (["--own-flag", "-xhello"], {"some": True, "extra": "hello"}),
        (["--extra=a b"], {"extra": "a b"}),
    ],
)
def test_function_is_applied_before_the_run_starts(
    ex: Experiment, words: list[str], info: dict[str, Any]
) -> None:
    """A flag gives True, an option its argument (section 1.4.5)."""
    run = ex.run_commandline(["own.py", *words])
    assert run is not None
    assert run.result == info


def test_options_by_name(ex: Experiment) -> None:
    """`ex.run(options=...)` and the defaults have them too."""
    assert ex.run(options={"--own-flag": True}).result == {"some": True}
    defaults = ex.get_default_options()
    assert (defaults["--own-flag"], defaults["--extra"]) == (False, None)
    assert defaults["--loglevel"] is None


def test_help_shows_the_docstring(ex: Experiment) -> None:
    """Help shows the docstring, on one line, with what the option takes."""
    usage = ex.get_usage("own.py")
    assert "-o, --own-flag" in usage
    assert "This is my personal flag in two lines." in usage
    assert "-x, --extra MESSAGE" in usage
    assert usage.startswith("Usage: own.py")


def test_a_flag_that_is_taken_is_refused() -> None:
    """The error names the flag."""
    clash = cli_option("-l", "--lucky")(lambda args, run: None)
    ex = Experiment("clash", additional_cli_options=[clash])
    with pytest.raises(
        OptionError, match="'--lucky' of the experiment has the flag '-l', which another"
    ):
        ex.get_default_options()


@pytest.mark.parametrize("flags", [(), ("own",), ("--",)])
def test_flags_begin_with_a_dash(flags: tuple[str, ...]) -> None:
    """Anything else could never be typed."""
    with pytest.raises(OptionError, match="needs flags like"):
        cli_option(*flags)


def test_the_decorated_function_can_still_be_called(ex: Experiment) -> None:
    """The record that replaces the function calls it."""
    run = ex.run()
    extra("again", run)
    assert run.info["extra"] == "again"


def test_spellings_are_computed_once(ex: Experiment) -> None:
    """In a loop the options are the same in each run; what is returned may be changed."""
    ex.run()
    spellings([own_flag]).clear()
    misses = names_of_flags.cache_info().misses
    assert ex.run(options={"own_flag": True}).result == {"some": True}
    assert names_of_flags.cache_info().misses == misses
    assert spellings([own_flag])["--own_flag"] == "--own-flag"
