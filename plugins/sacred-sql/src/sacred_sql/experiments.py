"""Experiments and hosts: runs that share them share their rows."""

import base64
import functools
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa

from sacred_core.exceptions import DamagedRecordError
from sacred_core.loggers import own_logger
from sacred_core.patches import decode_patch
from sacred_core.provenance.sources import stored_version
from sacred_core.serialization import to_json
from sacred_sql import schema
from sacred_sql.contents import (
    Content,
    batches,
    content_of_bytes,
    delete_rows,
    drop_unused,
    new_key,
    read,
    store_content,
    unused_keys,
)

_logger = own_logger(__name__)
_LISTS = ("sources", "dependencies", "repositories")


@attrs.frozen
class _Part:
    """A source, dependency or repository: its row, without digest, and what its file contains."""

    row: dict[str, Any]
    content: Content | None = None

    @property
    def digest(self) -> str:
        return digest_of([self.row, self.content.sha256 if self.content else None])


@attrs.frozen
class Experiment:
    """The description of an experiment, with the contents of its files."""

    info: dict[str, Any]
    sources: tuple[_Part, ...]
    dependencies: tuple[_Part, ...]
    repositories: tuple[_Part, ...]

    @property
    def digest(self) -> str:
        """Of all of it."""
        return digest_of([self.info, *([p.digest for p in parts] for parts in self.lists)])

    @property
    def lists(self) -> tuple[tuple[_Part, ...], ...]:
        """The lists that have separate tables."""
        return self.sources, self.dependencies, self.repositories

    def with_code(
        self, base_dir: str, sources: Iterable[Sequence[str]], dependencies: Iterable[str]
    ) -> "Experiment":
        """Return the experiment with more code, of which some may be known."""
        known = {part.row["name"] for part in self.sources}
        new = _sources(base_dir, [source for source in sources if source[0] not in known])
        new_dependencies = [
            part for part in _dependencies(dependencies) if part not in self.dependencies
        ]
        return attrs.evolve(
            self, sources=self.sources + new, dependencies=(*self.dependencies, *new_dependencies)
        )


def make_experiment(ex_info: Mapping[str, Any]) -> Experiment:
    """Return the experiment of ``ex_info``, whose files are read."""
    return Experiment(
        info={key: value for key, value in ex_info.items() if key not in _LISTS},
        sources=_sources(str(ex_info.get("base_dir") or "."), ex_info.get("sources") or ()),
        dependencies=_dependencies(ex_info.get("dependencies") or ()),
        repositories=tuple(map(_repository, ex_info.get("repositories") or ())),
    )


def store_shared(
    connection: sa.Connection, experiment: Experiment, host_info: Mapping[str, Any]
) -> dict[str, int]:
    """Store an experiment and a host, as far as they are not there, and return their keys."""
    digests = (experiment.digest, digest_of(dict(host_info)))
    found = connection.execute(_shared_keys(), {"of_experiment": digests[0], "of_host": digests[1]})
    keys = dict(zip(("experiment_id", "host_id"), found.one(), strict=True))
    if keys["experiment_id"] is None:
        keys["experiment_id"] = store_experiment(connection, experiment)
    if keys["host_id"] is None:
        keys["host_id"] = store_host(connection, host_info)
    return keys


@functools.cache
def _shared_keys() -> sa.Select[Any]:
    of_experiment = schema.experiments.c.digest == sa.bindparam("of_experiment")
    of_host = schema.hosts.c.digest == sa.bindparam("of_host")
    return sa.select(
        sa.select(schema.experiments.c.experiment_id).where(of_experiment).scalar_subquery(),
        sa.select(schema.hosts.c.host_id).where(of_host).scalar_subquery(),
    )


