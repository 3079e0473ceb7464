"""The output of a run that did not end: what it printed after its last heartbeat.

While a run is in progress, its raw output is in files of one folder (`sacred_core.run.spools`):
`OUTPUT_FILE`, and, where stdout and stderr are different files, `STREAM_FILES`, which are merged
into it at each beat. `POSITIONS_FILE` states how much of them the observers received: up to
character ``characters`` the record is settled; the rest is in the bytes ``whole[0]`` to
``whole[1]`` of the output file, then in the stream files from ``parts`` on (without ``parts``: in
the output file to its end). ``filter`` is the name of the filter of the output, or null.
`TURNS_FILE`, from the byte ``turns`` on, contains the ends of both parts at several moments.
"""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sacred_core.contained_files import open_regular
from sacred_core.masking import mask_text

OUTPUT_FILE = ".output"
TURNS_FILE = ".output.turns"
TURN = struct.Struct("<QQ")
STREAM_FILES = (".output.stdout", ".output.stderr")
POSITIONS_FILE = ".output.positions"


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
            did not see is omitted.
    """
    try:
        positions = json.loads(_read(folder / POSITIONS_FILE, 0))
        apply = output_filter or _known_filter(positions)
        if apply is not None:
            from sacred_core.run.output.filters import filter_output

            return filter_output(_raw(folder, positions, 0), apply)
        if positions.get("filter"):
            return text
        rest = _read_rest(folder, positions, positions["whole"][0])
        if len(text) < positions["characters"]:  # the observer missed some of it
            return _read_rest(folder, positions, 0)
    except (OSError, ValueError, KeyError, IndexError):  # it ended, perhaps just now
        return text
    return text[: positions["characters"]] + rest


def filter_name(output_filter: Callable[[str], str] | None) -> str | None:
    """Return how `POSITIONS_FILE` names a filter."""
    if output_filter is None:
        return None
    module = getattr(output_filter, "__module__", "")
    return f"{module}:{getattr(output_filter, '__qualname__', type(output_filter).__name__)}"


def unknown_filter(folder: Path) -> str | None:
    """Return the name of the filter of a run, if it is one of the user's own."""
    try:
        positions = json.loads(_read(folder / POSITIONS_FILE, 0))
    except (OSError, ValueError):
        return None
    return None if _known_filter(positions) else positions.get("filter")


def _known_filter(positions: dict[str, Any]) -> Callable[[str], str] | None:
    if positions.get("filter") not in _KNOWN:
        return None
    from sacred_core.run.output.filters import apply_backspaces_and_linefeeds

    return apply_backspaces_and_linefeeds


def _read_rest(folder: Path, positions: dict[str, Any], start: int) -> str:
    return mask_text(_raw(folder, positions, start))


def _raw(folder: Path, positions: dict[str, Any], start: int) -> str:
    if not positions["parts"]:
        data = _read(folder / OUTPUT_FILE, start)
    else:
        data = _read(folder / OUTPUT_FILE, start, positions["whole"][1]) + _merge_parts(
            folder, positions
        )
    return data.decode("utf-8", "replace")


def _merge_parts(folder: Path, positions: dict[str, Any]) -> bytes:
    """Put the parts together; of a running run, without what is being written now."""
    starts = positions["parts"]
    parts = [_read(folder / name, start) for name, start in zip(STREAM_FILES, starts, strict=True)]
    turns = _read(folder / TURNS_FILE, positions["turns"])
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
