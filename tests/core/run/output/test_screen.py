"""Tests of what a terminal shows; expected values from ECMA-48 and xterm's control sequences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sacred_core.run.output.filters import OutputFilter
from sacred_core.run.output.rows import SGR, character_width, is_narrow, style_after
from sacred_core.run.output.screen import HEIGHT, WIDTH, Screen
from sacred_core.utils import apply_backspaces_and_linefeeds

RED, GREEN, RESET = "\x1b[31m", "\x1b[32m", "\x1b[0m"
CONTROLS = [
    "\n", "\r", "\r\n", "\b", "\t", "ab", "x" * 9, "字", "e\u0301", " ", RED, GREEN, RESET,
    "\x1b[1m", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[3D", "\x1b[4G", "\x1b[K", "\x1b[1K", "\x1b[2K",
    "\x1b[J", "\x1b[2J", "\x1b[H", "\x1b[2;3H", "\x1b[s", "\x1b[u", "\x1b7", "\x1b8", "\x1b[E",
    "\x1b[F", "\x1b[?25l", "\x1b]0;title\x07", "\x1b]8;;http://a.b\x1b\\", "\x1b(B", "\n" * 150,
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # the cursor
        ("one\ntwo\x1b[A\rONE", "ONE\ntwo"),
        ("one\ntwo\nthree\x1b[2AX\x1b[BY", "one  X\ntwo   Y\nthree"),
        ("one\ntwo\x1b[99A\rX\x1b[99B\rY", "Xne\nYwo"),
        ("one\ntwo\x1b[F1\x1b[E2", "1ne\n2wo"),
        ("abc\x1b[2Dx\x1b[Cy", "axcy"),
        ("abc\x1b[6Gx\x1b[Gy", "ybc  x"),
        ("ab\x1b[scd\x1b[ux", "abxd"),
        ("ab\x1b7\ncd\x1b8x", "abx\ncd"),
        ("one\x1b[H\x1b[2;3Hx\x1b[Hy", "one\ny\n  x"),
        # erased
        ("abcdef\r\x1b[Kx", "x"),
        ("abcdef\x1b[3D\x1b[K", "abc"),
        ("abcdef\x1b[3D\x1b[1K", "    ef"),
        ("abcdef\x1b[2Kx", "      x"),
        ("one\ntwo\nthree\x1b[2A\r\x1b[J1", "1"),
        ("frame 1\n\x1b[2J\x1b[Hframe 2\n", "frame 1\nframe 2\n"),
        ("\x1b[H\x1b[Jframe 1\n\x1b[H\x1b[Jframe 2\n", "frame 2\n"),
        ("one\ntwo\x1b[s\x1b[A\r\x1b[J\x1b[ux", "\n   x"),
        # two bars as tqdm draws them
        ("\router 0\n\rinner 0\x1b[A\router 1\n\rinner 1\x1b[A\n\n", "outer 1\ninner 1\n"),
        # pip and rich hide the cursor and erase the line
        ("\x1b[?25l\x1b[2K 10%\r\x1b[2K100%\n\x1b[?25h", "100%\n"),
        # colours
        (f"{RED}red{RESET}\rX", f"X{RED}ed{RESET}"),
        (f"{RED}12{RESET}\r{GREEN}34{RESET}\n", f"{GREEN}34{RESET}\n"),
        (f"abc\r{RED}x\x1b[1my\n", f"{RED}x{RESET}\x1b[31;1my{RESET}c\x1b[31;1m\n"),
        (f"{RED}text stays\n{GREEN}as it is", f"{RED}text stays\n{GREEN}as it is"),
        ("\x1b[38;5;9mab\x1b[39m\rx", "x\x1b[38;5;9mb\x1b[0m"),
        ("\x1b[48;2;1;2;3mab\x1b[49mc\rx", "x\x1b[48;2;1;2;3mb\x1b[0mc"),
        ("\x1b[58;5;3mab\x1b[59mc\rx", "x\x1b[58;5;3mb\x1b[0mc"),
        ("\x1b[38:2::1:2:3mab\x1b[39mc\rx", "x\x1b[38:2::1:2:3mb\x1b[0mc"),
        ("\x1b[97mab\x1b[39mc\rx", "x\x1b[97mb\x1b[0mc"),
        ("\x1b[102mab\x1b[49mc\rx", "x\x1b[102mb\x1b[0mc"),
        ("\x1b[1;2;4mab\x1b[22mc\rx", "\x1b[4mx\x1b[0m\x1b[1;2;4mb\x1b[0m\x1b[4mc\x1b[0m"),
        ("\x1b[38;5;9;1mab\x1b[0mc\rx", "x\x1b[38;5;9;1mb\x1b[0mc"),
        # wide and combining characters
        ("字画\rx", "x 画"),
        ("a字\bx", "a x"),
        ("字画\r\x1b[2Cx", "字x "),
        ("e\u0301a\rx", "xa"),
        ("abc\r\x1b[Ce\u0301", "ae\u0301c"),
        # tabs move, and are characters beyond the end
        ("abcdefghij\r\tX", "abcdefghXj"),
        ("a\tb\rX", "X\tb"),
        # not shown
        ("a\x1b]0;title\x07b\x1b]8;;http://a.b\x1b\\link\x1b]8;;\x1b\\", "ablink"),
        ("a\x1b[31", "a"),
        ("a\x1b\x1b[Db", "b"),
    ],
)  # fmt: skip
def test_control_sequences_are_applied(text: str, shown: str) -> None:
    """The result is what a terminal shows at the end."""
    assert apply_backspaces_and_linefeeds(text) == shown


@given(st.lists(st.tuples(st.sampled_from(CONTROLS), st.booleans()), max_size=60))
def test_pieces_give_what_the_whole_gives(pieces: list[tuple[str, bool]]) -> None:
    """Wherever a text is cut, and whenever changes are taken: the same characters and colours.

    A line that is overwritten in one piece retains sequences that have no effect.
    """
    screen, shown = Screen(), ""
    for text, is_taken in pieces:
        screen.feed(text[:2])
        screen.feed(text[2:])
        if is_taken and (change := screen.take_change()) is not None:
            shown = shown[: change[1]] + change[0]
            assert len(shown) == screen.length
    if (change := screen.take_change()) is not None:
        shown = shown[: change[1]] + change[0]
    whole = Screen()
    whole.feed("".join(text for text, _ in pieces))
    assert coloured(shown) == coloured((whole.take_change() or ("",))[0])


def coloured(text: str) -> list[tuple[str, str]]:
    """Return each character with its style."""
    found: list[tuple[str, str]] = []
    style, position = "", 0
    for code in SGR.finditer(text):
        found += [(character, style) for character in text[position : code.start()]]
        style, position = style_after(style, code[0]), code.end()
    return found + [(character, style) for character in text[position:]]


@pytest.mark.parametrize("beat", [1, 7, 1000])
def test_lines_that_scrolled_away_are_not_changed(beat: int) -> None:
    """The cursor goes `HEIGHT` lines up at most, however the text was cut."""
    text = "".join(f"{n}\n" for n in range(5 * HEIGHT)) + "\x1b[999A\rX"
    screen, shown = Screen(), ""
    for start in range(0, len(text), beat):
        screen.feed(text[start : start + beat])
        if (change := screen.take_change()) is not None:
            shown = shown[: change[1]] + change[0]
    lines = [str(n) for n in range(5 * HEIGHT)] + [""]
    lines[-HEIGHT] = "X" + lines[-HEIGHT][1:]
    assert shown == "\n".join(lines)


def test_a_carriage_return_goes_to_the_beginning_of_a_wrapped_line() -> None:
    """A line longer than `WIDTH` is wrapped like on a terminal, without a line end in the text."""
    for unit in ("x", "字"):
        text = unit * (WIDTH + 5)
        columns = character_width(unit)
        last = (WIDTH + 5) % (WIDTH // columns)
        shown = apply_backspaces_and_linefeeds(text + "\r" + "o" * columns)
        assert shown == text[:-last] + "o" * columns + unit * (last - 1)


def test_characters_taken_for_narrow_are() -> None:
    """The fast check agrees with Unicode's tables."""
    wrong = [chr(n) for n in range(0x30000) if is_narrow(chr(n)) and character_width(chr(n)) != 1]
    assert wrong == []
    assert is_narrow("progress ▏█━⠋→")