def store_experiment(connection: sa.Connection, experiment: Experiment) -> int:
    """Store an experiment, if it is not there, and return its key."""
    table, digest = schema.experiments, experiment.digest
    found = _find_keys(connection, table, [digest])
    if found:
        return found[digest]
    info = experiment.info
    row = {"digest": digest, "name": _text(info, "name"), "base_dir": _text(info, "base_dir")}
    key = new_key(connection, table, {**row, "info": info})
    for (links, target), parts in zip(_TABLES, experiment.lists, strict=True):
        keys = _store_parts(connection, target, parts)
        name = target.primary_key.columns[0].name
        rows = [
            {"experiment_id": key, "position": position, name: part_key}
            for position, part_key in enumerate(keys)
        ]
        if rows:
            connection.execute(links.insert(), rows)
    return key


def store_host(connection: sa.Connection, host_info: Mapping[str, Any]) -> int:
    """Store a host, if it is not there, and return its key."""
    info = dict(host_info)
    digest = digest_of(info)
    found = _find_keys(connection, schema.hosts, [digest])
    if found:
        return found[digest]
    system = info.get("os")
    row = {"digest": digest, "info": info, "hostname": _text(info, "hostname")}
    row |= {name: _text(info, name) for name in ("cpu", "python_version")}
    row["os"] = " ".join(map(str, system)) if isinstance(system, list) else _text(info, "os")
    return new_key(connection, schema.hosts, row)


def read_experiment(connection: sa.Connection, key: int) -> dict[str, Any]:
    """Return the description of an experiment.

    Raises:
        DamagedRecordError: there is no such experiment.
    """
    experiment = load_experiment(connection, key)
    return {
        **experiment.info,
        "sources": [[part.row["name"], part.row["md5"]] for part in experiment.sources],
        "dependencies": [
            name if version is None else f"{name}=={version}"
            for name, version in (part.row.values() for part in experiment.dependencies)
        ],
        "repositories": [_repository_info(part) for part in experiment.repositories],
    }


def load_experiment(connection: sa.Connection, key: int) -> Experiment:
    """Return a stored experiment, to which code can be added.

    Raises:
        DamagedRecordError: there is no such experiment.
    """
    table = schema.experiments
    row = connection.execute(sa.select(table.c.info).where(table.c.experiment_id == key)).first()
    if row is None:
        raise DamagedRecordError(f"there is no experiment {key}")
    return Experiment(dict(row.info), *(_load_parts(connection, key, *each) for each in _TABLES))


def _load_parts(
    connection: sa.Connection, key: int, links: sa.Table, target: sa.Table
) -> tuple[_Part, ...]:
    own = target.primary_key.columns[0].name
    names = [each.name for each in target.c if each.name not in (own, "digest", "content_id")]
    query = sa.select(target).join(links)
    if "content_id" in target.c:
        table = schema.contents
        columns = [table.c[name].label(f"content_{name}") for name in ("sha256", "md5", "size")]
        query = query.add_columns(*columns)
        query = query.outerjoin(table, table.c.content_id == target.c.content_id)
    query = query.where(links.c.experiment_id == key).order_by(links.c.position)
    return tuple(
        _Part({name: getattr(row, name) for name in names}, _content(connection, row))
        for row in connection.execute(query).all()
    )


def _content(connection: sa.Connection, row: Any) -> Content | None:
    key = getattr(row, "content_id", None)
    if key is None:
        return None
    described = (row.content_sha256, row.content_md5, row.content_size)
    return Content(lambda: io.BytesIO(read(connection, key)), str(key), *described)


def drop_unused_experiment(connection: sa.Connection, key: int) -> None:
    """Remove an experiment, and of what it consists, unless others use that."""
    experiments = schema.experiments
    if not unused_keys(connection, experiments, [key], schema.runs.c.experiment_id):
        return
    parts = [_part_keys(connection, key, links, target) for links, target in _TABLES]
    for links, _ in _TABLES:
        delete_rows(connection, links.c.experiment_id, [key])
    delete_rows(connection, experiments.c.experiment_id, [key])
    contents: list[int | None] = []
    for (links, target), keys in zip(_TABLES, parts, strict=True):
        own = target.primary_key.columns[0]
        unused = unused_keys(connection, target, keys, links.c[own.name])
        if "content_id" in target.c:
            query = sa.select(target.c.content_id)
            for some in batches(unused):
                contents += connection.execute(query.where(own.in_(some))).scalars()
        delete_rows(connection, own, unused)
    drop_unused(connection, contents)


