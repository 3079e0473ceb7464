"""``sacred runs show``."""

import click

from sacred_core.cli.runs.text import page, run_as_data
from sacred_core.exceptions import StoreError
from sacred_core.masking import mask_text
from sacred_core.serialization import strict_json
from sacred_core.stores import RunQuery, RunStore, StoredRun, open_store
from sacred_core.stores.run_ids import normalize_id


@click.command("show")
@click.argument("location")
@click.argument("run_id", required=False)
@click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")
def show_run(location: str, run_id: str | None, as_json: bool) -> None:
    """Show the run RUN_ID at LOCATION, by default the newest: configuration, result, metrics,
    files and output."""
    store = open_store(location)
    run = _newest(store, location) if run_id is None else store.get(normalize_id(run_id))
    if as_json:
        click.echo(strict_json(run_as_data(store, run), indent=2))
    else:
        click.echo("\n".join(page(store, run)))


def _newest(store: RunStore, location: str) -> StoredRun:
    for run in store.list(RunQuery(limit=1)):
        return run
    raise StoreError(f"there are no runs at {mask_text(location)!r}")
