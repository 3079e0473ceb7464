"""Writes what happens in one run. Everything may be told twice."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sacred_core.serialization import plain
from sacred_core.stores.tokens import TOKEN, new_token, run_removed
from sacred_tinydb.claims import Claim, insert
from sacred_tinydb.database import Document
from sacred_tinydb.files import Staged
from sacred_tinydb.place import Place
from sacred_tinydb.records import (
    entered_patches,
    entered_sources,
    files_of,
    staged_patches,
    staged_sources,
    with_added_code,
)
from sacred_tinydb.tags import date_tag, file_tag

#: Characters of the output in the document; of a longer one the last, and a file has all.
_OUTPUT = 100_000


class Recorder:
    """The record of one run.

    Args:
        place: Where it is.
        number: Of its document.
        entry: Its document as it was at the start.
    """

    def __init__(self, place: Place, number: int, entry: Document) -> None:
        self.entry = entry
        self.live = place.live(number, entry[TOKEN])
        self._place = place
        self._number = number
        self._state: Document = {}
        self._replaced: set[str] = set()
        self._is_ended = False

    def heartbeat(self, info: Mapping[str, Any], beat_time: datetime | None, result: Any) -> None:
        """Note that the run is alive, and its information if it changed."""
        self.live.save_info(info)
        self._change(heartbeat=date_tag(beat_time), result=plain(result))

    def resource(self, filename: str) -> None:
        """Keep a file that the run read."""
        staged = self._place.files.stage(Path(filename))
        with self._locked(staged):
            new = [str(filename), staged.md5, file_tag(self._place.files.enter(staged))]
            if new not in self.entry["resources"]:
                self._change(resources=[*self.entry["resources"], new])

    def artifact(self, name: str, filename: str, details: Mapping[str, Any]) -> None:
        """Keep a file that the run made, in place of an earlier version."""
        known = {key: plain(value) for key, value in details.items() if value is not None}
        staged = self._place.files.stage(Path(filename))
        with self._locked(staged):
            tag = file_tag(self._place.files.enter(staged))
            new = [name, str(filename), staged.md5, tag, *([known] if known else [])]
            kept = {entry[0]: entry for entry in self.entry["artifacts"]}
            if name in kept:
                self._replaced.update(files_of({"artifacts": [kept[name]]}))
            self._change(artifacts=list({**kept, name: new}.values()))

    def code(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start."""
        staged = staged_sources(self._place.files, base_dir, sources)
        with self._locked(*(copy for _, copy in staged if isinstance(copy, Staged))):
            entered = entered_sources(self._place.files, staged)
            old = self.entry["experiment"]
            self._change(experiment=with_added_code(old, entered, dependencies))

    def save(self) -> None:
        """Write the entry, for those who changed it."""
        with self._locked():
            self._put()

    def end(
        self, status: str, time: datetime, result: Any, fail_trace: Sequence[str] | None
    ) -> None:
        """Write everything into the document; the folder of the run goes."""
        if self._is_ended:
            return
        fields: Document = {"status": status, "stop_time": date_tag(time)}
        if result is not None:
            fields["result"] = plain(result)
        if fail_trace:
            fields["fail_trace"] = list(fail_trace)
        self._change(**fields)
        self.entry = {**self.entry, "info": self.live.info(), **self._large()}
        with self._locked():
            self._put()
            self._place.remove_unused(self._replaced)
        self._is_ended = True
        self.live.remove()

    def _put(self) -> None:
        """Write the entry, with what others said of the run meanwhile; only within `locked`."""
        known = self._place.database.all().get(self._number, {})
        said = {key: known[key] for key in ("annotations",) if key in known}
        self._place.database.put(self._number, {**self.entry, **said})

    @contextmanager
    def _locked(self, *staged: Staged) -> Iterator[None]:
        """Keep others from changing anything while the run is there.

        Raises:
            RunRemovedError: the run was deleted; the copies are removed.
        """
        with self._place.database.locked():
            found = self._place.database.all().get(self._number, {})
            if found.get(TOKEN) != self.entry[TOKEN]:
                for copy in staged:
                    copy.path.unlink(missing_ok=True)
                raise run_removed(self.entry["_id"], "the TinyDB")
            yield

    def _large(self) -> Document:
        """Return what the document says of output and points, whose bulk becomes files."""
        files, large = self._place.files, {}
        text = self.live.output()
        large["captured_out"] = text[-_OUTPUT:]
        if len(text) > _OUTPUT:
            data = text.encode("utf-8", "backslashreplace")
            large["captured_out_file"] = file_tag(files.enter(files.stage_bytes(data)))
        if (points := self.live.metrics_file()) is not None:
            large["metrics"] = file_tag(files.enter(files.stage(points)))
        return large

    def _change(self, **fields: Any) -> None:
        self._state.update(fields)
        self.live.save(self._state)
        self.entry.update(fields)


def begun(place: Place, entry: Document, ex_info: Mapping[str, Any], claim: Claim) -> Recorder:
    """Insert the document of a new run and return what continues it.

    Raises:
        RunIdError: see `sacred_tinydb.claims.insert`.
    """
    sources = staged_sources(
        place.files, ex_info.get("base_dir") or ".", ex_info.get("sources") or ()
    )
    repositories = staged_patches(place.files, ex_info)
    entry[TOKEN] = new_token()
    with place.database.locked():
        entry["experiment"] = {
            **plain(dict(ex_info)),
            "sources": entered_sources(place.files, sources),
            "repositories": entered_patches(place.files, repositories),
        }
        number, replaced = insert(place.database, entry, claim)
        recorder = Recorder(place, number, entry)
        recorder.live.begin()
        place.remove_unused(set(files_of(replaced or {})))
    return recorder
