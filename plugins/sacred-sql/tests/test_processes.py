"""Many processes, processes that are killed, forks, and servers that stop, all of them real."""

import gc
import json
import logging
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.schema import metadata

from sacred_core.exceptions import StoreError
from sacred_core.observers import RetryPolicy
from sacred_core.testing import EventDriver
from sacred_core.testing.event_driver import DispatchingDriver
from sacred_core.testing.replay_contract import assert_processes_replay_once
from sacred_core.testing.scripts import finish_script, start_script

SECRET = "hunter2hunter2"


def test_a_server_that_is_started_again(own_server: Any) -> None:
    """Events during the outage fail with one sentence, and are all stored when retried."""
    url = own_server.database()
    driver = EventDriver(SqlObserver(url))
    run_id = driver.start()
    driver.print("before\n")
    driver.log("loss", [1.0])
    own_server.stop()
    calls = [
        lambda: driver.print("meanwhile\n", offset=len("before\n")),
        lambda: driver.log("loss", [2.0]),
        lambda: driver.beat(info={"a": 1}),
    ]
    for call in calls:
        with pytest.raises(StoreError, match=f"127.0.0.1:{own_server.port}/test_") as error:
            call()
        assert SECRET not in str(error.value)
    own_server.start()
    calls[0]()
    driver.metrics["loss"] = {name: values[:1] for name, values in driver.metrics["loss"].items()}
    calls[1]()
    calls[2]()
    driver.print("after\n")
    driver.log("loss", [3.0])
    driver.complete(result=1)
    store = SqlStore(url)
    run = store.get(run_id)
    assert (run.status, run.result, run.info) == ("COMPLETED", 1, {"a": 1})
    assert store.output(run_id) == "before\nmeanwhile\nafter\n"
    assert store.metrics(run_id)["loss"]["values"] == [1.0, 2.0, 3.0]


def test_connections_are_closed_once_neither_the_store_nor_its_observer_is_used(
    own_server: Any,
) -> None:
    """The observer of a store that is dropped first uses the engine, and closes its connections."""
    url, counts = own_server.database(), Counter[str]()
    driver = EventDriver(SqlObserver(url))
    driver.start()
    driver.complete()
    store = SqlStore(url)
    observer = store.new_observer()
    for name in ("connect", "close"):
        sa.event.listen(observer.engine, name, lambda *_, name=name: counts.update([name]))
    assert len([*store.list()]) == 1
    del store
    gc.collect()
    again = EventDriver(observer)
    again.start()
    again.complete()
    assert len([*observer.open_store().list()]) == 2
    del observer, again
    gc.collect()
    assert counts["connect"] == counts["close"] > 0


def test_the_end_of_a_run_waits_for_a_server(
    own_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """What was missed then is stored once it is back."""
    url = own_server.database()
    observer = SqlObserver(url)
    observer.retry_policy = RetryPolicy(retry_interval=0.1)
    driver = DispatchingDriver(observer, logging.getLogger("waiting"))
    driver.start()
    own_server.stop()
    driver.print("a\n")
    driver.print("b\n")
    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(driver.complete)
        own_server.start()
        ended.result()
    store = SqlStore(url)
    assert (store.get(1).status, store.output(1)) == ("COMPLETED", "a\nb\n")
    assert "did not record:" not in caplog.text


RESTARTED = """
    import sys
    from sacred_core import Experiment
    ex = Experiment("restarted", save_git_info=False)
    @ex.automain
    def main(_run):
        for word in ("one", "two", "three"):
            print(word, file=sys.__stdout__, flush=True)
            _run.log_scalar(word, 1.0)
            input()
        return 42
"""


def test_a_run_outlives_a_server_that_is_killed(own_server: Any, tmp_path: Path) -> None:
    """A real run whose server goes and comes back is recorded without a gap."""
    url = own_server.database()
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(RESTARTED))
    process = subprocess.Popen(
        [sys.executable, str(path), "-s", url, "--beat_interval", "0.05", "-C", "no"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    output = []
    for step in (
        lambda: own_server.stop(signal.SIGQUIT),
        own_server.start,
        lambda: None,
    ):
        while (line := process.stdout.readline()).strip() not in ("one", "two", "three"):
            assert line, process.stderr.read()
        step()
        while not any("failed in" in each for each in output):  # before the server is back
            output.append(process.stderr.readline())
            assert output[-1], process.communicate()
        process.stdin.write("\n")
        process.stdin.flush()
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, out + errors
    store = SqlStore(url)
    assert (store.get(1).status, store.get(1).result) == ("COMPLETED", 42)
    assert sorted(store.metrics(1)) == ["one", "three", "two"]
    assert SECRET not in errors + "".join(output)


FORKING = """
    import os, sys
    from sacred_core import Experiment
    ex = Experiment("forking", save_git_info=False)
    @ex.automain
    def main(_run):
        _run.info["a"] = 1
        _run.add_artifact(__file__, "before")
        child = os.fork()
        if child == 0:
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        _run.add_artifact(__file__, "after")
"""


def test_a_forked_child_leaves_the_connection_alone(url: str, tmp_path: Path) -> None:
    """It ends like any program, and its parent goes on with what it had opened."""
    output = finish_script(start_script(tmp_path, FORKING, "-s", url))
    assert "observer" not in output
    run = SqlStore(url).get(1)
    assert (run.status, run.artifacts) == ("COMPLETED", ["before", "after"])


SECRETIVE = """
    from sacred_core import Experiment
    ex = Experiment("secretive", save_git_info=False)
    @ex.automain
    def main(_run):
        print("running", _run.observers)
"""


def test_no_password_is_logged_or_stored(postgres: Any, maria: Any, tmp_path: Path) -> None:
    """A wrong one, a right one, a server that is away: it is in no line and no row."""
    for server in (postgres, maria):
        right = server.database()
        output = _run_script(tmp_path, right, 0)
        output += _run_script(tmp_path, right.replace(SECRET, f"{SECRET}x"), 1)
        assert "Error" in output or "denied" in output or "failed" in output
        output += _run_script(tmp_path, right.replace(str(server.port), "1"), 1)
        output += _run_script(tmp_path, right.replace("127.0.0.1", "no-such-host.invalid"), 1)
        store = SqlStore(right)
        engine = sa.create_engine(right, poolclass=sa.NullPool)
        with engine.connect() as connection:
            rows = [
                str([tuple(row) for row in connection.execute(sa.select(table))])
                for table in metadata.sorted_tables
            ]
        assert store.get(1).status == "COMPLETED" and "COMPLETED" in str(rows)
        assert SECRET not in output + str(rows) + repr(store), json.dumps(output)
        assert "Traceback" not in output


def _run_script(tmp_path: Path, url: str, code: int) -> str:
    return finish_script(start_script(tmp_path, SECRETIVE, "-s", url), code)


def test_processes_replay_a_run_once(tmp_path: Path) -> None:
    """Of several processes that replay a run at the same time, one stores it."""
    url = f"sqlite:///{tmp_path / 'runs.db'}"
    assert_processes_replay_once(SqlObserver(url).open_store(), url, tmp_path)
