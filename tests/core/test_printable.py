"""Text of others cannot control the terminal."""

import unicodedata

import pytest

from sacred_core.printable import printable, printable_lines, printable_output


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünï 漢字 🙂", "plain ünï 漢字 🙂"),
        ("\x1b]52;c;QUFB\x07", r"\x1b]52;c;QUFB\x07"),
        ("\x1b]0;title\x1b\\", "\\x1b]0;title\\x1b\\"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("\x9b31m\x85\x7f\0", r"\x9b31m\x85\x7f\x00"),
        ("\u202egnp.exe\u2066\u200f\u061c", r"\u202egnp.exe\u2066\u200f\u061c"),
        ("\u2028\u2029\ud800", r"\u2028\u2029\ud800"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_control_characters_are_escapes(text: str, shown: str) -> None:
    """Control characters are escapes, of C0, C1, bidirectional text, separators of lines, and
    surrogates; letters stay.
    """
    assert printable(text) == shown


def test_no_control_character_is_left() -> None:
    """No control character is left, of all that Unicode has, in Python's categories."""
    every = "".join(map(chr, range(0x11_0000)))
    left = {unicodedata.category(each) for each in set(printable(every))}
    assert not left & {"Cc", "Cs", "Zl", "Zp"}
    bidirectional = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not bidirectional & set(map(unicodedata.bidirectional, printable(every)))


def test_some_characters_can_be_retained() -> None:
    """Some characters can be passed, such as the line ends of a message of several lines."""
    assert printable("a\n\tb\x1b", keep="\n\t") == "a\n\tb\\x1b"
    assert printable(5) == "5"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("one\n", ["one"]),
        ("one\n\ntwo", ["one", "", "two"]),
        ("10%\r20%\r\ndone\n", ["10%", "20%", "done"]),
        ("\x1b[31mred\x1b[0m\n", ["\x1b[31mred\x1b[0m\x1b[0m"]),
        ("\x1b[1;38:5:4mx", ["\x1b[1;38:5:4mx\x1b[0m"]),
        ("\x1b[2J\x1b[Hx\x1b[?25l", [r"\x1b[2J\x1b[Hx\x1b[?25l"]),
        ("a\x0bb\x85c\u2028d", [r"a\x0bb\x85c\u2028d"]),
    ],
)
def test_of_output_only_colours_pass(text: str, lines: list[str]) -> None:
    """They end with it, and a carriage return begins a line."""
    assert printable_output(text) == lines


def test_lines_of_a_traceback() -> None:
    """Colours in lines are shown as escapes."""
    assert printable_lines("a\r\n\tb\x1b[31m\n") == ["a", "\tb\\x1b[31m"]
    assert printable_lines("") == []
