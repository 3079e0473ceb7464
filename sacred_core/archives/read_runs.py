"""Reads an archive of runs with Python 3.9 or newer, and nothing but its standard library.

    python read_runs.py [ARCHIVE] [ID]

ARCHIVE is the ZIP file or the folder into which it was extracted, by default that of this program.
"""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

NUMBERS = {name: float(name) for name in ("NaN", "Infinity", "-Infinity")}


def open_entry(path: str | Path, name: str) -> IO[bytes]:
    """Open an entry of the archive, such as ``runs/1/cout.txt``."""
    if Path(path).is_dir():
        return (Path(path) / name).open("rb")
    return zipfile.ZipFile(path).open(name)


def read_json(path: str | Path, name: str) -> Any:
    """Return the content of an entry that is JSON."""
    with open_entry(path, name) as file:
        return json.load(file)


def plain(value: Any) -> Any:
    """Replace ``{"%json": "NaN"}`` and the like in a value by what they represent."""
    if isinstance(value, dict) and list(value) == ["%json"] and isinstance(value["%json"], str):
        return json.loads(value["%json"])
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def runs(path: str | Path) -> list[dict[str, Any]]:
    """Return the entries of all runs in the manifest."""
    return list(read_json(path, "manifest.json")["runs"])


def run(path: str | Path, run_id: int | str) -> dict[str, Any]:
    """Return the entry of one run in the manifest."""
    return {str(each["id"]): each for each in runs(path)}[str(run_id)]


def record(path: str | Path, run_id: int | str, name: str = "run") -> Any:
    """Return ``run.json``, ``config.json`` or ``info.json`` of a run."""
    return plain(read_json(path, f"{run(path, run_id)['folder']}/{name}.json"))


def metrics(path: str | Path, run_id: int | str, raw: bool = False) -> dict[str, dict[str, Any]]:
    """Return the lists "steps", "values" and "timestamps" of each metric of a run.

    Of a run that was resumed, points that a later segment repeats are left out, unless ``raw``.
    """

    def cell(value: Any) -> Any:
        return NUMBERS.get(value, value) if isinstance(value, str) else plain(value)

    stored = read_json(path, f"{run(path, run_id)['folder']}/metrics.json")
    found = {
        name: {column: [cell(value) for value in values] for column, values in metric.items()}
        for name, metric in stored.items()
    }
    segments = (record(path, run_id).get("facts") or {}).get("segments") or []
    if segments and not raw:
        found = {name: shown(metric, name, segments) for name, metric in found.items()}
    return found


def shown(metric: dict[str, Any], name: str, segments: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the points of a metric without those that a later segment repeats."""

    def is_number(step: Any) -> bool:
        return type(step) in (int, float) and step == step

    steps, stop = metric["steps"], len(metric["steps"])
    indexes: list[int] = []
    later: list[float] = []
    for start in (each.get("points", {}).get(name, 0) for each in reversed(segments)):
        inside = range(min(start, stop), stop)
        limit = min(later, default=None)
        indexes += [
            index
            for index in reversed(inside)
            if limit is None or not is_number(steps[index]) or steps[index] < limit
        ]
        later += [steps[index] for index in inside if is_number(steps[index])]
        stop = inside.start
    indexes.reverse()
    return {column: [values[index] for index in indexes] for column, values in metric.items()}


def open_file(path: str | Path, run_id: int | str, kind: str, name: str) -> IO[bytes]:
    """Open an "artifact", a "resource", a "source" or a "patch" (by its commit) of a run."""
    return open_entry(path, f"contents/{run(path, run_id)['files'][kind][name]}")


def check(path: str | Path) -> list[str]:
    """Return the names of the entries that are missing or differ from their digest."""
    manifest, wrong = read_json(path, "manifest.json"), []
    digests = {f"contents/{digest}": digest for digest in manifest["contents"]}
    for each in manifest["runs"]:
        for name, entry in each["record"].items():
            digests[f"{each['folder']}/{name}"] = entry["sha256"]
    for name, digest in digests.items():
        found = hashlib.sha256()
        try:
            with open_entry(path, name) as file:
                while block := file.read(1 << 20):
                    found.update(block)
        except (KeyError, OSError, zipfile.BadZipFile, zlib.error):
            found.update(b"missing")
        wrong += [name] if found.hexdigest() != digest else []
    return wrong


def main(path: str | Path = Path(__file__).parent, run_id: str | None = None) -> str | None:
    """Print all runs, or one with its configuration and points; return what is damaged."""
    for each in runs(path) if run_id is None else [run(path, run_id)]:
        found = record(path, each["id"])
        print(each["id"], found["status"], found["start_time"], found["stop_time"], each["name"])
    if run_id is None:
        wrong = check(path)
        return f"damaged: {', '.join(wrong)}" if wrong else None
    print("config:", json.dumps(record(path, run_id, "config"), indent=2))
    print("result:", json.dumps(found["result"]))
    for name, metric in metrics(path, run_id).items():
        for point in zip(*metric.values()):
            print(name, *point)
    return None


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    arguments: list[Any] = sys.argv[1:]
    if len(arguments) == 1 and not Path(arguments[0]).exists():
        arguments.insert(0, Path(__file__).parent)
    sys.exit(main(*arguments))
