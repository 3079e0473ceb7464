"""The output of a run that did not end: what it printed after its last heartbeat.

While a run lasts, what it prints lies, as it was written, in files of a folder that an observer
offers (`RunObserver.spool_folder`): `WHOLE`, or, where stdout and stderr are different files, that
and `PARTS`, from which it is put together at each beat. `POSITIONS` tells how much of them the
observers were told: up to character ``characters`` the record is settled; what follows is in the
bytes ``whole[0]`` to ``whole[1]`` of the whole, then in the parts from ``parts`` on (without
parts: in the whole to its end).
"""

import json
from pathlib import Path
from typing import Any

from sacred_core.masking import masked_text

WHOLE = ".output"
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
    end = positions["whole"][1] if positions["parts"] else None
    data = _read(folder / WHOLE, start, end)
    for name, position in zip(PARTS, positions["parts"], strict=False):
        data += _read(folder / name, position, None)
    return masked_text(data.decode("utf-8", "replace"))


def _read(path: Path, start: int, end: int | None) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(-1 if end is None else max(0, end - start))
