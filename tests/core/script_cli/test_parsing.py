"""Tests of the grammar of a script's command line."""

from typing import Any

import pytest

from sacred_core.config.entries import plain_copy
from sacred_core.exceptions import OptionError, UpdateError, UsageError
from sacred_core.hooks.records import CLIOption
from sacred_core.script_cli.parsing import parse, parse_updates, split
from sacred_core.settings import SETTINGS

OPTIONS = [
    CLIOption(("-F", "--file_storage"), multiple=True),
    CLIOption(("-l", "--loglevel")),
    CLIOption(("-q", "--queue"), is_flag=True),
    CLIOption(("-d", "--debug"), is_flag=True),
]


@pytest.mark.parametrize(
    "text",
    [
        "train with a=1 b.c=2 -F runs -l INFO -q",
        "-q -F runs train -l INFO with a=1 b.c=2",
        "train with a=1 -Fruns --queue --loglevel=INFO b.c=2",
        "-q --file_storage=runs --loglevel INFO train with a=1 b.c=2",
    ],
)
def test_options_stand_anywhere(text: str) -> None:
    """Before, among and after the updates, short and long."""
    line = parse(text.split(), OPTIONS)
    assert line.command == "train"
    assert line.tokens == ["a=1", "b.c=2"]
    assert line.options == {
        "--file_storage": ["runs"], "--loglevel": "INFO", "--queue": True, "--debug": False
    }  # fmt: skip


SPELLED = [
    CLIOption(("-b", "--beat_interval")),
    CLIOption(("-p", "--print_config"), is_flag=True),
    CLIOption(("-o", "--own-flag"), is_flag=True),
    CLIOption(("--three_part-flag",), multiple=True),
    CLIOption(("-only",), is_flag=True),
]


@pytest.mark.parametrize(
    ("word", "name", "value"),
    [
        ("--beat_interval=3", "--beat_interval", "3"),
        ("--beat-interval=3", "--beat_interval", "3"),
        ("--print_config", "--print_config", True),
        ("--print-config", "--print_config", True),
        ("--own-flag", "--own-flag", True),
        ("--own_flag", "--own-flag", True),
        ("--three_part-flag=x", "--three_part-flag", ["x"]),
        ("--three_part_flag=x", "--three_part-flag", ["x"]),
        ("--three-part-flag=x", "--three_part-flag", ["x"]),
        ("-only", "-only", True),
    ],
)
def test_long_flags_take_either_separator(word: str, name: str, value: Any) -> None:
    """`-` and `_` are the same in the name of a long flag, as in Sacred's manual and versions."""
    options = parse([word], SPELLED).options
    assert options == {**{o.name: options[o.name] for o in SPELLED}, name: value}
    assert sum(bool(other) for other in options.values()) == 1


def test_each_flag_of_its_own_wins_over_another_spelling() -> None:
    """Two options may differ in the separator alone."""
    options = [CLIOption(("--a_b",), is_flag=True), CLIOption(("--a-b",), is_flag=True)]
    assert parse(["--a-b"], options).options == {"--a_b": False, "--a-b": True}
    assert parse(["--a_b"], options).options == {"--a_b": True, "--a-b": False}


def test_a_suggestion_has_one_spelling() -> None:
    """The one that the help shows."""
    with pytest.raises(OptionError, match=r"did you mean '--beat_interval'\?"):
        parse(["--beat-intervall=3"], SPELLED)


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        (["--beat", "3"], "--beat_interval", "3"),
        (["--beat-int=--p"], "--beat_interval", "--p"),
        (["--b=a=b"], "--beat_interval", "a=b"),
        (["with", "x=--own", "--own"], "--own-flag", True),
        (["--thr", "1", "--thr=2"], "--three_part-flag", ["1", "2"]),
    ],
)
def test_long_flags_may_be_abbreviated(words: list[str], name: str, value: Any) -> None:
    """Long flags may be abbreviated, as job files for Sacred do: the beginning of one long flag is
    enough.
    """
    assert parse(words, SPELLED).options[name] == value


