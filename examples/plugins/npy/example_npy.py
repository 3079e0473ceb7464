"""A viewer of the board: the shape, the type and the first numbers of arrays in ``.npy`` files.

NumPy is not needed: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
describes the format.
"""

import ast
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sacred_board import BoardPanel

from sacred_core import hookimpl

if TYPE_CHECKING:  # it imports more than each script needs
    from sacred_board import FileView

_MAGIC = b"\x93NUMPY"
#: Bytes of the file that are read: the header, and more numbers than are shown.
_LIMIT = 65536
#: Numbers that are shown.
_MOST = 20
#: Types of NumPy without their byte order, and those of the module struct.
_TYPES = {
    "f2": "e", "f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q",
    "u1": "B", "u2": "H", "u4": "I", "u8": "Q", "b1": "?",
}  # fmt: skip


def show_array(file: "FileView") -> str | None:
    """Return what is known about an array; None for another file, which another viewer shows."""
    if not file.name.endswith(".npy"):
        return None
    return describe(file.read(_LIMIT))


def describe(content: bytes) -> str | None:
    """Return lines about the array whose file begins with ``content``; None for other files."""
    if not content.startswith(_MAGIC) or len(content) < 12:
        return None
    size, start = ("<H", 10) if content[6] == 1 else ("<I", 12)
    (length,) = struct.unpack_from(size, content, 8)
    try:
        header = ast.literal_eval(content[start : start + length].decode().strip())
        shape, type_name = header["shape"], header["descr"]
    except (ValueError, SyntaxError, KeyError, TypeError):
        return None
    lines = [f"shape: {shape}", f"type: {type_name}"]
    numbers = _first_numbers(content[start + length :], str(type_name))
    if numbers:
        lines.append(f"begins with: {', '.join(map(str, numbers))}")
    return "\n".join(lines)


def _first_numbers(data: bytes, type_name: str) -> list[Any]:
    """Return the first numbers; none of a type that is not numeric."""
    code = _TYPES.get(type_name[1:])
    if code is None or type_name[0] not in "<>|=":
        return []
    order = ">" if type_name[0] == ">" else "<"
    count = min(_MOST, len(data) // struct.calcsize(code))
    values = struct.unpack_from(f"{order}{count}{code}", data)
    return [f"{value:g}" if isinstance(value, float) else value for value in values]


@hookimpl
def sacred_board_panels() -> Iterable[BoardPanel]:
    """Offer the viewer for files without a more specific media type."""
    yield BoardPanel("Array", "application/octet-stream", show_array)
