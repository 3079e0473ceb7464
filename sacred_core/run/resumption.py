"""The stored run that a run resumes, or was forked from."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import attrs

from sacred_core.exceptions import ArtifactNotFoundError
from sacred_core.provenance.generated import content_path
from sacred_core.shared_methods import ValueMethods
from sacred_core.stores.model import StoredRun
from sacred_core.stores.run_store import RunStore
from sacred_core.stores.segments import LATER_SOURCES
from sacred_core.stores.writers import WriterStore


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Resumed(ValueMethods):
    """What was recorded of a run before this process resumed it.

    Attributes:
        segment: The number of this segment; the first process of the run recorded segment 0.
        last_steps: The step of the last point of each metric.
        result: The result that was recorded last, or None.
        status: How the previous segment ended, for example ``"DEAD"`` or ``"INTERRUPTED"``.
        artifacts: The names of the artifacts, which `Run.artifact_path` returns.
    """

    segment: int
    last_steps: dict[str, Any] = attrs.field(factory=dict)
    result: Any = None
    status: str = ""
    artifacts: list[str] = attrs.field(factory=list)


class Resumption:
    """What a run that resumes another one, or is its fork, uses of the stored run.

    Args:
        store: Of the stored run.
        stored: The stored run.
        resumed: What was recorded before; None for a fork.

    Attributes:
        stored: The stored run, as it was before.
        resumed: What was recorded before; None for a fork.
    """

    def __init__(self, store: RunStore, stored: StoredRun, resumed: Resumed | None) -> None:
        self.stored = stored
        self.resumed = resumed
        self._store = store
        self._folder: Path | None = None

    def copy_artifact(self, name: str, folder: Path) -> Path:
        """Copy an artifact of the stored run into an empty folder, and return its path.

        Raises:
            ArtifactNotFoundError: the run has none with this name.
            StoreError: it cannot be read.
        """
        stored = self._store.get(self.stored.id)  # the run may have more since it was resumed
        if name not in stored.artifacts:
            raise not_found_error(name, stored.artifacts)
        path = folder / (Path(name).name or "artifact")
        with self._store.open_file(stored.id, "artifact", name) as source, path.open("wb") as file:
            shutil.copyfileobj(source, file)
        return path

    def code_events(
        self, base_dir: str, sources: Iterable[Sequence[str]], dependencies: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Return the fields of the events that record the code of a resumed segment.

        Sources that the record does not have are recorded under their names. A source with another
        content than the recorded one is recorded under the name of this segment.

        Args:
            base_dir: The folder of the sources.
            sources: Pairs of a name and the MD5 digest.
            dependencies: Strings like ``numpy==2.0``.
        """
        known = self.stored.sources
        new = [list(each) for each in sources if each[0] not in known]
        changed = [list(each) for each in sources if known.get(each[0], each[1]) != each[1]]
        fields = [{"sources": new, "dependencies": list(dependencies), "base_dir": base_dir}]
        if changed:
            renamed = self._copy_sources(base_dir, changed)
            fields.append(
                {"sources": renamed, "dependencies": [], "base_dir": str(self._require_folder())}
            )
        return [each for each in fields if each["sources"] or each["dependencies"]]

    def close(self) -> None:
        """Remove the copies of sources."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _copy_sources(self, base_dir: str, sources: list[list[str]]) -> list[list[str]]:
        """Copy sources to where `code_events` has them, and return their names and digests."""
        segment = self.resumed.segment if self.resumed is not None else 0
        renamed = []
        for name, md5 in sources:
            target = self._require_folder() / source_name(segment, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(OSError):  # it was removed: the digest is recorded
                shutil.copyfile(content_path(Path(base_dir) / name, md5), target)
            renamed.append([source_name(segment, name), md5])
        return renamed

    def _require_folder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="sacred-segment-"))
        return self._folder


class ArtifactCopies:
    """Copies of the artifacts of a run in a temporary folder.

    Args:
        resumption: The stored run, or None.
    """

    def __init__(self, resumption: Resumption | None) -> None:
        self._resumption = resumption
        self._folder = Path(tempfile.mkdtemp(prefix="sacred-artifacts-"))
        self._copied: dict[str, Path] = {}

    def path_of(self, name: str, added: Mapping[str, Path]) -> Path:
        """Return the path of a copy of an artifact.

        Args:
            name: Of the artifact.
            added: The files that this process added, by name.

        Raises:
            ArtifactNotFoundError: the run has none with this name.
            OSError: the file that was added cannot be read any more.
            StoreError: the stored artifact cannot be read.
        """
        if name in added:
            folder = self._new_folder()
            return Path(shutil.copyfile(added[name], folder / added[name].name))
        if self._resumption is None:
            raise not_found_error(name, added)
        if name not in self._copied:
            self._copied[name] = self._resumption.copy_artifact(name, self._new_folder())
        return self._copied[name]

    def remove(self) -> None:
        """Remove all copies."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder))


