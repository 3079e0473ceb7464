"""Where the files of a run are."""

import hashlib
from typing import Any

import sqlalchemy as sa

from sacred_sql.schema import artifacts, contents, experiment_sources, resources, runs, sources


def file_query(run_key: int, kind: str, name: str) -> "sa.Select[Any] | None":
    """Return what selects name, content and size of files that may be it; None for a wrong kind."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    sized = (contents.c.content_id, contents.c.size)
    if kind == "artifact":
        query = sa.select(artifacts.c.name, *sized).join(contents)
        return query.where(artifacts.c.run_key == run_key, artifacts.c.name_digest == digest)
    if kind == "resource":
        query = sa.select(resources.c.filename.label("name"), *sized).join(contents)
        return query.where(resources.c.run_key == run_key, resources.c.filename_digest == digest)
    if kind == "source":
        query = sa.select(sources.c.name, *sized).select_from(sources).join(contents)
        query = query.join(
            experiment_sources, experiment_sources.c.source_id == sources.c.source_id
        )
        query = query.join(runs, runs.c.experiment_id == experiment_sources.c.experiment_id)
        return query.where(runs.c.run_key == run_key, sources.c.name == name)
    return None
