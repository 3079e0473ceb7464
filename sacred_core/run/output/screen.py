"""The screen of a terminal for text that arrives in pieces; the cost of each is its length."""

import functools
import re
from collections.abc import Callable, Iterable

from sacred_core.run.output.rows import SGR, Row, style_after, width, width_from

#: How many lines up the cursor can go: more than a terminal has. What is above never changes.
HEIGHT = 100
#: Longer lines are wrapped as on a terminal: the cursor does not return to what is before.
WIDTH = 10_000
#: A sequence that is not complete after this many characters is not a sequence.
_LONGEST_SEQUENCE = 4096
_SGR = r"\x1b\[[\d;:]*+m"
_TOKEN = re.compile(
    rf"(?P<lines>(?:[^\r\b\x1b]++|{_SGR})++)"
    rf"|(?P<redraws>\r(?:[^\n\b\x1b]++|{_SGR})*+)"
    r"|(?P<backspaces>\x08++)"
    r"|\x1b\[(?P<parameters>[0-?]*+)[ -/]*+(?P<command>[@-~])"
    r"|\x1b[\]PX^_][^\x07\x1b]*+(?:\x07|\x1b\\)"  # titles, links
    r"|\x1b[ -/]*+(?P<short>[0-OQ-WYZ\\`-~])"
)
_BEGINNING = re.compile(r"\x1b(?:\[[0-?]*+[ -/]*+|[\]PX^_][^\x07\x1b]*+\x1b?|[ -/]*+)")
_PRIVATE = ("<", "=", ">", "?")
_PIECE = re.compile(rf"{_SGR}|[^\x1b]{{1,256}}")


def difference(before: str, after: str) -> tuple[str, int] | None:
    """Return what ``after`` has from the first character on that differs, or None if none does."""
    same = _common_length(before, after)
    return (after[same:], same) if same < max(len(before), len(after)) else None