def drop_unused_host(connection: sa.Connection, key: int) -> None:
    """Remove a host, unless other runs have it."""
    unused = unused_keys(connection, schema.hosts, [key], schema.runs.c.host_id)
    delete_rows(connection, schema.hosts.c.host_id, unused)


def digest_of(value: Any) -> str:
    """Return the digest of plain data."""
    return hashlib.sha256(to_json(value).encode()).hexdigest()


_TABLES = (
    (schema.experiment_sources, schema.sources),
    (schema.experiment_dependencies, schema.dependencies),
    (schema.experiment_repositories, schema.repositories),
)


def _part_keys(connection: sa.Connection, key: int, links: sa.Table, target: sa.Table) -> list[int]:
    query = sa.select(links.c[target.primary_key.columns[0].name])
    return list(connection.execute(query.where(links.c.experiment_id == key)).scalars())


def _store_parts(connection: sa.Connection, table: sa.Table, parts: Sequence[_Part]) -> list[int]:
    """Store what is new, in the order of digests: others may do the same at the same time."""
    digests = {part.digest: part for part in parts}
    known = _find_keys(connection, table, list(digests))
    rows = []
    for digest, part in sorted(digests.items(), key=lambda item: item[0]):
        if digest not in known:
            row = {"digest": digest, **part.row}
            if "content_id" in table.c:
                row["content_id"] = (
                    store_content(connection, part.content) if part.content else None
                )
            rows.append(row)
    if rows:
        connection.execute(table.insert(), rows)
        known |= _find_keys(connection, table, [row["digest"] for row in rows])
    return [known[part.digest] for part in parts]


def _find_keys(connection: sa.Connection, table: sa.Table, digests: list[str]) -> dict[str, int]:
    key = table.primary_key.columns[0]
    found: dict[str, int] = {}
    for some in batches(digests):
        query = sa.select(table.c.digest, key).where(table.c.digest.in_(some))
        found |= {digest: int(value) for digest, value in connection.execute(query)}
    return found


def _sources(base_dir: str, sources: Iterable[Sequence[str]]) -> tuple[_Part, ...]:
    return tuple(_source(Path(base_dir), *source[:2]) for source in sources)


def _source(base_dir: Path, name: str, md5: str | None = None) -> _Part:
    path = base_dir / name
    row = {"name": name, "md5": md5}
    version = stored_version(path, md5)
    if version is None:
        return _Part(row)
    try:
        with version.open() as stream:
            return _Part(row, content_of_bytes(stream.read(), str(path)))
    except OSError as error:
        _logger.warning("The source %s is recorded without its content: %s", path, error)
        return _Part(row)


def _dependencies(dependencies: Iterable[str]) -> tuple[_Part, ...]:
    split = (str(dependency).partition("==") for dependency in dependencies)
    return tuple(
        _Part({"name": name, "version": version if equals else None})
        for name, equals, version in split
    )


def _repository(repository: Mapping[str, Any]) -> _Part:
    patch = decode_patch(repository)
    info = {key: value for key, value in repository.items() if key != "patch"}
    if patch is not None:
        info.pop("patch_base64", None)
        info["patch_is_binary"] = "patch_base64" in repository
    dirty = repository.get("dirty")
    row = {
        "url": _text(repository, "url"),
        "commit_hash": _text(repository, "commit"),
        "dirty": dirty if isinstance(dirty, bool) else None,
        "info": info,
    }
    return _Part(row, None if patch is None else content_of_bytes(patch, "uncommitted.patch"))


def _repository_info(part: _Part) -> dict[str, Any]:
    """Return what `_repository` got."""
    info = dict(part.row["info"])
    is_binary = info.pop("patch_is_binary", False)
    if part.content is not None:
        patch = b"".join(part.content.parts())
        if is_binary:
            info["patch_base64"] = base64.b64encode(patch).decode()
        else:
            info["patch"] = patch.decode()
    return info


def _text(info: Mapping[str, Any], name: str) -> str | None:
    value = info.get(name)
    return None if value is None else str(value)
