"""One run of a comparison, with what is read of it: each part once, when it is needed."""

import contextlib
import functools
from collections.abc import Mapping
from typing import Any, TypeAlias

from sacred_core.exceptions import StoreError, UnavailableError
from sacred_core.masking import mask_text
from sacred_core.printable import printable
from sacred_core.stores import RunStore, StoredRun, open_store
from sacred_core.stores.curves import Points, summaries
from sacred_core.stores.run_ids import normalize_id
from sacred_core.stores.summaries import MetricSummary, merge_summaries

#: Separates a location from an id.
SEPARATOR = "#"
#: What `ComparedRun.of` accepts.
Comparable: TypeAlias = "ComparedRun | StoredRun | str | tuple[RunStore | str, int | str]"


class ComparedRun:
    """A run and its store. What was read is retained.

    Args:
        store: From `open_store`.
        run: Of the store, with all attributes.
        location: Of the store; by default the name that it has in messages.

    Attributes:
        store, run: The arguments.
        location: The location without secrets.
        problems: What of the run could not be compared and why, a line each; see `report`.
    """

    def __init__(self, store: RunStore, run: StoredRun, location: str | None = None) -> None:
        self.store = store
        self.run = run
        shown = location or str(getattr(store, "display_name", type(store).__name__)).strip("'\"")
        self.location = printable(mask_text(shown))
        self.problems: list[str] = []
        if run.damage:
            self.report(f"it is damaged: {run.damage}")
        self._files: dict[tuple[str, str], bytes | None] = {}

    @classmethod
    def of(cls, value: Comparable) -> "ComparedRun":
        """Return the compared run that a value refers to.

        Args:
            value: A run that was read from a store, ``"LOCATION#ID"``, or a store (or a location)
                with an id.

        Raises:
            StoreError: there is no such store or run.
            ValueError: a string has no ``#``, or the run was not read from a store.
            TypeError: it is something else.
        """
        if isinstance(value, ComparedRun):
            return value
        if isinstance(value, StoredRun):
            if value.store is None:
                raise ValueError(f"{value!r} was not read from a store: pass (store, id)")
            return cls(value.store, value)
        if isinstance(value, str):
            location, separator, run_id = value.rpartition(SEPARATOR)
            if not separator:
                raise ValueError(f"{mask_text(value)!r} is not a run: write LOCATION#ID")
            value = (location, run_id)
        if not isinstance(value, tuple) or len(value) != 2:
            kind = type(value).__name__
            raise TypeError(f"a run is a StoredRun, 'LOCATION#ID' or (store, id), got {kind}")
        place, wanted = value
        if not isinstance(place, str):
            return cls(place, place.get(normalize_id(wanted)))
        store = open_store(place)
        return cls(store, store.get(normalize_id(wanted)), place)

    def __repr__(self) -> str:
        return f"ComparedRun({self.name!r})"

    @property
    def name(self) -> str:
        """The location and the id: ``my_runs#3``."""
        return f"{self.location}{SEPARATOR}{printable(self.run.id)}"

    @property
    def title(self) -> str:
        """The name, and which experiment and command it was."""
        what = " ".join(part for part in (self.run.name, self.run.command) if part)
        return printable(mask_text(f"{self.name} ({what}, {self.run.status})"))

    def report(self, problem: str) -> None:
        """Report that a fact of the run could not be compared.

        Args:
            problem: What, and why.
        """
        line = f"{self.name}: {problem}"
        if line not in self.problems:
            self.problems.append(line)

    def data(self) -> dict[str, Any]:
        """Return which run it is, as plain data."""
        run = self.run
        return {
            "location": self.location,
            "id": run.id,
            "uid": run.uid,
            "name": run.name,
            "command": run.command,
            "status": run.status,
        }

    def read_file(self, kind: str, name: str) -> bytes | None:
        """Return the content of a file, None if the store does not have it.

        Args:
            kind: ``"artifact"``, ``"resource"``, ``"source"`` or ``"patch"``.
            name: See `RunStore.open_file`.

        Raises:
            UnavailableError: the store cannot be reached.
        """
        key = (kind, name)
        if key not in self._files:
            self._files[key] = self._read(kind, name)
        return self._files[key]

    def source(self, name: str) -> str | None:
        """Return the text of a source, None if the store does not have it."""
        content = self.read_file("source", name)
        return None if content is None else _decode_source(content)

    def patch(self, commit: str) -> str | None:
        """Return the uncommitted changes of the repository at a commit, None if it has none."""
        content = self.read_file("patch", commit)
        return None if content is None else content.decode("utf-8", "backslashreplace")

    @functools.cached_property
    def _points(self) -> dict[str, Points]:
        return self.store.metrics(self.run.id)

    def points(self) -> Mapping[str, Points]:
        """Return ``{"steps", "values", "timestamps"}`` by metric, see `RunStore.metrics`.

        Raises:
            DamagedRecordError: they cannot be read.
        """
        return self._points

    @functools.cached_property
    def _summaries(self) -> dict[str, MetricSummary]:
        # In a listing, the summaries of a run that was resumed are those of all points.
        if self.run.metrics is not None and not self.run.recorded_segments:
            return self.run.metrics
        blocks = summaries(self.store, self.run.id)
        return {name: merge_summaries(own) for name, own in blocks.items() if own}

    def summaries(self) -> Mapping[str, MetricSummary]:
        """Return the summary of each metric, without reading the points if the store has it.

        Raises:
            DamagedRecordError: it cannot be read.
        """
        return self._summaries

    @functools.cached_property
    def _output(self) -> str:
        return self.store.output(self.run.id)

    def output(self) -> str:
        """Return what the run printed.

        Raises:
            DamagedRecordError: it cannot be read.
        """
        return self._output

    def _read(self, kind: str, name: str) -> bytes | None:
        try:
            with self.store.open_file(self.run.id, kind, name) as file:
                return file.read()
        except UnavailableError:
            raise
        except (StoreError, OSError):
            return None


def _decode_source(content: bytes) -> str:
    """Return the text of a source in UTF-8, or else in the encoding that it declares."""
    with contextlib.suppress(UnicodeDecodeError):
        return content.decode()
    import io
    import tokenize

    try:
        return content.decode(tokenize.detect_encoding(io.BytesIO(content).readline)[0])
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return content.decode("utf-8", "backslashreplace")
