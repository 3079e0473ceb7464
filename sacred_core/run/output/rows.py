"""One line of a terminal: text as it was written, or cells once something was written over.

Colours and attributes are SGR sequences (ECMA-48, section 8.3.117). A style is the one sequence
that sets it on a terminal with default attributes; "" is the default.
"""

import functools
import itertools
import re
import unicodedata

from attrs import define, field

SGR = re.compile(r"\x1b\[[\d;:]*m")
RESET = "\x1b[0m"
#: The attributes that these codes end; 22 ends bold and faint.
_ENDS = {22: (1, 2), 39: ("text",), 49: ("background",), 59: ("line",)}
_COLOURS = {3: "text", 4: "background", 5: "line", 9: "text", 10: "background"}
_Attributes = dict[int | str, str]
TAB = 8
#: Frequent ranges of characters that take one column each; progress bars consist of them.
_NARROW = re.compile(
    r"[ -~\xa0-\xac\xae-\u02ff\u2010-\u2027\u2190-\u22ff\u2500-\u25fc\u2800-\u28ff]*"
)


def style_after(style: str, text: str) -> str:
    """Return the style after ``text`` was written in ``style``."""
    if "\x1b" not in text:
        return style
    last = text.rfind("\x1b")
    if text.startswith(RESET, last):
        return ""
    for sequence in SGR.findall(text):
        style = _next(style, sequence)
    return style


def change(before: str, after: str) -> str:
    """Return what makes a terminal change from one style to another."""
    if before == after:
        return ""
    return after if not before else RESET + after


@functools.lru_cache(maxsize=1024)
def _next(style: str, sequence: str) -> str:
    attributes: _Attributes = {}
    for each in (style, sequence):
        _apply(attributes, each[2:-1].split(";") if each else [])
    return f"\x1b[{';'.join(attributes.values())}m" if attributes else ""


