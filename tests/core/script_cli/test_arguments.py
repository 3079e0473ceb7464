"""Tests of how options and other words are read, with and without click."""

import random

import pytest

from sacred_core.exceptions import OptionError
from sacred_core.hooks.options import spellings
from sacred_core.hooks.records import CLIOption
from sacred_core.script_cli.arguments import identifiers, parse_words, read_words

OPTIONS = identifiers(
    [
        CLIOption(("-F", "--file_storage"), multiple=True),
        CLIOption(("-l", "--log-level")),
        CLIOption(("-q", "--queue"), is_flag=True),
        CLIOption(("-d", "--debug"), is_flag=True),
        CLIOption(("--long",)),
        CLIOption(("-s",), is_flag=True, multiple=True),
    ]
)
NAMES = spellings(OPTIONS.values())
WORDS = (
    "main", "with", "a=1", "", "-", "--", "-F", "-Fruns", "--file_storage=a", "--file-storage",
    "-l", "-lINFO", "--log_level=", "--log-level", "-q", "-qd", "-dqFx", "--queue", "--debug=1",
    "--deb", "--log", "--long=x", "--long", "-x", "-qx", "-s", "-qlq", "--file", "-F ", "x y",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_both_readers_agree(seed: int) -> None:
    """What is read without click is what click reads; where click reports a mistake it is None."""
    draw = random.Random(seed)
    read = 0
    for _ in range(25):
        words = draw.choices(WORDS, k=draw.randrange(6))
        found = read_words(words, OPTIONS, NAMES)
        if found is not None:
            assert found == parse_words(words, OPTIONS, NAMES), words
            read += 1
    assert read


@pytest.mark.parametrize(
    "words", [["-x"], ["--debug=1"], ["-qx"], ["-F"], ["--long"], ["--nothing"], ["--lo=1"]]
)
def test_a_mistake_is_left_to_the_parser_that_describes_it(words: list[str]) -> None:
    """The quick reader returns None, and click reports the mistake."""
    assert read_words(words, OPTIONS, NAMES) is None
    with pytest.raises(OptionError):
        parse_words(words, OPTIONS, NAMES)


def test_an_abbreviated_flag_is_left_to_the_parser_that_knows_them() -> None:
    """The quick reader returns None for a unique beginning of a flag."""
    assert read_words(["--deb"], OPTIONS, NAMES) is None
    assert parse_words(["--deb"], OPTIONS, NAMES)["option_3"] is True


def test_long_flags_with_one_dash_are_left_to_the_parser_that_knows_them() -> None:
    """In ``-only`` only click knows whether it is one flag or four."""
    options = identifiers([CLIOption(("-only",), is_flag=True)])
    names = spellings(options.values())
    assert read_words([], options, names) is None
    assert parse_words(["-only"], options, names)["option_0"] is True


def test_the_command_line_of_most_runs_is_read_without_click() -> None:
    """Options before, among and after the updates, short, joined and long."""
    words = ["-qd", "main", "with", "a=1", "-Fx", "-F", "y", "--log_level=INFO", "--", "-z"]
    assert read_words(words, OPTIONS, NAMES) == {
        "tokens": ("main", "with", "a=1", "-z"), "option_0": ("x", "y"), "option_1": "INFO",
        "option_2": True, "option_3": True, "option_4": None, "option_5": False,
    }  # fmt: skip
