"""``sacred mongo load``: what a run could not save, into the database."""

import shutil
from pathlib import Path
from typing import Any

import click
from bson import json_util

from sacred_core.cli.runs.recover_runs import load_undelivered
from sacred_core.exceptions import OptionError, SacredError, StoreError
from sacred_core.loggers import own_logger
from sacred_core.printable import printable
from sacred_core.stable_files import with_version
from sacred_core.stores.tokens import TOKEN
from sacred_mongo.connection import Address, parse_argument
from sacred_mongo.observer import MongoObserver
from sacred_mongo.values import decode_keeping_times

_FORMAT = "sacred-mongo missed 1"
_RECORD = "missed.json"
#: Has times and the types of numbers.
_JSON_OPTIONS = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL, tz_aware=True)

_logger = own_logger(__name__)


@click.group()
def mongo() -> None:
    """MongoDB maintenance.

    \b
    Example:
      sacred mongo load sacred_mongo_failures
    """


@mongo.command(short_help="Store what runs could not save.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("url", required=False)
@click.pass_context
def load(context: click.Context, folder: Path, url: str | None) -> None:
    """Put what could not be saved into the database, and remove it from FOLDER.

    FOLDER is that of one run, or contains those of several; `sacred runs load` does the same for
    all stores. URL is where the server is, like mongodb://user:password@host:27017; without, it is
    on this machine. A database in it is used in place of the one that the run used.

    \b
    Example:
      sacred mongo load sacred_mongo_failures mongodb://localhost:27017/sacred
    """
    records = [folder / _RECORD] if (folder / _RECORD).exists() else _records_in(folder)
    if not records:
        location = url if url is None or "://" in url else _server(url)
        context.invoke(load_undelivered, folder=folder, location=location)
    for record in records:
        run_id = load_record(record, url)
        click.echo(printable(f"{record.parent}: run {run_id} is saved"))


def load_record(path: Path, url: str | None) -> Any:
    """Save what a run of release 0.1.0 could not save, and return its id.

    Raises:
        SacredError: the file is not such a record, or the server does not accept it.
    """
    try:
        record = json_util.loads(path.read_text(encoding="utf-8"), json_options=_JSON_OPTIONS)
        events = record["events"] if record["format"] == _FORMAT else None
    except (ValueError, KeyError, TypeError):
        events = None
    if events is None:
        raise SacredError(f"{str(path)!r} does not contain undelivered data of a run")
    observer = _new_observer(record, url)
    with observer.translate_errors():
        _continue_run(observer, record["entry"])
        for event in events:
            try:
                _replay(observer, event["method"], decode_keeping_times(event["arguments"]))
            except OSError as error:
                _logger.warning("A file of run %r is missing: %s", record["entry"]["_id"], error)
    shutil.rmtree(path.parent)
    return record["entry"]["_id"]


def _records_in(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*/{_RECORD}"))


def _new_observer(record: Any, url: str | None) -> MongoObserver:
    """Return an observer of the collections that a record names."""
    prefix = record["metrics"].rpartition("_metrics")[0]
    is_named = url is not None and "/" in url.partition("://")[2].partition("?")[0].rstrip("/")
    try:
        address = parse_argument(url) if url and "://" in url else Address(_server(url))
        return MongoObserver(
            address.url,
            address.db_name if is_named else record["database"],
            "runs" if prefix else record["runs"],
            collection_prefix=prefix,
        )
    except (OptionError, ValueError) as error:
        raise StoreError(str(error)) from None


def _server(url: str | None) -> str | None:
    return f"mongodb://{url}" if url else None


def _continue_run(observer: MongoObserver, entry: Any) -> None:
    """Continue the run, which is inserted where it is gone."""
    found = observer.runs.find_one({"_id": entry["_id"]})
    if found is None:
        observer.runs.insert_one(entry)
    elif (found.get("start_time"), found.get(TOKEN)) != (entry["start_time"], entry.get(TOKEN)):
        raise StoreError(f"{observer.display_name} contains another run {entry['_id']!r}")
    observer.continue_document(found or entry)


def _replay(observer: MongoObserver, method: str, event: dict[str, Any]) -> None:
    if method in ("artifact", "resource"):
        path = Path(event.pop("content", None) or event["filename"])
        name = event["name"] if method == "artifact" else event["filename"]
        details = {key: event[key] for key in ("metadata", "content_type") if event.get(key)}
        with_version(
            path, lambda version: observer.put_file(method, name, version, details), has_sha256=True
        )
    elif method == "metrics":
        observer.append_points(event["metrics"], event["starts"])
    elif method == "end" and event["status"] == "COMPLETED":
        observer.completed_event(event["stop_time"], event["result"])
    elif method == "end":
        trace = event["fail_trace"] or []
        observer.interrupted_event(event["stop_time"], event["status"], trace)
    elif method == "save":
        observer.save()
    else:
        getattr(observer, f"{method}_event")(**event)