@pytest.mark.parametrize("words", [["--p"], ["-thre"], ["--x"]])
def test_what_abbreviates_no_flag_or_several_is_refused(words: list[str]) -> None:
    """Also a short flag is never completed."""
    with pytest.raises(OptionError, match="No such option"):
        parse(words, [*SPELLED, CLIOption(("--priority",), is_flag=True)])


def test_short_flags_join() -> None:
    """`-qd` is `-q -d`."""
    options = parse(["-qd"], OPTIONS).options
    assert options["--queue"] and options["--debug"]


def test_nothing_is_the_default_command() -> None:
    """Without a command and updates everything is at its default."""
    line = parse([], OPTIONS)
    assert (line.command, line.tokens) == (None, [])


def test_command_line_as_a_text_is_split_like_a_shell_does() -> None:
    """The first word is the program."""
    assert split("script.py with 'a=b c'") == ["with", "a=b c"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a=1"], "'a=1' is not a command: config updates go after 'with'"),
        (["train", "a=1"], "unexpected argument 'a=1'"),
        (["with"], "expected at least one update after 'with'"),
        (["--lglevel", "3"], "--loglevel"),
        (["-m", "db"], "pip install sacred-mongo"),
        (["-l"], "requires an argument"),
    ],
)
def test_misuse_is_an_error_with_advice(words: list[str], message: str) -> None:
    """Each error names the word and what was expected."""
    with pytest.raises(UsageError, match=message):
        parse(words, OPTIONS)
    assert issubclass(OptionError, UsageError)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("a=10", {"a": 10}),
        ("a=2.3", {"a": 2.3}),
        ('b="FooBar"', {"b": "FooBar"}),
        ("b=FooBar", {"b": "FooBar"}),
        ("c=True", {"c": True}),
        ("my_list=[1, 2, 3]", {"my_list": [1, 2, 3]}),
        ('my_dict={"a":1, "b":[-.2, "two"]}', {"my_dict": {"a": 1, "b": [-0.2, "two"]}}),
        ("alpha=-.3e-7", {"alpha": -0.3e-7}),
        ("mask=0b111000", {"mask": 0b111000}),
        ("d.foo=100", {"d.foo": 100}),
        ("url=a=b", {"url": "a=b"}),
        ("empty=", {"empty": ""}),
    ],
)
def test_values_are_python_literals_or_text(token: str, expected: dict[str, Any]) -> None:
    """The examples of section 1.4.1."""
    updates, named = parse_updates([token])
    assert (plain_copy(updates), named) == (expected, [])


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("msg = hello", "hello"),
        ("msg= hello ", "hello"),
        (" msg =hello", "hello"),
        ("msg = a = b", "a = b"),
        ("msg =  a b ", "a b"),
        ("msg=\ttab\t", "tab"),
        ("msg=a\n", "a"),
        ("msg= ", ""),
        ('msg= "x', '"x'),
        ("msg =  ' hi' ", " hi"),
        ("msg= [1, 2]  ", [1, 2]),
    ],
)
def test_blanks_around_the_equals_sign_are_no_part_of_a_string(token: str, value: Any) -> None:
    """The values are those of Sacred 0.8.7; quotes preserve blanks."""
    assert parse_updates([token]) == ({"msg": value}, [])


def test_tokens_without_equals_are_names() -> None:
    """Their order is retained."""
    assert parse_updates(["v1", "a=1", "v2"]) == ({"a": 1}, ["v1", "v2"])


@pytest.mark.parametrize("token", ["=1", ".a=1", "a..b=1", "a.=1"])
def test_an_update_needs_a_name(token: str) -> None:
    """Empty parts of a path are refused."""
    with pytest.raises(UpdateError, match="names no entry"):
        parse_updates([token])


def test_strict_parsing_refuses_text_without_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error shows the quotes that are missing."""
    monkeypatch.setattr(SETTINGS.COMMAND_LINE, "STRICT_PARSING", True)
    with pytest.raises(UpdateError, match="'name=\"Bob\"'"):
        parse_updates(["name=Bob"])
