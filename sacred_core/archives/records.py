"""Writes one run into an archive."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeAlias

import attrs

from sacred_core.archives.layout import KINDS, PARTS, content_entry, folder_names
from sacred_core.archives.points import write_points
from sacred_core.archives.writing import BLOCK, ArchiveWriter, Content
from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.masking import mask_text
from sacred_core.serialization import strict_json
from sacred_core.stores import FileInfo, MetricSummary, RunStore, StoredRun, guard
from sacred_core.stores.folder_format import (
    ANNOTATIONS,
    CONFIG,
    INFO,
    METRIC_INDEX,
    METRICS,
    OUTPUT,
    RUN,
    FileLists,
    annotation_line,
    encode_output,
    entry_bytes,
    json_bytes,
    new_entry,
    update_entry,
)
from sacred_core.stores.writers import PartStore

#: By kind and name.
Files: TypeAlias = dict[str, dict[str, Content]]
_WRITTEN = ("status", "stop_time", "heartbeat", "result", "experiment", "files", "fail_trace")


def pack_run(store: RunStore, run: StoredRun, writer: ArchiveWriter, folder: str) -> dict[str, Any]:
    """Write a run and the contents of its files, and return its entry of the manifest.

    Args:
        store: Where the run is.
        run: All that the store has of its record.
        writer: Of the archive.
        folder: The name of its folder in the archive.

    Raises:
        OSError: the archive cannot be written.
        UnavailableError: the connection to the store was lost.
    """
    return _RunPacker(store, run, writer, folder).pack()


class _RunPacker:
    def __init__(self, store: RunStore, run: StoredRun, writer: ArchiveWriter, folder: str) -> None:
        self._store, self._run, self._writer, self._folder = store, run, writer, folder
        self._outages: tuple[type[Exception], ...] = getattr(store, "outages", ())
        self._entries: dict[str, dict[str, Any]] = {}
        self._problems: list[dict[str, str]] = []

    def pack(self) -> dict[str, Any]:
        run = self._run
        if run.damage is not None:
            self._report("record", "", run.damage)
        files: Files = {kind: {} for kind in KINDS}
        for kind, name in _file_names(run):
            self._add_file(files, kind, name)
        facts = {"output_length": self._add_output(), "metrics": self._add_points()}
        self._add(CONFIG, json_bytes(run.config))
        self._add(INFO, json_bytes(run.info))
        if run.annotations:
            self._add(ANNOTATIONS, b"".join(map(annotation_line, run.annotations)))
        self._add(RUN, entry_bytes(_entry(run, files, facts)))
        return self._pack_parts() | {
            "id": run.id,
            "uid": run.uid,
            "name": run.name,
            "folder": self._folder,
            "record": dict(sorted(self._entries.items())),
            "files": {
                kind: {name: content.sha256 for name, content in own.items()}
                for kind, own in files.items()
                if own
            },
            "problems": self._problems,
        }

    def _pack_parts(self) -> dict[str, list[dict[str, Any]]]:
        """Write what writers recorded of the run, and return their entries of the manifest."""
        with self._reporting("writers"):
            store, parts = self._store, None
            if isinstance(store, PartStore):
                parts = store.writer_store(self._run.id)
            if parts is not None:
                found = sorted(parts.list(), key=lambda part: str(part.id))
                names = folder_names(part.id for part in found)
                entries = [
                    pack_run(parts, part, self._writer, f"{self._folder}/{PARTS}/{names[part.id]}")
                    for part in found
                ]
                return {"parts": entries} if entries else {}
        return {}

    def _add(self, name: str, content: bytes | BinaryIO) -> None:
        self._entries[name] = self._writer.add(f"{self._folder}/{name}", content)

    def _report(self, kind: str, name: str, reason: object) -> None:
        self._problems.append({"kind": kind, "name": name, "reason": mask_text(str(reason))})

    @contextmanager
    def _reporting(self, kind: str, name: str = "") -> Iterator[None]:
        """Report what the store raises for a part of the run; a lost connection is raised."""
        try:
            yield
        except UnavailableError:
            raise
        except StoreError as error:
            self._report(kind, name, error)

    def _add_file(self, files: Files, kind: str, name: str) -> None:
        """Put the content of a file into the archive unless it is there, and into ``files``."""
        info = self._run.files.get(kind, {}).get(name, FileInfo())
        md5 = info.md5 or (self._run.sources.get(name) if kind == "source" else None)
        content = self._writer.known_content(md5, info.size)
        with self._reporting(kind, name):
            if content is None:
                with self._store.open_file(self._run.id, kind, name) as file:
                    content = self._writer.add_content(self._blocks(file, f"the {kind} {name!r}"))
            files[kind][name] = content
            if md5 not in (None, content.md5):
                self._report(kind, name, f"its content has the MD5 digest {content.md5}, not {md5}")

    def _blocks(self, file: BinaryIO, what: str) -> Iterator[bytes]:
        while True:
            with guard(what, self._outages):  # a driver raises exceptions of its own
                block = file.read(BLOCK)
            if not block:
                return
            yield block

    def _add_output(self) -> int | None:
        """Return the number of characters."""
        with self._reporting("output"):
            text = self._store.output(self._run.id)
            self._add(OUTPUT, encode_output(text))
            return len(text)
        return None

    def _add_points(self) -> dict[str, MetricSummary] | None:
        """Return the summary of each metric."""
        with (
            self._writer.temporary_file() as lines,
            self._writer.temporary_file() as out,
            self._reporting("metrics"),
        ):
            summaries, index = write_points(self._store, self._run.id, lines, out)
            self._add(METRICS, out)
            self._add(METRIC_INDEX, f"{strict_json(index)}\n".encode())
            return summaries
        return None


def _file_names(run: StoredRun) -> list[tuple[str, str]]:
    """Return the kind and the name of each file of a run, in the order of both."""
    patches = (
        str(each.get("commit"))
        for each in run.experiment.get("repositories") or ()
        if isinstance(each, dict) and any(key.startswith("patch") for key in each)
    )
    names = {
        "artifact": run.artifacts,
        "patch": patches,
        "resource": run.resources,
        "source": run.sources,
    }
    return [(kind, name) for kind in KINDS for name in sorted(set(names[kind]))]


def _entry(run: StoredRun, files: Files, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of ``run.json``."""
    known = {kind: dict(own) for kind, own in run.files.items()}
    for kind in ("artifact", "resource", "source"):
        for name, content in files[kind].items():
            info = known.setdefault(kind, {}).get(name, FileInfo())
            known[kind][name] = attrs.evolve(info, size=content.size, md5=content.md5)
    archived = attrs.evolve(
        run,
        status=run.recorded_status,
        meta={**run.meta, "uid": run.uid},
        experiment=_experiment(run, files),
        files=known,
        **{name: value for name, value in facts.items() if value is not None},
    )
    entry = new_entry(archived, run.uid)
    update_entry(entry, archived, _WRITTEN)
    lists = FileLists(entry)
    for name in run.artifacts:
        info = known.get("artifact", {}).get(name, FileInfo())
        lists.add_artifact(name, info.metadata, info.content_type)
    for name in run.resources:
        lists.add_resource(name, _stored(files["resource"].get(name), None))
    return entry


def _experiment(run: StoredRun, files: Files) -> dict[str, Any]:
    """Return the information on the experiment with the entries of contents in the archive."""
    found = dict(run.experiment)
    if run.sources:
        found["sources"] = [
            [name, _stored(files["source"].get(name), md5)] for name, md5 in run.sources.items()
        ]
    if found.get("repositories"):
        found["repositories"] = [
            _repository(each, files["patch"]) if isinstance(each, dict) else each
            for each in found["repositories"]
        ]
    return found


def _repository(repository: Mapping[str, Any], patches: Mapping[str, Content]) -> dict[str, Any]:
    found = {key: value for key, value in repository.items() if not key.startswith("patch")}
    patch = patches.get(str(repository.get("commit")))
    return found if patch is None else {**found, "patch": content_entry(patch.sha256)}


def _stored(content: Content | None, md5: str | None) -> str:
    """Return the entry of a content, or the digest that is recorded of one that is missing."""
    return (md5 or "") if content is None else content_entry(content.sha256)
