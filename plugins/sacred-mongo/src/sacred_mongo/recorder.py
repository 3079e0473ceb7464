"""Writes what happens in one run to its documents. Everything may be told twice."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sacred_mongo.code import kept_sources
from sacred_mongo.connection import Document
from sacred_mongo.large import file_of, fitted
from sacred_mongo.output import Output
from sacred_mongo.places import Place, RunKey
from sacred_mongo.points import Points
from sacred_mongo.restoring import restore_missing
from sacred_mongo.values import stored, stored_name


class Recorder:
    """The record of one run.

    Args:
        place: Where it is.
        entry: What its document holds; kept up to date.
    """

    def __init__(self, place: Place, entry: Document) -> None:
        self.place = place
        self.run_id = entry["_id"]
        self.entry = entry
        self._run = RunKey.of(entry)
        info = entry.get("info")
        self._points = Points(place, self._run, (info or {}).get("metrics") or ())
        self._output = Output(place, self._run, entry)
        self._told: dict[str, Any] = {}

    @property
    def points(self) -> Points:
        """The metrics."""
        return self._points

    def heartbeat(self, info: Mapping[str, Any], beat_time: datetime | None, result: Any) -> None:
        """Note that the run is alive; what did not change is not sent."""
        self._change({"info": dict(info), "result": result}, heartbeat=utc(beat_time))

    def output(self, text: str, offset: int) -> None:
        """Let ``text`` stand in the output from ``offset`` on."""
        self._output.write(text, offset)

    def metrics(self, metrics: Mapping[str, Any], starts: Mapping[str, int]) -> None:
        """Add points, and what is new to the list in ``info``."""
        self._points.write(metrics, starts)

    def end(
        self, status: str, stop_time: datetime, result: Any, fail_trace: Sequence[str] | None
    ) -> None:
        """Finish the record."""
        fields: dict[str, Any] = {} if result is None else {"result": result}
        if fail_trace:
            fields["fail_trace"] = list(fail_trace)
        self._change(fields, status=status, stop_time=utc(stop_time))
        self._points.join()
        restore_missing(self.place, self.entry)

    def resource(self, filename: str, content: str | None = None) -> None:
        """Keep a file that the run read; the same is kept once for all runs.

        Args:
            filename: As the run knows it.
            content: Where it is now, if that is elsewhere.
        """
        self.place.require(self._run)
        kept = self.place.files.keep(Path(content or filename), filename)
        entry = [stored_name(filename), kept.md5]
        self.place.change(self._run, {"$addToSet": {"resources": entry}})
        if entry not in self.entry["resources"]:
            self.entry["resources"].append(entry)

    def artifact(
        self,
        name: str,
        filename: str,
        metadata: Mapping[str, Any] | None,
        content_type: str | None,
    ) -> None:
        """Keep a file that the run made, in place of an earlier version."""
        details: dict[str, Any] = {}
        if metadata is not None:
            details["metadata"] = stored(dict(metadata))
        if content_type is not None:
            details["contentType"] = content_type
        self.place.require(self._run)
        owner = self.place.owner(self._run)
        kept = self.place.files.keep(Path(filename), f"artifact://{owner}/{name}", owner, **details)
        self._enter_artifact({"name": stored_name(name), "file_id": kept.id})

    def code(
        self, sources: Iterable[Sequence[str]], dependencies: Iterable[str], base_dir: str
    ) -> None:
        """Add what was imported after the start."""
        experiment = self.entry["experiment"]
        known = {name for name, _ in experiment.get("sources") or ()}
        new = [s for s in kept_sources(self.place.files, base_dir, sources) if s[0] not in known]
        merged = sorted([*(experiment.get("sources") or ()), *new], key=lambda pair: pair[0])
        names = sorted({*(experiment.get("dependencies") or ()), *dependencies}, key=str.lower)
        self.place.set(self._run, {"experiment.sources": merged, "experiment.dependencies": names})
        experiment.update(sources=merged, dependencies=names)

    def save(self) -> None:
        """Write the fields of the entry, for those who changed it."""
        apart = ("_id", "captured_out", "captured_out_start", "captured_out_parts")
        rest = {key: value for key, value in self.entry.items() if key not in apart}
        self.place.set(self._run, rest)

    def _change(self, values: Mapping[str, Any], **plain_fields: Any) -> None:
        """Set fields, those of ``values`` only where they are new."""
        new = {
            name: value
            for name, value in values.items()
            if name not in self._told or not _is_same(self._told[name], value)
        }
        fields = {name: fitted(self.place, self._run, name, v) for name, v in new.items()}
        if "info" in fields and self._points.listed:
            fields["info"]["metrics"] = self._points.listed
        gone = [file_of(self.entry.get(name)) for name in fields]
        self.place.set(self._run, fields | plain_fields)
        kept = {file_of(value) for value in fields.values()}
        self.place.files.delete(file for file in gone if file is not None and file not in kept)
        self.entry.update(fields | plain_fields)
        self._told.update(new)

    def _enter_artifact(self, new: Document) -> None:
        known = {entry["name"]: entry["file_id"] for entry in self.entry["artifacts"]}
        name = new["name"]
        if name not in known:
            # Told again after an answer that was lost, it is there.
            missing = {**self._run.filter, "artifacts.name": {"$ne": name}}
            done = self.place.runs.update_one(missing, {"$push": {"artifacts": new}})
            if done.matched_count == 0:
                self.place.require(self._run)
            self.entry["artifacts"].append(new)
        elif known[name] != new["file_id"]:
            found = {**self._run.filter, "artifacts.name": name}
            changed = {"$set": {"artifacts.$.file_id": new["file_id"]}}
            if self.place.runs.update_one(found, changed).matched_count == 0:
                self.place.require(self._run)
            self.place.files.delete([known[name]])
            self.entry["artifacts"] = [
                new if entry["name"] == name else entry for entry in self.entry["artifacts"]
            ]


def utc(time: datetime | None) -> datetime | None:
    """Return a time as BSON is given it: aware, in UTC."""
    if time is None:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _is_same(old: Any, new: Any) -> bool:
    """Compare with types, as 1, 1.0 and True are stored differently."""
    return old == new and (not isinstance(new, (int, float)) or type(old) is type(new))
