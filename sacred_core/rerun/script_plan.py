"""What the process that executes the script of a recorded run needs."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import attrs

from sacred_core.rerun.configuration import RecordedConfig
from sacred_core.rerun.layout import Layout
from sacred_core.rerun.sacred_modules import imports_sacred
from sacred_core.serialization import from_json, to_json
from sacred_core.stores.model import StoredRun

P = TypeVar("P", bound="ScriptPlan")


@attrs.define(kw_only=True)
class ScriptPlan:
    """The script of a recorded run, and the run that is taken from it.

    It is passed to the process in a file that only the user can read.

    Attributes:
        name: The recorded name of the experiment.
        command: The command, with the path of its ingredient.
        config: The configuration.
        updates: The recorded updates of the call.
        options: The recorded options of the call.
        meta: Metadata of the new run.
        repositories: Those of the recorded sources, where they are restored in another folder; None
            where the script is executed in the recorded one.
        main: The file to execute.
        module: Its dotted name in its package, or None.
        roots: Folders that modules are imported from, the first one before all others.
        moved: Recorded folders of the sources, and where they are now.
        working_dir: The working directory.
        is_of_sacred: The script imports Sacred.
        outcome: The file that the process writes its outcome to.
        takes_first: Take the first run that the script requests, whatever it requests.
    """

    name: str
    command: str
    config: RecordedConfig
    updates: dict[str, Any]
    options: dict[str, Any]
    meta: dict[str, Any]
    repositories: list[dict[str, Any]] | None
    main: str
    module: str | None
    roots: list[str]
    moved: list[list[str]]
    working_dir: str
    is_of_sacred: bool = False
    outcome: str = ""
    takes_first: bool = False

    def write(self, path: Path) -> None:
        """Write it to a new file that no other user can read."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(to_json(attrs.asdict(self)))

    @classmethod
    def read(cls: type[P], path: Path) -> P:
        """Read it, and remove the file.

        Raises:
            OSError: it was read already.
        """
        data = from_json(path.read_text(encoding="utf-8", errors="surrogatepass"))
        path.unlink()
        return cls(**cls.decode(data))

    @classmethod
    def decode(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Return the attributes from plain data."""
        return {**data, "config": RecordedConfig(**data["config"])}

    @property
    def words(self) -> list[str]:
        """The words of the recorded command line, without options."""
        command, updates = self.options.get("COMMAND"), self.options.get("UPDATE")
        words = [command] if isinstance(command, str) else []
        has_updates = isinstance(updates, list) and updates
        return [*words, "with", *map(str, updates or ())] if has_updates else words


def script_fields(
    run: StoredRun, layout: Layout, config: RecordedConfig, sources: Iterable[str]
) -> dict[str, Any]:
    """Return the attributes of a plan that follow from a recorded run and where its files are.

    Args:
        run: The run.
        layout: Of the folder in which the script is executed.
        config: The configuration.
        sources: The names of the sources that are there.
    """
    given, updates = run.meta.get("options"), run.meta.get("config_updates")
    base = layout.inside(layout.base)
    moved = [[str(layout.base_dir), str(base)]] if layout.base_dir is not None else []
    if layout.top is not None and layout.base.parts and not layout.is_in_place:
        moved.append([str(layout.top), str(layout.folder)])
    known = [layout.import_root, *_recorded_roots(run, layout), base]
    roots = [*known, *_roots_above(layout, sources)]
    roots += [] if layout.is_in_place else [layout.folder]
    return {
        "name": run.name,
        "command": run.command,
        "config": config,
        "updates": updates if isinstance(updates, dict) else {},
        "options": given if isinstance(given, dict) else {},
        "main": str(layout.main_path),
        "module": layout.module,
        "roots": [*dict.fromkeys(map(str, roots))],
        "moved": moved,
        "working_dir": str(layout.working_dir),
        "is_of_sacred": imports_sacred(run),
    }


def _recorded_roots(run: StoredRun, layout: Layout) -> Iterator[Path]:
    """Yield the folders of PYTHONPATH that were in the folder of the sources."""
    switches = run.host.get("switches")
    recorded = switches.get("PYTHONPATH") if isinstance(switches, dict) else None
    for part in str(recorded or "").split(os.pathsep):
        path = layout.moved(part) if part else None
        if path is not None and path.is_dir():
            yield path


def _roots_above(layout: Layout, sources: Iterable[str]) -> list[Path]:
    """Return the folders that sources beside the folder of the main file are imported from."""
    known = [layout.import_root, layout.inside(layout.base)]
    found: list[Path] = []
    for path in map(layout.path_of, sources):
        root = path.parent
        while (root / "__init__.py").exists() and root != layout.folder:
            root = root.parent
        if not any(root.is_relative_to(each) for each in [*known, *found]):
            found.append(root)
    return found
