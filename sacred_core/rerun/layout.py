"""Where the files of a recorded run are in the folder of a rerun."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

import attrs

from sacred_core.exceptions import RerunError
from sacred_core.plurals import counted
from sacred_core.stores.model import StoredRun

_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")
#: The end of the name of the file that contains the cells of a notebook.
_CELLS = ".cells.py"
#: Folders above the recorded one that names may lead to.
_MOST_LEVELS = 64


@attrs.frozen(kw_only=True)
class Layout:
    """The folder of a rerun, and where the recorded folder of the sources is in it.

    Names in a record are not trusted: no path outside the folder is returned.

    Attributes:
        folder: The folder of the rerun, an absolute path.
        base: The path of the recorded ``base_dir`` in it.
        base_dir: The recorded ``base_dir``, where it is known.
        main: The name of the source to execute.
        module: The dotted name of this source in its package; None if it is in none.
        start: Where the recorded working directory is now; None if it is not in the folder.
        is_in_place: The folder is that of the file system in which the run was recorded.
    """

    folder: Path
    base: PurePosixPath
    base_dir: PurePath | None
    main: str
    module: str | None
    start: Path | None = None
    is_in_place: bool = False

    def path_of(self, name: str) -> Path:
        """Return the path of a source.

        Raises:
            RerunError: it is outside the folder.
        """
        return self.inside(self.base / self._posix(name))

    def inside(self, relative: PurePath | str) -> Path:
        """Return a path in the folder.

        Raises:
            RerunError: it is outside the folder.
        """
        parts: list[str] = []
        for part in PurePosixPath(relative).parts:
            if part == ".." and parts:
                parts.pop()
            elif part in ("..", "/") or "\0" in part:
                raise RerunError(f"the name {str(relative)!r} leads out of the folder of the rerun")
            else:
                parts.append(part)
        return self.folder.joinpath(*parts)

    def moved(self, path: str) -> Path | None:
        """Return where a recorded absolute path is now; None if it is not in the folder."""
        top = self.top
        if top is None:
            return None
        try:
            relative = type(top)(path).relative_to(top)
            return self.inside(PurePosixPath(*relative.parts))
        except (ValueError, RerunError):
            return None

    @property
    def top(self) -> PurePath | None:
        """The recorded folder whose place the folder of the rerun takes; None if it is not known.

        Names of sources may lead further up than there are folders.
        """
        levels = len(self.base.parts)
        above = () if self.base_dir is None else (self.base_dir, *self.base_dir.parents)
        return above[levels] if levels < len(above) else None

    @property
    def main_path(self) -> Path:
        """The file to execute."""
        return self.path_of(self.main)

    @property
    def import_root(self) -> Path:
        """The first folder that modules are imported from."""
        levels = 1 if self.module is None else len(self.module.split("."))
        return self.main_path.parents[levels - 1]

    @property
    def working_dir(self) -> Path:
        """The recorded one, else that of `import_root` for a package, else of the sources."""
        if self.start is not None:
            return self.start
        return self.import_root if self.module else self.inside(self.base)

    def _posix(self, name: str) -> PurePosixPath:
        is_windows = isinstance(self.base_dir, PureWindowsPath)
        return PurePosixPath(name.replace("\\", "/") if is_windows else name)


def plan_layout(run: StoredRun, folder: Path, levels: int = 0) -> Layout:
    """Return where the files of a run are in ``folder``.

    Args:
        run: The run.
        folder: The folder of the rerun, an absolute path.
        levels: The number of folders above ``base_dir`` that are needed anyway.

    Raises:
        RerunError: no file is recorded that could be executed.
    """
    main = main_source(run)
    base_dir = _pure_path(run.experiment.get("base_dir"))
    names = [name.replace("\\", "/") for name in run.sources]
    module = _recorded_module(run, main, base_dir)
    above = 0 if module is None else len(module.split(".")) - len(PurePosixPath(main).parts)
    working_dir = _pure_path(run.experiment.get("working_dir"))
    levels = max(levels, above, _levels_between(base_dir, working_dir), *map(_levels_above, names))
    if levels > _MOST_LEVELS:
        raise RerunError(f"the sources of run {str(run.id)!r} lead {counted(levels, 'folder')} up")
    known = [] if base_dir is None else [*base_dir.parts[1:]]
    parts = (["above"] * levels + known)[-levels:] if levels else []
    if module is not None and above > 0:  # a link may have another name than the package
        package = module.split(".")[:above]
        parts[-above:] = package
    layout = Layout(
        folder=folder, base=PurePosixPath(*parts), base_dir=base_dir, main=main, module=module
    )
    start = None if working_dir is None else layout.moved(str(working_dir))
    return attrs.evolve(layout, start=start)


def find_layout(run: StoredRun, folders: Mapping[str, Any] | None = None) -> Layout:
    """Return where the files of a run were when it was recorded.

    Args:
        run: The run.
        folders: The ``base_dir`` and the ``working_dir``, by default those of the record.

    Raises:
        RerunError: it is not recorded, or no file is recorded that could be executed.
    """
    known = run.experiment if folders is None else folders
    main, base_dir = main_source(run), _pure_path(known.get("base_dir"))
    if base_dir is None:
        raise RerunError(f"the folder of the sources of run {str(run.id)!r} is not recorded")
    layout = Layout(
        folder=Path(base_dir.anchor),
        base=PurePosixPath(*base_dir.parts[1:]),
        base_dir=base_dir,
        main=main,
        module=_recorded_module(run, main, base_dir),
        is_in_place=True,
    )
    working_dir = _pure_path(known.get("working_dir"))
    if working_dir is not None:
        layout = attrs.evolve(layout, start=Path(working_dir))
    return layout


def main_source(run: StoredRun) -> str:
    """Return the name of the source that a run executed.

    Raises:
        RerunError: it is not known, or is not a Python file among the sources.
    """
    names = [run.experiment.get(key) for key in ("script", "mainfile")]
    main = next((name for name in names if isinstance(name, str) and name), None)
    run_id = str(run.id)
    if main is None:
        raise RerunError(
            f"run {run_id!r} has no main file: it was recorded in a notebook, an interactive "
            "session or from standard input, and cannot be started as a script"
        )
    if main.endswith(_CELLS):
        raise RerunError(
            f"run {run_id!r} was recorded in a notebook, whose cells cannot be started as a "
            f"script: write them to a file with sacred runs get LOCATION {run_id} {main}"
        )
    if main not in run.sources:
        raise RerunError(
            f"the main file {main!r} of run {run_id!r} is not among its sources"
            f" ({', '.join([*run.sources][:20]) or 'none are recorded'})"
        )
    return main


def _recorded_module(run: StoredRun, main: str, base_dir: PurePath | None) -> str | None:
    module = run.experiment.get("module")
    if isinstance(module, str) and all(map(str.isidentifier, module.split("."))):
        return module
    names = [name.replace("\\", "/") for name in run.sources]
    return _guessed_module(names, main, base_dir)


def _pure_path(recorded: object) -> PurePath | None:
    if not isinstance(recorded, str) or not recorded:
        return None
    return PureWindowsPath(recorded) if _DRIVE.match(recorded) else PurePosixPath(recorded)


def _levels_between(base_dir: PurePath | None, working_dir: PurePath | None) -> int:
    """Return how many folders the working directory is above the sources.

    0 if they are not in it, or if it is the root of a file system.
    """
    if base_dir is None or working_dir is None or working_dir not in base_dir.parents[:-1]:
        return 0
    return base_dir.parents.index(working_dir) + 1


def _levels_above(name: str) -> int:
    """Return how many folders above the start a relative name leads at most."""
    level = highest = 0
    for part in PurePosixPath(name).parts:
        level += 1 if part == ".." else -1
        highest = max(highest, level)
    return highest


def _guessed_module(names: Iterable[str], main: str, base_dir: PurePath | None) -> str | None:
    """Return the name of the main module, for a record without it: by the files ``__init__.py``."""
    known = set(names)
    path = PurePosixPath(main)
    parts = [path.stem]
    for parent in path.parents:
        if str(parent / "__init__.py") not in known:
            return ".".join(parts) if len(parts) > 1 else None
        if parent.name:
            parts.insert(0, parent.name)
    if base_dir is not None and base_dir.name.isidentifier():
        return ".".join([base_dir.name, *parts])
    return None