def source_name(segment: int, name: str) -> str:
    """Return the name of a source of a later segment whose content differs from the first one's.

    Args:
        segment: Its number, counted from 0.
        name: The name of the source.
    """
    return f"{LATER_SOURCES}{segment + 1}/{name}"


def not_found_error(name: str, names: Iterable[str]) -> ArtifactNotFoundError:
    """Return the error for an artifact that does not exist, with similar names."""
    import difflib

    known = sorted(names)
    close = difflib.get_close_matches(name, known, 1)
    if close:
        hint = f"did you mean {close[0]!r}?"
    else:
        hint = f"it has {', '.join(map(repr, known[:8]))}" if known else "it has no artifacts"
    return ArtifactNotFoundError(f"the run has no artifact {name!r}: {hint}")


class PartResumption(Resumption):
    """What a rank uses of a run that rank 0 resumed: its own part, then what rank 0 recorded.

    Args:
        store: Of the run.
        stored: The run.
        resumed: What was recorded before.
        own: What the rank uses of its part; None without one.
    """

    def __init__(
        self, store: RunStore, stored: StoredRun, resumed: Resumed, own: Resumption | None
    ) -> None:
        super().__init__(store, stored, resumed)
        self._own = own

    def copy_artifact(self, name: str, folder: Path) -> Path:
        """Copy an artifact of the part, or else of rank 0, into an empty folder."""
        if self._own is not None and name in self._own.stored.artifacts:
            return self._own.copy_artifact(name, folder)
        return super().copy_artifact(name, folder)


def resume_part(run: Any, store: RunStore, stored: StoredRun, part: StoredRun | None) -> None:
    """Let the run of a rank continue with what was recorded before rank 0 resumed the run.

    Args:
        run: Of the rank; it has not started.
        store: Of the run.
        stored: The run, which rank 0 has resumed.
        part: What the rank recorded in earlier segments, or None.
    """
    parts: Any = None if part is None else cast(WriterStore, store).writer_store(stored.id)
    steps = {} if part is None or parts is None else last_steps(parts, part.id)
    run.segment = len(stored.segments) - 1
    run.part_segment = 0 if part is None else len(part.segments)
    run.metrics.continue_after(steps)
    own_artifacts = [] if part is None else part.artifacts
    resumed = Resumed(
        segment=run.segment, last_steps=steps, result=stored.result,
        status=stored.segments[-2].status,
        artifacts=list(dict.fromkeys((*stored.artifacts, *own_artifacts))),
    )  # fmt: skip
    own = None
    if part is not None:
        run.info = {**part.info, **run.info}
        own = Resumption(parts, part, resumed)
    run.resumption = PartResumption(store, stored, resumed, own)


def last_steps(store: RunStore, run_id: int | str) -> dict[str, Any]:
    """Return the step of the last point of each metric of a stored run, without other writers.

    Raises:
        StoreError: the points cannot be read.
    """
    from sacred_core.stores.curves import points, summaries
    from sacred_core.stores.summaries import is_number
    from sacred_core.stores.writer_views import split_metric

    writers = store.get(run_id).writers
    ends = {
        name: own[-1].stop
        for name, own in summaries(store, run_id).items()
        if own and split_metric(name, writers) is None
    }
    last = points(store, run_id, {name: (end - 1, end) for name, end in ends.items()})
    return {
        name: own["steps"][-1]
        for name, own in last.items()
        if own["steps"] and is_number(own["steps"][-1])
    }
