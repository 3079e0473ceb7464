"""Says why a store has no runs, and what to do."""

from pathlib import Path

from sacred_core.masking import mask_text
from sacred_core.stores.locations import absolute_path
from sacred_core.stores.opening import location_spec, split_flag
from sacred_core.stores.recognition import PATHS, find_locations, runs_above

#: Levels of sub-folders in which a hint looks for runs.
_DEPTH = 3
#: Locations that a hint names.
_MOST = 5


def empty_text(location: str) -> str:
    """Return why a store has no runs, and what to do."""
    hint = nearby_runs(location)
    if hint:
        return hint
    folder = _folder(location)
    if folder is None:
        state = f"The store at {mask_text(location)} has no runs"
    else:
        is_empty = not any(absolute_path(folder).iterdir())
        state = f"The folder {str(folder)!r} {'is empty' if is_empty else 'has no runs'}"
    spec = location_spec(location)
    flag = f" with the flag {spec.flags[0]} of a script" if spec is not None and spec.flags else ""
    return f"{state}: record one there{flag}"


def nearby_runs(location: str) -> str:
    """Return where runs are, if a folder without runs is in or above the folder of a store."""
    folder = _folder(location)
    if folder is None:
        return ""
    found = [*find_locations(folder.expanduser(), _DEPTH).values()]
    if found:
        more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
        return (
            f"There are runs in {', '.join(found[:_MOST])}{more}: give one of them, or use "
            "--recursive"
        )
    above = runs_above(str(folder))
    return f"There are runs in {above}: give that folder" if above else ""


def _folder(location: str) -> Path | None:
    """Return the folder that a location names, None for another kind of location."""
    spec, argument = split_flag(location)
    is_path = "://" not in argument and (spec is None or PATHS in spec.schemes)
    return Path(argument) if is_path and absolute_path(argument).is_dir() else None
