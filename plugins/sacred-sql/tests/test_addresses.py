"""Which URLs are accepted, and the errors for the others."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sacred_sql import SqlObserver, SqlStore
from sacred_sql.address import display_url, parse_url

from sacred_core import open_store
from sacred_core.exceptions import SacredError, StoreError
from sacred_core.testing import EventDriver


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgresql://scott:tiger@localhost/mydatabase", "postgresql+psycopg"),
        ("postgres://scott:tiger@localhost/mydatabase", "postgresql+psycopg"),
        ("postgresql+psycopg2://localhost/mydatabase", "postgresql+psycopg2"),
        ("mysql://scott:tiger@localhost/foo", "mysql+pymysql"),
        ("mariadb://scott:tiger@localhost/foo", "mariadb+pymysql"),
        ("sqlite:///foo.db", "sqlite"),
    ],
)
def test_a_url_without_a_driver_gets_an_installed_one(url: str, driver: str) -> None:
    """The examples of the manual work with the drivers that this plugin asks for."""
    assert parse_url(url).drivername == driver


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "mysql", "mariadb"])
def test_a_missing_driver_is_named(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing driver is named, with what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StoreError, match=r"pip install 'sacred-sql\[(postgresql|mysql)\]'"):
        SqlObserver(f"{scheme}://ann:hunter2@localhost/db")


@pytest.mark.parametrize(
    "url",
    [
        "runs",
        "ann:hunter2@localhost/db",
        "nosuch://ann:hunter2@localhost/db",
        "postgresql+nosuch://ann:hunter2@localhost/db",
        "postgresql://ann:hunter2@localhost:port/db",
        "postgresql://ann:x@hunter2@localhost/db",
        "sqlite:/runs.db",
        "",
    ],
)
def test_a_wrong_url_is_one_sentence(url: str) -> None:
    """A wrong URL is one sentence without the password."""
    with pytest.raises(StoreError) as error:
        SqlObserver(url)
    assert "hunter2" not in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("path", ["runs.db", "my runs/a.sqlite3", "./b.SQLITE"])
def test_the_flag_accepts_the_path_of_a_file(path: str) -> None:
    """`-s runs.db` is the SQLite database in this file."""
    expected = SqlObserver(f"sqlite:///{path}")
    assert SqlObserver.from_argument(path) == expected
    assert expected.display_location == f"sqlite:///{path.removeprefix('./')}"


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+pysqlite"])
def test_a_store_is_opened_by_its_url(scheme: str, tmp_path: Path) -> None:
    """A store is opened by its URL, with and without a driver in it."""
    assert isinstance(open_store(f"{scheme}:///{tmp_path}/runs.db"), SqlStore)


@pytest.mark.parametrize("url", ["postgresql+psycopg://h/db", "mysql+pymysql://h/db"])
def test_stores_of_servers_are_opened_by_their_urls(url: str) -> None:
    """Nothing is connected to before it is asked."""
    assert isinstance(open_store(url), SqlStore)


def test_a_relative_path_stays_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that changes its folder still writes to the file that was meant."""
    monkeypatch.chdir(tmp_path)
    assert parse_url("sqlite:///runs.db").database == str(tmp_path / "runs.db")


@pytest.mark.parametrize("database", ["", "/:memory:", "/file:mem?mode=memory&uri=true"])
def test_a_database_in_memory_is_no_file(database: str) -> None:
    """It is left as it was written."""
    assert not str(parse_url(f"sqlite://{database}").database or "").startswith("/")


def test_what_is_shown_holds_no_secret() -> None:
    """What is shown holds no secret, neither the password nor options."""
    text = display_url(sa.make_url("postgresql://ann:hunter2@h:5/db?sslpassword=hunter3"))
    assert text == "postgresql://ann:***@h:5/db"


def test_a_password_with_awkward_signs_is_used(postgres: Any) -> None:
    """Percent-encoded in the URL, hidden in every message."""
    postgres.execute("CREATE USER odd PASSWORD 'p@:/ %%?#'")
    url = sa.make_url(postgres.database()).set(username="odd", password="p@:/ %?#")
    text = url.render_as_string(hide_password=False)
    with pytest.raises(StoreError, match="has no runs"):
        list(SqlStore(text).list())
    with pytest.raises(StoreError, match="password authentication failed") as error:
        list(SqlStore(url.set(password="p@:/ wrong")).list())
    assert "p@" not in str(error.value) and "p%40" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "other", "is_same"),
    [
        ("sqlite:///a.db", "sqlite:///./a.db", True),
        ("sqlite:///a.db", "sqlite:///b.db", False),
        ("postgresql://u:one@h/d", "postgresql://u:two@h/d?password=three", True),
        ("postgresql://u:one@h/d", "postgresql://u@h/d", True),
        ("postgresql://u@h/d", "postgresql://u@h:5433/d", False),
        ("postgresql://u@h/d", "postgresql://u@h/e", False),
        ("sqlite://", "sqlite://", False),
    ],
)
def test_observers_of_one_database_are_equal(url: str, other: str, is_same: bool) -> None:
    """Secrets and options do not count; each database in memory is one of its own."""
    first, second = SqlObserver(url), SqlObserver(other, echo=True, priority=2)
    assert (first == second) is is_same
    assert len({first, second}) == (1 if is_same else 2)
    assert first == first


def test_observers_of_one_engine_are_equal(tmp_path: Path) -> None:
    """Observers of one engine are equal, also with that of an observer that got the URL."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    engine = sa.create_engine(url)
    assert SqlObserver.create_from(engine) == SqlObserver.create_from(engine) == SqlObserver(url)
    engine.dispose()


@pytest.mark.parametrize("path", ["~/runs.db", "~nobody_of_this_name/runs.db"])
def test_the_home_folder_is_expanded(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is in the home folder; a user who does not exist is a folder of that name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    expected = path.replace("~/", f"{tmp_path}/").replace("~n", f"{tmp_path}/~n")
    assert parse_url(f"sqlite:///{path}").database == expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///runs.db?bogus=1", "unknown option 'bogus'"),
        ("sqlite:///file:runs.db?uri=true&bogus=1", "unknown option 'bogus'"),
        ("mysql+pymysql://u:hunter2hunter2@127.0.0.1:1/db?bogus=1", "does not support an option"),
        ("postgresql+psycopg://u:hunter2hunter2@127.0.0.1:1/db?bogus=1", "option .?bogus"),
    ],
)
def test_an_option_that_does_not_exist_is_one_sentence(
    url: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An option that does not exist is one sentence, at the start of the run at the latest, without
    the password; no file is made.
    """
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SacredError, match=reason) as error:
        EventDriver(SqlObserver(url)).start()
    assert "hunter2" not in str(error.value) and "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_password_with_a_slash_is_not_shown() -> None:
    """It is part of the password for the driver, and masked in what is shown."""
    observer = SqlObserver("postgresql+psycopg://u:hunter2/pa@127.0.0.1:1/db")
    with pytest.raises(SacredError) as error:
        EventDriver(observer).start()
    shown = f"{observer!r} {observer.store_location} {error.value}"
    assert "hunter2" not in shown and "/pa@" not in shown
