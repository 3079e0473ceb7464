"""Servers that take too long, and connections on which nothing is answered any more."""

import gc
import logging
import subprocess
import sys
import textwrap
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.limits import timeout_arguments

from sacred_core.exceptions import UnavailableError
from sacred_core.observers import RetryPolicy
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import DispatchingDriver
from sacred_core.testing.servers import Proxy


def test_timeouts_in_the_url_apply() -> None:
    """Other times for connecting than ours."""
    url = sa.make_url("postgresql+psycopg://h/db?connect_timeout=3")
    arguments = timeout_arguments(url)
    assert "connect_timeout" not in arguments and "tcp_user_timeout" in arguments


@pytest.mark.parametrize(
    ("driver", "expected"),
    [
        ("postgresql+psycopg", {"connect_timeout", "keepalives_idle", "tcp_user_timeout"}),
        ("postgresql+psycopg2", {"connect_timeout", "keepalives_idle", "tcp_user_timeout"}),
        ("mysql+pymysql", {"connect_timeout", "read_timeout", "write_timeout"}),
        ("mariadb+mysqldb", {"connect_timeout", "read_timeout", "write_timeout"}),
        ("sqlite", {"timeout"}),
        ("sqlite+pysqlite", {"timeout"}),
        ("mysql+nosuch", set()),
    ],
)
def test_each_driver_gets_the_limits_that_it_has(driver: str, expected: set[str]) -> None:
    """A driver with other options gets none."""
    assert set(timeout_arguments(sa.make_url(f"{driver}://h/db"))) == expected


@pytest.mark.parametrize(
    ("kind", "query", "expected"),
    [
        ("postgres", "SELECT current_setting('statement_timeout'), current_setting('lock_timeout')",
         ("1min", "20s")),
        ("maria", "SELECT @@max_statement_time, @@innodb_lock_wait_timeout", (60.0, 20)),
    ],
)  # fmt: skip
def test_servers_limit_the_time_of_statements(
    kind: str, query: str, expected: Any, request: pytest.FixtureRequest
) -> None:
    """A statement that waits for a lock of another program ends."""
    observer = SqlObserver(request.getfixturevalue(kind).database())
    with observer.engine.connect() as connection:
        assert tuple(connection.exec_driver_sql(query).one()) == expected
    observer.join()


@pytest.fixture(params=["postgres", "maria"])
def hanging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server behind a proxy, and its URL; answers are waited for a second or two."""
    monkeypatch.setattr("sacred_sql.limits.ANSWER", 1)
    monkeypatch.setattr("sacred_sql.limits.CONNECT", 2)
    url = sa.make_url(request.getfixturevalue(request.param).database())
    assert url.host is not None and url.port is not None
    with Proxy((url.host, url.port)) as proxy:
        yield proxy, url.set(port=proxy.port).render_as_string(hide_password=False)


@pytest.mark.parametrize("moment", ["do_connect", "before_cursor_execute", "commit"])
def test_a_call_ends_where_the_server_does_not_answer(hanging: Any, moment: str) -> None:
    """It raises, its connection is not used again, and the retried call is recorded once."""
    proxy, url = hanging
    driver = EventDriver(SqlObserver(url))
    driver.start()
    driver.log("loss", [1.0])
    engine = driver.observer.engine
    connections: list[Any] = []
    sa.event.listen(engine, "connect", lambda connection, _: connections.append(connection))
    if moment == "do_connect":  # the idle connection does not answer, and a new one neither
        proxy.hang()
    else:
        sa.event.listen(engine, moment, lambda *_: proxy.hang(), once=True)
    with pytest.raises(UnavailableError, match=r"not answered for 1 sec|time.*expired|timed out"):
        driver.print("printed\n")
    assert connections == [] and engine.pool.checkedout() == 0
    proxy.open()
    driver.print("printed\n", offset=0)
    driver.complete(result=3)
    store = SqlStore(url)
    assert (store.output(1), store.get(1).result) == ("printed\n", 3)
    assert len(connections) == 1


def test_a_call_that_a_run_abandoned_leaves_nothing_behind(
    hanging: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection is returned, and the next run of the observer gets one that answers."""
    proxy, url = hanging
    observer = SqlObserver(url)
    observer.retry_policy = RetryPolicy(wait=0.0, end_timeout=0.1, call_timeout=0.1)
    driver = DispatchingDriver(observer, logging.getLogger("abandoned"))
    driver.start()
    proxy.hang()
    driver.print("lost\n")
    driver.complete()
    assert "did not record:" in caplog.text
    until = time.monotonic() + 60
    while observer.engine.pool.checkedout() and time.monotonic() < until:
        time.sleep(0.01)
    assert observer.engine.pool.checkedout() == 0
    proxy.open()
    observer.retry_policy = RetryPolicy(wait=0.0)  # the server may be slow
    second = DispatchingDriver(observer, logging.getLogger("abandoned"))
    second.start()
    second.print("printed\n")
    second.complete()
    store = SqlStore(url)
    assert (store.get(2).status, store.output(2)) == ("COMPLETED", "printed\n")


def test_a_connection_that_outlives_its_engine_is_closed_without_a_warning(postgres: Any) -> None:
    """A call that a run abandoned may return it after the engine has closed the others."""
    url = sa.make_url(postgres.database())
    observer, others = SqlObserver(url), SqlObserver(url)
    query = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{url.database}'"
    with others.engine.connect() as counting:
        connection = observer.engine.raw_connection()
        connection.detach()
        assert counting.exec_driver_sql(query).scalar_one() == 2
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            del connection
            gc.collect()
        assert found == []
        until = time.monotonic() + 60
        while counting.exec_driver_sql(query).scalar_one() > 1 and time.monotonic() < until:
            counting.rollback()
            time.sleep(0.01)
        assert counting.exec_driver_sql(query).scalar_one() == 1
    for each in (observer, others):
        each.join()


HANGING = """
    import sys
    from sacred_core import Experiment
    from sacred_core.observers import RetryPolicy, SqlObserver
    ex = Experiment("hanging", save_git_info=False)
    ex.observers.append(SqlObserver(sys.argv.pop()))
    ex.observers[0].retry_policy = RetryPolicy(wait=0.1, end_timeout=0.1, call_timeout=0.1)
    @ex.automain
    def main(_run):
        print("ready", file=sys.__stdout__, flush=True)
        input()
        _run.log_scalar("loss", 1.0)
        return 42
"""


@pytest.mark.parametrize("kind", ["postgres", "maria"])
def test_a_process_ends_while_a_server_does_not_answer(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The call that goes on does not hold up the end; what it would have stored is in a folder."""
    url = sa.make_url(request.getfixturevalue(kind).database())
    assert url.host is not None and url.port is not None
    (tmp_path / "script.py").write_text(textwrap.dedent(HANGING))
    with Proxy((url.host, url.port)) as proxy:
        proxied = url.set(port=proxy.port).render_as_string(hide_password=False)
        process = subprocess.Popen(
            [sys.executable, str(tmp_path / "script.py"), "-C", "no", proxied],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        while (line := process.stdout.readline()).strip() != "ready":
            assert line, process.communicate()
        proxy.hang()
        _, errors = process.communicate("\n", timeout=60)  # an answer is waited for longer
    assert process.returncode == 0, errors
    assert "sacred spool flush" in errors
