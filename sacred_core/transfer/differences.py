"""What differs between a run in one store and the same run in another one."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from sacred_core.plurals import counted
from sacred_core.readable_numbers import number_text
from sacred_core.shared_methods import ValueMethods
from sacred_core.stores import RunStore, StoredRun
from sacred_core.stores.canonical import canonical_json
from sacred_core.stores.digests import (
    MetricDigest,
    RunDigest,
    comparable_parts,
    digest_metrics,
)

#: Entries of a part of the record that are listed; characters of a value.
_MOST_ENTRIES, _LONGEST = 20, 60
#: Parts of the record without entries of their own.
_WHOLE = ("fail_trace",)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Difference(ValueMethods):
    """One thing that differs between two stores, A and B.

    Attributes:
        part: See `RunDigest.parts`.
        name: Where it is: a dotted path, or the name of a metric or a file; empty for a whole part.
        message: Such as ``"0.1 in A, 0.2 in B"``, ``"90 of 100 points in B"`` or
            ``"missing in B"``.
        missing_in: ``"A"`` or ``"B"`` if that store has a part of what the other one has, so that
            it can be copied; None if both have something else.
    """

    part: str
    name: str = ""
    message: str
    missing_in: str | None = None

    def __str__(self) -> str:
        return f"{self.name or self.part}: {self.message}"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RunInStore(ValueMethods):
    """A run where it is stored.

    Attributes:
        store: From `open_store`.
        run: With all attributes.
        digest: Of the run.
    """

    store: RunStore
    run: StoredRun
    digest: RunDigest


def find_differences(a: RunInStore, b: RunInStore) -> list[Difference]:
    """Return what differs, in the order of `RunDigest.parts`; points and output are read again.

    Raises:
        DamagedRecordError: output or points cannot be read.
        StoreError: one of the runs does not exist any more.
    """
    found: list[Difference] = []
    parts_a, parts_b = comparable_parts(a.run), comparable_parts(b.run)
    for part in dict.fromkeys((*a.digest.parts, *b.digest.parts)):
        if a.digest.parts.get(part) == b.digest.parts.get(part):
            continue
        if part == "metrics":
            found += _metrics(a, b)
        elif part == "output":
            found.append(_output(a, b))
        elif part == "files":
            found += _files(a.digest, b.digest) or [
                Difference(part=part, message="metadata differs")
            ]
        elif part == "annotations":
            found += _annotations(parts_a[part], parts_b[part])
        elif part == "recorded by writers":
            found += _writers(a.digest, b.digest)
        elif part in _WHOLE:
            found.append(Difference(part=part, message="differs"))
        else:
            found += _entries(part, parts_a.get(part, {}), parts_b.get(part, {}))
    return found


def is_prefix(shorter: RunInStore, longer: RunInStore, metric: str) -> bool:
    """Return whether the points of a metric are the first ones of those in the other store."""
    own = shorter.digest.metrics.get(metric)
    if own is None:
        return True
    other = digest_metrics(longer.store, longer.run.id, {metric: own.points})
    return other.get(metric) == own


def _entries(part: str, a: Any, b: Any) -> list[Difference]:
    found = [
        Difference(part=part, name=path, message=message)
        for path, message in _walk("" if part == "times" else part, a, b, part == "times")
    ]
    more = len(found) - _MOST_ENTRIES
    if more > 0:
        message = f"{counted(more, 'more entry')} differ"
        found[_MOST_ENTRIES:] = [Difference(part=part, message=message)]
    return found


def _walk(path: str, a: Any, b: Any, is_time: bool) -> Iterator[tuple[str, str]]:
    """Yield the paths of entries that differ, and how."""
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        for key in dict.fromkeys((*a, *b)):
            below = f"{path}.{key}" if path else str(key)
            if key not in b:
                yield below, f"only in A ({_text(a[key], is_time)})"
            elif key not in a:
                yield below, f"only in B ({_text(b[key], is_time)})"
            else:
                yield from _walk(below, a[key], b[key], is_time)
    elif canonical_json(a) != canonical_json(b):
        yield path, f"{_text(a, is_time)} in A, {_text(b, is_time)} in B"


def _text(value: Any, is_time: bool) -> str:
    if is_time and value is not None:
        time = datetime.fromtimestamp(value / 1000, UTC)
        return time.isoformat(timespec="milliseconds")
    text = repr(value) if isinstance(value, str) else number_text(value, None)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _output(a: RunInStore, b: RunInStore) -> Difference:
    mine, its = (each.store.output(each.run.id) for each in (a, b))
    missing_in = None
    if its.startswith(mine):
        missing_in, message = "A", f"{len(mine)} of {counted(len(its), 'character')} in A"
    elif mine.startswith(its):
        missing_in, message = "B", f"{len(its)} of {counted(len(mine), 'character')} in B"
    else:
        pairs = enumerate(zip(mine, its, strict=False))
        start = next(position for position, (one, other) in pairs if one != other)
        message = f"differs from character {start} on ({len(mine)} in A, {len(its)} in B)"
    return Difference(part="output", message=message, missing_in=missing_in)


def _metrics(a: RunInStore, b: RunInStore) -> Iterator[Difference]:
    mine, its = a.digest.metrics, b.digest.metrics
    for name in dict.fromkeys((*mine, *its)):
        one, other = mine.get(name), its.get(name)
        if one != other:
            message, missing_in = _metric_message(a, b, name, one, other)
            yield Difference(
                part="metrics", name=f"metric {name}", message=message, missing_in=missing_in
            )


def _metric_message(
    a: RunInStore, b: RunInStore, name: str, one: MetricDigest | None, other: MetricDigest | None
) -> tuple[str, str | None]:
    if one is None or other is None:
        present, where = (other, "A") if one is None else (one, "B")
        count = 0 if present is None else present.points
        return f"missing in {where} ({counted(count, 'point')})", where
    if one.points == other.points:
        return f"differs ({counted(one.points, 'point')})", None
    shorter, longer, where = (a, b, "A") if one.points < other.points else (b, a, "B")
    if not is_prefix(shorter, longer, name):
        return f"differs ({counted(one.points, 'point')} in A, {other.points} in B)", None
    few, all_of_them = sorted((one.points, other.points))
    return f"{few} of {counted(all_of_them, 'point')} in {where}", where


def _writers(a: RunDigest, b: RunDigest) -> Iterator[Difference]:
    for name in dict.fromkeys((*a.writers, *b.writers)):
        mine, its = a.writers.get(name), b.writers.get(name)
        if mine is None or its is None:
            missing_in = "A" if mine is None else "B"
            message = f"missing in {missing_in}"
        elif mine.total != its.total:
            parts = dict.fromkeys((*mine.parts, *its.parts))
            names = [part for part in parts if mine.parts.get(part) != its.parts.get(part)]
            missing_in, message = None, f"differs in {', '.join(names) or 'uid'}"
        else:
            continue
        yield Difference(
            part="recorded by writers", name=f"writer {name}", message=message,
            missing_in=missing_in,
        )  # fmt: skip


def _files(a: RunDigest, b: RunDigest) -> list[Difference]:
    found = []
    for kind, mine in a.files.items():
        its = b.files[kind]
        for name in dict.fromkeys((*mine, *its)):
            message, missing_in = _file_message(mine, its, name)
            if message:
                found.append(
                    Difference(
                        part="files", name=f"{kind} {name}", message=message, missing_in=missing_in
                    )
                )
    return found


def _file_message(
    mine: Mapping[str, str | None], its: Mapping[str, str | None], name: str
) -> tuple[str, str | None]:
    for own, where in ((mine, "A"), (its, "B")):
        if name not in own:
            return f"missing in {where}", where
    if mine[name] == its[name]:
        return "", None
    for own, where in ((mine, "A"), (its, "B")):
        if own[name] is None:
            return f"content missing in {where}", where
    return "content differs", None


def _annotations(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Difference]:
    for name, only in (("tags", _tags_text), ("notes", _notes_text)):
        mine = {canonical_json(each): each for each in a[name]}
        its = {canonical_json(each): each for each in b[name]}
        for own, other, where, missing_in in ((mine, its, "A", "B"), (its, mine, "B", "A")):
            missing = [each for key, each in own.items() if key not in other]
            if missing:
                message = f"{only(missing)} only in {where}"
                yield Difference(
                    part="annotations", name=name, message=message, missing_in=missing_in
                )


def _tags_text(tags: list[str]) -> str:
    return ", ".join(map(repr, tags))


def _notes_text(notes: list[Any]) -> str:
    return counted(len(notes), "note")