def _common_length(first: str, second: str) -> int:
    """Return how many characters both strings begin with, by bisection of comparisons."""
    if second.startswith(first):
        return len(first)
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[:middle] == second[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class Screen:
    r"""Applies ``\b``, ``\r``, ``\n`` and the control sequences that move the cursor or erase.

    ``ESC [`` followed by A, B, C, D, E, F, G, H, f, s or u (the cursor), J or K (erase), ``ESC 7``
    and ``ESC 8``, as in ECMA-48 and https://invisible-island.net/xterm/ctlseqs/ctlseqs.html.
    Colours stay with their characters; other sequences show nothing. A program that clears the
    whole screen erases nothing: on a terminal a user can scroll back to what was there.

    Args:
        present: Applied to the text of each line before it is returned.
    """

    def __init__(self, present: Callable[[str], str] = str) -> None:
        self._present = present
        self._rows = [Row("")]
        self._row = 0
        self._column = 0
        self._style = ""
        self._saved = (0, 0)
        self._has_home = False
        #: The beginning of a sequence, of which the rest has not arrived.
        self.held = ""
        self._start = 0  # how many characters come before the rows and before `_settled`
        self._settled: list[tuple[str, str]] = []  # what was given, and what it has become
        self._cut = ""  # what was given of rows below that are gone

    def feed(self, text: str) -> None:
        """Write ``text`` where the cursor is."""
        text = (self.held + text).replace("\r\n", "\n")
        position, self.held = 0, ""
        while position < len(text):
            token = _TOKEN.match(text, position)
            if token is not None:
                self._apply(token)
                position = token.end()
            elif self._is_beginning(text, position):
                self.held = text[position:]
                return
            else:
                position += 1

    def take_change(self) -> tuple[str, int] | None:
        """Return what changed since the last call and from which character on, or None."""
        rows = self._rows
        first = next((n for n, row in enumerate(rows) if row.is_changed), len(rows))
        if self._settled:
            first = 0
        offset = self._start + sum(len(row.given) for row in rows[:first])
        before = [old for old, _ in self._settled] + [row.given for row in rows[first:]]
        after = [new for _, new in self._settled]
        self._start += sum(map(len, after))
        after += [self._shown(number) for number in range(first, len(rows))]
        before.append(self._cut)
        self._settled, self._cut = [], ""
        change = difference("".join(before), "".join(after))
        return None if change is None else (change[0], offset + change[1])

    @property
    def length(self) -> int:
        """The number of characters of the text that `take_change` has returned."""
        return self._start + sum(len(row.given) for row in self._rows)

    @property
    def _top(self) -> int:
        return max(0, len(self._rows) - HEIGHT)

    def _is_beginning(self, text: str, position: int) -> bool:
        is_short = len(text) - position < _LONGEST_SEQUENCE
        return is_short and _BEGINNING.fullmatch(text, position) is not None

    def _shown(self, number: int) -> str:
        row = self._rows[number]
        if row.is_changed:
            is_last = number + 1 == len(self._rows)
            text = row.render(None if is_last else self._rows[number + 1].entry)
            row.given, row.is_changed = self._present(text), False
        return row.given

    def _apply(self, token: re.Match[str]) -> None:
        kind = token.lastgroup
        if kind == "redraws":
            self._redraw(token[0])
        elif kind == "lines":
            self._write_lines(token[0])
        elif kind == "command":
            self._control(token["command"], token["parameters"])
        elif kind == "backspaces":
            self._column = max(0, self._column - len(token[0]))
        elif kind == "short" and token["short"] in "78":
            self._control("s" if token["short"] == "7" else "u", "")

    # What is written.

    def _write_lines(self, text: str) -> None:
        if text == "\n":
            self._newline(text)
            return
        first, *others = text.split("\n")
        self._write(first)
        if len(others) > 2 * HEIGHT and self._row + 1 == len(self._rows):
            self._pass("\n".join(others[:-HEIGHT]) + "\n")
            self._write(others[-HEIGHT])
            others = others[-HEIGHT + 1 :]
        for line in others:
            self._newline("\n")
            self._write(line)

    def _pass(self, lines: str) -> None:
        """Write, below the last row, lines that the cursor cannot reach any more."""
        self._newline("\n")
        self._settle(len(self._rows) - 1)
        self._settled.append(("", self._present(lines)))
        self._style = style_after(self._style, lines)
        self._rows = [Row(self._style)]

    def _redraw(self, text: str) -> None:
        """Write what follows each carriage return, except what later text covers."""
        if text.rfind("\r") == 0:
            self._column = 0
            self._write(text[1:])
            return
        for segment in _visible_segments(text.split("\r")[1:]):
            self._column = 0
            self._write(segment)

    def _write(self, text: str) -> None:
        """Write a text whose only controls are SGR sequences and tabs."""
        if not text:
            return
        columns = width_from(self._column, text)
        if self._column + columns <= WIDTH:
            self._put(text, columns)
        else:
            self._wrap(text)

    def _wrap(self, text: str) -> None:
        for piece in _PIECE.findall(text):
            fits = self._column + width_from(self._column, piece) <= WIDTH
            for part in [piece] if fits else piece:
                columns = width_from(self._column, part)
                if self._column + columns > WIDTH:
                    self._newline("")
                    columns = width_from(0, part)
                self._put(part, columns)

    def _put(self, text: str, columns: int) -> None:
        style = self._style
        self._style = style_after(style, text)
        self._rows[self._row].write(self._column, text, columns, style, self._style)
        self._column += columns

    def _newline(self, ending: str) -> None:
        self._column = 0
        self._row += 1
        if self._row == len(self._rows):
            self._rows[-1].end(ending)
            self._rows.append(Row(self._style))
            if len(self._rows) > 2 * HEIGHT:
                self._settle(len(self._rows) - HEIGHT)

    def _settle(self, count: int) -> None:
        """Forget the first rows: nothing that comes can change them."""
        for number in range(count):
            given, shown = self._rows[number].given, self._shown(number)
            if given == shown and not self._settled:
                self._start += len(shown)
            else:
                self._settled.append((given, shown))
        del self._rows[:count]
        self._row = max(0, self._row - count)
        self._saved = (max(0, self._saved[0] - count), self._saved[1])

    # What is controlled.

    def _control(self, command: str, parameters: str) -> None:
        if parameters.startswith(_PRIVATE):
            return
        numbers = _numbers(parameters)
        count = max(1, numbers[0])
        match command:
            case "A" | "F":
                self._row = max(self._top, self._row - count)
            case "B" | "E":
                self._row = min(len(self._rows) - 1, self._row + count)
            case "C":
                self._column = min(WIDTH - 1, self._column + count)
            case "D":
                self._column = max(0, self._column - count)
            case "G":
                self._column = min(WIDTH, count) - 1
            case "H" | "f":
                self._go_to(count, max(1, numbers[1] if len(numbers) > 1 else 1))
            case "J" if numbers[0] == 0:
                self._erase_below()
            case "J" if numbers[0] in (2, 3):
                self._clear()
            case "K":
                self._erase_line(numbers[0])
            case "s":
                self._saved = (self._row, self._column)
            case "u":
                self._restore()
        if command in "EF":
            self._column = 0

    def _go_to(self, row: int, column: int) -> None:
        """Go to a place on the screen, which begins where it was cleared or this was first used."""
        if not self._has_home:
            self._clear()
        target = self._top + min(row, HEIGHT) - 1
        self._row = min(target, len(self._rows) - 1)
        while self._row < target:
            target -= max(0, len(self._rows) - 2 * HEIGHT)
            self._newline("\n")
        self._column = min(WIDTH, column) - 1

    def _restore(self) -> None:
        """Go to the saved place, or up to it; the rows before it may have been erased."""
        self._row = max(self._top, min(self._saved[0], len(self._rows) - 1))
        while self._row < self._saved[0]:
            self._newline("\n")
        self._column = self._saved[1]

    def _clear(self) -> None:
        self._row = len(self._rows) - 1
        if self._rows[-1].width:
            self._newline("\n")
        self._settle(len(self._rows) - 1)
        self._column, self._has_home = 0, True

    def _erase_below(self) -> None:
        self._settle(self._top)  # with fewer rows, those above the top could be reached again
        self._erase_line(0)
        below = self._rows[self._row + 1 :]
        if below:
            self._cut = "".join(row.given for row in below) + self._cut
            del self._rows[self._row + 1 :]
            self._rows[-1].end("")

    def _erase_line(self, mode: int) -> None:
        row = self._rows[self._row]
        if mode < 3:
            row.erase(0 if mode else self._column, self._column + 1 if mode == 1 else WIDTH)


@functools.lru_cache(maxsize=256)
def _numbers(parameters: str) -> list[int]:
    return [int(each[:6]) if each.isdigit() else 0 for each in parameters.split(";")]


def _visible_segments(segments: list[str]) -> Iterable[str]:
    """Return the strings, each written from the first column on, without what later ones cover."""
    widths = list(map(width, segments))
    if max(widths) > WIDTH or any("\t" in segment for segment in segments):
        return segments
    uncovered = [segments[-1]]
    covered = widths[-1]
    for segment, columns in zip(segments[-2::-1], widths[-2::-1], strict=True):
        if columns > covered:
            uncovered.append(segment)
            covered = columns
        elif "\x1b" in segment:
            uncovered.append("".join(SGR.findall(segment)))
    return reversed(uncovered)
