"""Tests of `sacred runs recover` with runs in a SQL database."""

import json
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver
from sacred_sql.address import location

from sacred_core.stores import open_store


def test_last_words_are_recovered(crash_script: Any) -> None:
    """Whatever was written is in the output of the run, once."""
    url = f"sqlite:///{crash_script.folder}/runs.db"
    crash_script.assert_recovered(url, "-s", "sqlite:///runs.db")


def test_the_stores_of_a_run_are_completed_one_by_one(crash_script: Any) -> None:
    """What is done for one is not done again; the address of the other may be given."""
    folder = crash_script.folder
    crash_script.run("abort", "-s", "sqlite:///runs.db", "-F", "runs")
    (folder / "runs.db").rename(folder / "moved.db")
    done = crash_script.recover()
    assert done.returncode == 1
    assert str(folder / "runs") in done.stdout
    assert "runs.db" in done.stderr
    (entry,) = crash_script.entries
    stores = json.loads(entry.read_text())["stores"]
    assert [store["observer"] for store in stores] == ["SqlObserver"]
    moved = f"sqlite:///{folder}/moved.db"
    done = crash_script.recover(moved)
    assert (done.returncode, done.stderr) == (0, "")
    assert open_store(moved).output(1) == open_store(str(folder / "runs")).output(1)
    assert crash_script.entries == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql+psycopg://ann:hunter2@db:5432/runs", "postgresql+psycopg://ann@db:5432/runs"),
        ("mysql+pymysql://ann:hunter2@db/runs?charset=utf8&ssl_key_password=hunter2",
         "mysql+pymysql://ann@db/runs?charset=utf8"),
        ("postgresql+psycopg://db/runs?password=hunter2&sslpassword=hunter2",
         "postgresql+psycopg://db/runs"),
        ("sqlite://", None),
    ],
)  # fmt: skip
def test_a_location_holds_no_secret(url: str, expected: str | None) -> None:
    """It names the database for those who have the password elsewhere."""
    assert location(sa.make_url(url)) == expected


def test_the_location_of_a_file_is_absolute() -> None:
    """It is found from every folder."""
    found = SqlObserver("sqlite:///runs.db").store_location
    assert found is not None
    assert found.startswith("sqlite:////")
