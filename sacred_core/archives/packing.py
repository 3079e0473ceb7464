"""Writes runs of any store into an archive."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from sacred_core.archives.layout import (
    FORMAT,
    MANIFEST,
    READER,
    README,
    RUNS,
    VERSION,
    folder_names,
    reader,
    readme,
)
from sacred_core.archives.records import pack_run
from sacred_core.archives.writing import new_archive
from sacred_core.serialization import strict_json
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.run_ids import id_order
from sacred_core.version import __version__


@attrs.frozen(kw_only=True)
class Packed:
    """What was written.

    Attributes:
        path: Of the archive.
        runs: The number of runs.
        contents: The number of different contents of their files.
        size: Of the archive, in bytes.
        problems: What the source does not have or could not be read, as in the manifest: by the id
            of the run a list of ``{"kind", "name", "reason"}``.
    """

    path: Path
    runs: int
    contents: int
    size: int
    problems: dict[int | str, list[dict[str, str]]]


def pack(
    store: RunStore,
    runs: Iterable[StoredRun],
    path: Path,
    done: Callable[[StoredRun], object] = lambda run: None,
) -> Packed:
    """Write runs into a new archive, which replaces ``path`` when it is complete.

    The same runs, as they are in the same store, are the same bytes.

    Args:
        store: Where the runs are.
        runs: The runs; their order does not matter.
        path: Of the archive.
        done: Is called after each run.

    Raises:
        OSError: the archive cannot be written; there is none then, or ``path`` is unchanged.
        StoreError: the connection to the store was lost.
    """
    chosen = sorted(runs, key=lambda run: id_order(run.id))
    names = folder_names(run.id for run in chosen)
    entries: list[Mapping[str, Any]] = []
    with new_archive(path) as writer:
        writer.add(README, readme(), may_compress=False)  # archives are recognized by it
        writer.add(READER, reader())
        for run in chosen:
            entries.append(pack_run(store, run, writer, f"{RUNS}/{names[run.id]}"))
            done(run)
        problems = {entry["id"]: entry["problems"] for entry in entries if entry["problems"]}
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "written_by": f"sacred-core {__version__}",
            "counts": {
                "runs": len(entries),
                "contents": len(writer.contents),
                "problems": sum(map(len, problems.values())),
            },
            "contents": {
                content.sha256: {"size": content.size, "md5": content.md5}
                for _, content in sorted(writer.contents.items())
            },
            "runs": entries,
        }
        writer.add(MANIFEST, f"{strict_json(manifest, indent=1)}\n".encode())
        contents = len(writer.contents)
    size = path.stat().st_size
    return Packed(
        path=path, runs=len(entries), contents=contents, size=size, problems=problems
    )  # fmt: skip