def _apply(attributes: _Attributes, codes: list[str]) -> None:
    while codes:
        first = codes.pop(0)
        code = int(first.partition(":")[0][:9] or 0)
        if code == 0:
            attributes.clear()
        elif code in (38, 48, 58):  # 38;5;n and 38;2;r;g;b, or one piece with colons
            rest = 0 if ":" in first else {"5": 2, "2": 4}.get(codes[0] if codes else "", 0)
            attributes[_COLOURS[code // 10]] = ";".join([first, *codes[:rest]])
            del codes[:rest]
        elif code in _ENDS or 23 <= code <= 29:
            for ended in _ENDS.get(code, (code - 20,)):
                attributes.pop(ended, None)
        else:
            is_colour = 30 <= code <= 47 or 90 <= code <= 107
            attributes[_COLOURS[code // 10] if is_colour else code] = first


def width(text: str) -> int:
    """Return the columns of ``text``, which may contain SGR sequences but no tab."""
    if "\x1b" in text:
        text = SGR.sub("", text)
    if is_narrow(text):
        return len(text)
    return sum(map(character_width, text))


def width_from(column: int, text: str) -> int:
    """Return the columns of ``text``, which may contain tabs, when it begins at ``column``."""
    if text.isascii() and text.isprintable():
        return len(text)
    if "\t" not in text:
        return width(text)
    first, *others = text.split("\t")
    end = column + width(first)
    for other in others:
        end += TAB - end % TAB + width(other)
    return end - column


def is_narrow(text: str) -> bool:
    """Return whether each character certainly takes one column; False may be wrong."""
    if text.isascii():
        return text.isprintable()
    return _NARROW.fullmatch(text) is not None


@functools.lru_cache(maxsize=4096)
def character_width(character: str) -> int:
    """Return 0 for controls and combining characters, 2 for East Asian wide ones, else 1."""
    if unicodedata.category(character) in ("Mn", "Me", "Cc", "Cf") and character != "\xad":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


@define
class Row:
    """The content of one line on the screen; positions are columns.

    A row that was only appended to retains its text as it was written, SGR sequences included. Else
    it is a list of cells: a wide character or a tab is followed by empty ones.
    """

    #: The style in which it was begun: ``text`` continues it.
    entry: str
    last: str = field(init=False)
    width: int = field(init=False, default=0)
    #: What comes between this row and the next: nothing where a long line was wrapped.
    ending: str = field(init=False, default="")
    #: What was given to observers: the row with its ending.
    given: str = field(init=False, default="")
    is_changed: bool = field(init=False, default=True)
    _text: str = field(init=False, default="")
    _cells: list[str] | None = field(init=False, default=None)
    _styles: list[str] = field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        self.last = self.entry

    def write(self, column: int, text: str, columns: int, style: str, after: str) -> None:
        """Write ``text``, which may contain SGR sequences.

        Args:
            column: Where it begins.
            text: Without other controls than tabs.
            columns: How many it takes.
            style: Before it.
            after: The style after it.
        """
        if self._cells is None and column == self.width:
            self._text += change(self.last, style) + text
            self.last = after
        elif not columns:
            self._attach(column, SGR.sub("", text))
            return
        elif not column and columns >= self.width and "\t" not in text:
            self._replace(change(self.entry, style) + text, after)
            self.width = columns
            return
        else:
            self._put(column, text, style)
        self.width = max(self.width, column + columns)
        self.is_changed = True

    def erase(self, start: int, end: int) -> None:
        """Blank the columns from ``start`` to before ``end``."""
        if start >= self.width:
            return
        if not start and end >= self.width:
            self._replace("", self.entry)
            self.width = 0
            return
        if end >= self.width:
            cells = self._as_cells()
            self._split(start)
            del cells[start:], self._styles[start:]
            self.width = start
        else:
            self._put(start, " " * (end - start), "")
        self.is_changed = True

    def render(self, exit_style: str | None) -> str:
        """Return the row with its ending.

        Args:
            exit_style: In which the next row begins, if there is one.
        """
        if self._cells is None:
            after = self.last if exit_style is None else exit_style
            return self._text + change(self.last, after) + self.ending
        style, parts = self.entry, []
        position = 0
        for each, group in itertools.groupby(self._styles):
            end = position + sum(1 for _ in group)
            parts += [change(style, each), *self._cells[position:end]]
            style, position = each, end
        return "".join(parts) + change(style, exit_style or "") + self.ending

    def end(self, ending: str) -> None:
        """Set what comes after this row."""
        self.ending, self.is_changed = ending, True

    def _replace(self, text: str, last: str) -> None:
        """Show ``text`` only."""
        self.is_changed = self.is_changed or self._cells is not None or self._text != text
        self._text, self._cells, self._styles, self.last = text, None, [], last

    def _as_cells(self) -> list[str]:
        if self._cells is None:
            text, self._text, self._cells = self._text, "", []
            self._put(0, text, self.entry)
        return self._cells

    def _put(self, column: int, text: str, style: str) -> None:
        cells = self._as_cells()
        missing = column - len(cells)
        if missing > 0:
            cells += " " * missing
            self._styles += [""] * missing
        position = 0
        for code in SGR.finditer(text):
            column = self._put_plain(column, text[position : code.start()], style)
            style, position = style_after(style, code[0]), code.end()
        self._put_plain(column, text[position:], style)

    def _put_plain(self, column: int, text: str, style: str) -> int:
        if text and is_narrow(text):
            self._set(column, list(text), style)
            return column + len(text)
        for character in text:
            if character == "\t":
                column = self._put_tab(column, style)
                continue
            columns = character_width(character)
            if columns:
                self._set(column, [character, ""][:columns], style)
                column += columns
            else:
                self._attach(column, character)
        return column

    def _put_tab(self, column: int, style: str) -> int:
        """Move to the next tab stop; beyond the end of the row the tab is a character of it."""
        end = column + TAB - column % TAB
        start = max(column, len(self._as_cells()))
        if start < end:
            self._set(start, ["\t", *[""] * (end - start - 1)], style)
        return end

    def _set(self, column: int, new: list[str], style: str) -> None:
        cells, end = self._as_cells(), column + len(new)
        self._split(column)
        self._split(end)
        cells[column:end] = new
        self._styles[column:end] = [style] * len(new)

    def _split(self, column: int) -> None:
        """Blank a wide character of which only one half is written over, as terminals do."""
        cells = self._as_cells()
        if column >= len(cells) or cells[column]:
            return
        start = end = column
        while start and not cells[start]:
            start -= 1
        while end < len(cells) and not cells[end]:
            end += 1
        cells[start:end] = [" "] * (end - start)

    def _attach(self, column: int, text: str) -> None:
        """Attach combining characters to the character before them."""
        cells = self._as_cells() if text else []
        while column and column <= len(cells):
            column -= 1
            if cells[column]:
                # Terminals show a few; more of them would make a cell grow without a bound.
                cells[column] = (cells[column] + text)[:16]
                self.is_changed = True
                return
