"""The output of a run that did not end: what it printed after its last heartbeat.

While a run lasts, what it prints is, as it was written, in files of one folder
(`sacred_core.run.spools`): `WHOLE`, or, where stdout and stderr are different files, that and
`PARTS`, from which it is put together at each beat. `POSITIONS` states how much of them the
observers were given: up to character ``characters`` the record is settled; what follows is in the
bytes ``whole[0]`` to ``whole[1]`` of the whole, then in the parts from ``parts`` on (without
parts: in the whole to its end). ``filter`` is the name of the filter of the output, or null.
`TURNS`, from the byte ``turns`` on, holds the ends of both parts at several moments.
"""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.contained_files import open_regular
from sacred_core.masking import masked_text

WHOLE = ".output"
TURNS = ".output.turns"
TURN = struct.Struct("<QQ")
PARTS = (".output.stdout", ".output.stderr")
POSITIONS = ".output.positions"


#: Filters that a reader applies; a name of any other is not imported.
_KNOWN = ("sacred_core.run.output.filters:apply_backspaces_and_linefeeds",)


def with_unfinished(
    text: str, folder: Path, output_filter: Callable[[str], str] | None = None
) -> str:
    """Return ``text``, the output as it is in the record, with what is not there yet.

    Args:
        text: What the observer that owns ``folder`` has stored.
        folder: Of the run, alive or dead; where it ended, ``text`` is all there is.
        output_filter: In place of a filter of the user's own. Without, the text that such a filter
            did not see is left out.
    """
    try:
        positions = json.loads(_read(folder / POSITIONS, 0))
        apply = output_filter or _known_filter(positions)
        if apply is not None:
            from sacred_core.run.output.filters import presented

            return presented(_raw(folder, positions, 0), apply)
        if positions.get("filter"):
            return text
        rest = _rest(folder, positions, positions["whole"][0])
        if len(text) < positions["characters"]:  # the observer missed some of it
            return _rest(folder, positions, 0)
    except (OSError, ValueError, KeyError, IndexError):  # it ended, perhaps just now
        return text
    return text[: positions["characters"]] + rest


def filter_name(output_filter: Callable[[str], str] | None) -> str | None:
    """Return how `POSITIONS` names a filter."""
    if output_filter is None:
        return None
    module = getattr(output_filter, "__module__", "")
    return f"{module}:{getattr(output_filter, '__qualname__', type(output_filter).__name__)}"


def unknown_filter(folder: Path) -> str | None:
    """Return the name of the filter of a run, if it is one of the user's own."""
    try:
        positions = json.loads(_read(folder / POSITIONS, 0))
    except (OSError, ValueError):
        return None
    return None if _known_filter(positions) else positions.get("filter")


def _known_filter(positions: dict[str, Any]) -> Callable[[str], str] | None:
    if positions.get("filter") not in _KNOWN:
        return None
    from sacred_core.run.output.filters import apply_backspaces_and_linefeeds

    return apply_backspaces_and_linefeeds


def _rest(folder: Path, positions: dict[str, Any], start: int) -> str:
    return masked_text(_raw(folder, positions, start))


def _raw(folder: Path, positions: dict[str, Any], start: int) -> str:
    if not positions["parts"]:
        data = _read(folder / WHOLE, start)
    else:
        data = _read(folder / WHOLE, start, positions["whole"][1]) + _merged(folder, positions)
    return data.decode("utf-8", "replace")


def _merged(folder: Path, positions: dict[str, Any]) -> bytes:
    """Put the parts together; of a run under way, without what is being written now."""
    starts = positions["parts"]
    parts = [_read(folder / name, start) for name, start in zip(PARTS, starts, strict=True)]
    turns = _read(folder / TURNS, positions["turns"])
    done = [0, 0]
    merged: list[bytes] = []
    for turn in TURN.iter_unpack(turns[: len(turns) // TURN.size * TURN.size]):
        ends = [end - start for end, start in zip(turn, starts, strict=True)]
        if any(end > len(part) for end, part in zip(ends, parts, strict=True)):
            return b"".join(merged)
        for number, end in enumerate(ends):
            merged.append(parts[number][done[number] : end])
            done[number] = max(done[number], end)
    return b"".join([*merged, *(part[at:] for part, at in zip(parts, done, strict=True))])


def _read(path: Path, start: int, end: int | None = None) -> bytes:
    with open_regular(path) as file:  # not through a link, which may lead anywhere
        file.seek(start)
        return file.read(-1 if end is None else max(0, end - start))