class _Counted:
    """Counts the characters of the lines that a filter returns."""

    def __init__(self) -> None:
        self.characters = 0

    def __call__(self, text: str) -> str:
        self.characters += len(text)
        return text


@pytest.mark.parametrize(
    "redraw",
    [
        "\rprogress {i} " + "#" * 80,
        "\router {i}\n\rinner {i} " + "█" * 80 + "\x1b[A",
        f"\r{GREEN}progress {{i}}{RESET}",
        "\r\x1b[2K\x1b[1A\x1b[2Kouter {i}\nprogress {i}",
        "|\b/\b-\b",
        "line {i}\n",
    ],
)
def test_the_cost_is_linear_in_what_is_printed(redraw: str) -> None:
    """Each beat presents what was printed since the last, not the whole line or text."""
    count = _Counted()
    screen = Screen(count)
    printed = 0
    for i in range(5_000):
        text = redraw.replace("{i}", str(i))
        printed += len(text)
        screen.feed(text)
        screen.take_change()
    assert count.characters <= 2 * printed


def test_what_one_beat_covers_is_presented_once() -> None:
    """Thousands of redraws between two beats are one."""
    count = _Counted()
    screen = Screen(count)
    screen.feed("".join(f"\rprogress {i:6d}" for i in range(10_000)))
    assert screen.take_change() == ("progress   9999", 0)
    assert count.characters == len("progress   9999")


