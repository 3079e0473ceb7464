"""Copies files that are not in the record into the folder of a rerun."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from sacred_core.exceptions import OptionError, RerunError
from sacred_core.system_errors import system_error_text


def require_files(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Return the paths of files and folders that exist.

    Raises:
        OptionError: one does not.
    """
    found = [Path(path) for path in paths]
    for path in found:
        if not path.exists():
            raise OptionError(f"{str(path)!r} not found: it cannot be copied for the rerun")
    return found


def copy_files(paths: Iterable[Path], working_dir: Path) -> list[str]:
    """Copy files and folders to the same relative paths, and return a line for each.

    What is there already, such as a recorded source or resource, is not replaced.

    Args:
        paths: Relative to the present working directory. One that is absolute, or leads above it,
            is copied under its name.
        working_dir: That of the rerun.

    Raises:
        RerunError: a file cannot be copied.
    """
    for path in paths:
        is_below = not path.is_absolute() and ".." not in path.parts
        target = working_dir / (path if is_below else path.resolve().name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                shutil.copytree(path, target, copy_function=_copy_missing, dirs_exist_ok=True)
            else:
                _copy_missing(str(path), str(target))
        except shutil.Error as error:  # of several files: source, target and reason of each
            raise RerunError(f"cannot copy {str(path)!r}: {error.args[0][0][-1]}") from error
        except OSError as error:
            raise RerunError(f"cannot copy {str(path)!r}: {system_error_text(error)}") from error
    return [f"{str(path)!r} is not in the record: its present content is used" for path in paths]


def _copy_missing(source: str, target: str) -> None:
    if not os.path.lexists(target):
        shutil.copy2(source, target)
