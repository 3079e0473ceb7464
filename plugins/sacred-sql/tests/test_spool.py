"""Tests of runs that reach a SQL database through a spool."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore

from sacred_core.observers import SpoolObserver
from sacred_core.spool.entries import read_entries
from sacred_core.spool.flushing import flush
from sacred_core.testing.experiments import run_main
from sacred_core.testing.servers import Proxy


def main(_run: Any) -> int:
    print("printed")
    _run.log_scalar("loss", 1.5)
    _run.add_artifact(__file__, "made")
    return 3


def check_stored(url: str) -> None:
    store = SqlStore(url)
    (run,) = store.list()
    assert (run.status, run.result, run.artifacts) == ("COMPLETED", 3, ["made"])
    assert "printed\n" in store.output(run.id)
    assert store.metrics(run.id)["loss"]["values"] == [1.5]


def test_a_run_is_delivered_with_the_password_of_the_observer(
    new_url: Callable[[], str], tmp_path: Path
) -> None:
    """No file has it; another connection has the tables created, which may take seconds."""
    url = new_url()
    SqlObserver(url).open_store()
    run_main(SpoolObserver(SqlObserver(url), tmp_path / "spool"), main)
    check_stored(url)
    assert read_entries([tmp_path / "spool"]) == []


@pytest.mark.parametrize("failure", ["refuses", "hangs"])
def test_a_run_without_its_server(failure: str, postgres: Any, tmp_path: Path) -> None:
    """It is away from the start to after the end; the command needs the password."""
    url = sa.make_url(postgres.database())
    assert url.host is not None and url.port is not None and url.password is not None
    with Proxy((url.host, url.port)) as proxy:
        proxied = url.set(port=proxy.port).render_as_string(hide_password=False)
        proxy.fail(failure)
        run_main(SpoolObserver(SqlObserver(proxied), tmp_path / "spool"), main)
        (description,) = (tmp_path / "spool").glob("_spool/*/run.json")
        assert not re.search(rf"\b{re.escape(url.password)}\b", description.read_text())
        proxy.open()
        if failure == "refuses":
            (left,) = flush([tmp_path / "spool"])
            assert "password" in left.reason
        while any(done.is_active for done in flush([tmp_path / "spool"], proxied)):
            proxy.cut()  # a call of the run has not returned
    check_stored(url.render_as_string(hide_password=False))


def test_a_file_that_is_new(tmp_path: Path) -> None:
    """The command creates the database, as a run does."""
    (tmp_path / "server").write_text("away")
    url = f"sqlite:///{tmp_path}/server/runs.db"
    run_main(SpoolObserver(SqlObserver(url), tmp_path / "spool"), main)
    (tmp_path / "server").unlink()
    (tmp_path / "server").mkdir()
    assert [done.reason for done in flush([tmp_path / "spool"])] == [""]
    check_stored(url)


def test_the_folder_of_undelivered_events(tmp_path: Path) -> None:
    """It is an argument, as for MongoObserver, also with an existing engine."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/runs.db")
    assert SqlObserver(engine.url).failure_dir is None
    observer = SqlObserver(engine.url, failure_dir=tmp_path / "failed")
    assert observer.failure_dir == tmp_path / "failed"
    observer = SqlObserver.create_from(engine, failure_dir=b"failed")
    assert observer.failure_dir == Path.cwd() / "failed"
    engine.dispose()