def test_an_unchanged_redraw_is_not_a_change() -> None:
    """A bar that is drawn again as it is needs no event."""
    screen = Screen()
    screen.feed(f"\r{RED}10%{RESET}")
    assert screen.take_change() is not None
    screen.feed(f"\r{RED}10%{RESET}")
    assert screen.take_change() is None


def test_an_idle_beat_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the screen nor a user's filter is used when nothing was printed."""
    called: list[str] = []
    for output_filter in (apply_backspaces_and_linefeeds, lambda text: called.append(text) or text):
        output = OutputFilter(output_filter)
        output.feed("\rprogress 1 % ", False)
        called.clear()
        with monkeypatch.context() as patch:
            patch.setattr(Screen, "feed", lambda *_: called.append("fed"))
            patch.setattr(Screen, "take_change", lambda *_: called.append("taken"))
            assert output.feed("", False) is None
        assert called == []


def test_memory_does_not_grow_with_redraws() -> None:
    """Neither one unfinished line nor many finished ones are retained as they were printed."""
    output = OutputFilter(apply_backspaces_and_linefeeds)
    for i in range(2_000):
        output.feed(f"\router {i}\n\rinner {i}\x1b[A", False)
    assert len(output.pending[1]) < 20


@pytest.mark.parametrize("used", [None, apply_backspaces_and_linefeeds])
@pytest.mark.parametrize("size", [1, 2, 5, 17])
def test_no_piece_shows_a_password(used: object, size: int) -> None:
    """A URL that arrives in pieces is masked; nothing else waits for the end of its word."""
    text = "\rat (postgresql://me:secret@host/x) 50%"
    output = OutputFilter(used)  # type: ignore[arg-type]
    record = ""
    for start in range(0, len(text), size):
        change = output.feed(text[start : start + size], False)
        if change is not None:
            assert "sec" not in change[0]
            record = record[: change[1]] + change[0]
    assert record.strip("\r") == "at (postgresql://me:***@host/x) 50%"


def test_a_word_without_an_end_is_not_held_back() -> None:
    """A row of dots is recorded while it is printed."""
    output = OutputFilter(None)
    assert output.feed("....", False) == ("....", 0)
    assert output.feed("ab", False) is None
    assert output.feed("http://" + "." * 10_000, False) == ("abhttp://" + "." * 10_000, 4)
