"""The output of a run that did not end: what it printed after its last heartbeat.

While a run lasts, what it prints lies, as it was written, in files of a folder that an observer
offers (`RunObserver.spool_folder`): `WHOLE`, or, where stdout and stderr are different files, that
and `PARTS`, from which it is put together at each beat. `POSITIONS` tells how much of them the
observers were told: up to character ``characters`` the record is settled; what follows is in the
bytes ``whole[0]`` to ``whole[1]`` of the whole, then in the parts from ``parts`` on (without
parts: in the whole to its end). `TURNS`, from the byte ``turns`` on, holds the ends of both parts
each time that Python had written to stderr.
"""

import json
import struct
from pathlib import Path
from typing import Any

from sacred_core.masking import masked_text

WHOLE = ".output"
TURNS = ".output.turns"
TURN = struct.Struct("<QQ")
PARTS = (".output.stdout", ".output.stderr")
POSITIONS = ".output.positions"


def with_unfinished(text: str, folder: Path) -> str:
    """Return ``text``, the output as it is in the record, with what is not there yet.

    Args:
        text: What the observer that owns ``folder`` has stored.
        folder: Of the run, alive or dead; where it ended, ``text`` is all there is.
    """
    try:
        positions = json.loads((folder / POSITIONS).read_bytes())
        rest = _rest(folder, positions, positions["whole"][0])
        if len(text) < positions["characters"]:  # the observer missed some of it
            return _rest(folder, positions, 0)
    except (OSError, ValueError, KeyError, IndexError):  # it ended, perhaps just now
        return text
    return text[: positions["characters"]] + rest


def _rest(folder: Path, positions: dict[str, Any], start: int) -> str:
    if not positions["parts"]:
        data = _read(folder / WHOLE, start)
    else:
        data = _read(folder / WHOLE, start, positions["whole"][1]) + _merged(folder, positions)
    return masked_text(data.decode("utf-8", "replace"))


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
    with path.open("rb") as file:
        file.seek(start)
        return file.read(-1 if end is None else max(0, end - start))
