"""The forms of ``-m``."""

from typing import Any

import pymongo
import pytest
from sacred_mongo import MongoObserver
from sacred_mongo.connection import Address, parse_argument

from sacred_core.exceptions import OptionError

SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("MY_DB", Address(None, "MY_DB")),
        ("my-db.runs2", Address(None, "my-db", "runs2")),
        ("db.some.runs:12", Address(None, "db", "some.runs", 12)),
        ("db.runs:baseline!5", Address(None, "db", "runs", "baseline", 5)),
        ("db!-3", Address(None, "db", priority=-3)),
        ("192.168.1.1:27017:db", Address("mongodb://192.168.1.1:27017", "db")),
        ("my.org:12345:db.c!1", Address("mongodb://my.org:12345", "db", "c", None, 1)),
        ("[::1]:27017:db", Address("mongodb://[::1]:27017", "db")),
        ("mongodb://h:1/db.c?tls=true!2", Address("mongodb://h:1/db?tls=true", "db", "c", None, 2)),
        ("mongodb://a:b%21@h", Address("mongodb://a:b%21@h/")),
        ("mongodb+srv://u:p@c.net/db", Address("mongodb+srv://u:p@c.net/db", "db")),
    ],
)  # fmt: skip
def test_documented_forms(argument: str, expected: Address) -> None:
    """Each part is found, whichever others are given."""
    assert parse_argument(argument) == expected


@pytest.mark.parametrize(
    "argument",
    ["", "a b$", "host:27017", "host:99999:db", "db!high", "http://h/db", f"u:{SECRET}@h:1:db"],
)
def test_other_forms_are_errors(argument: str) -> None:
    """The message names the forms, and shows no password."""
    with pytest.raises(OptionError) as error:
        parse_argument(argument)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        f"mongodb://u:{SECRET}@h:port",
        f"mongodb://u:{SECRET}/@h",
        f"mongodb://u:{SECRET}@@h",
        f"mongodb://u:{SECRET}@h/?nonsense=1&x",
    ],
)
def test_urls_that_cannot_be_used_show_no_password(url: str) -> None:
    """URLs that cannot be used show no password, neither the message nor what caused it."""
    with pytest.raises(ValueError, match="MongoDB") as error:
        MongoObserver(url)
    assert SECRET not in f"{error.value!r} {error.value.__cause__!r}"


def test_no_password_in_the_repr() -> None:
    """The repr has the collection, and no user."""
    observer = MongoObserver(f"mongodb://ann:{SECRET}@host:1/admin?appName=x", "db")
    assert repr(observer) == "MongoObserver('host:1', 'db', 'runs')"


def test_old_names_of_tls_options() -> None:
    """Those of the manual reach the driver under today's names."""
    import ssl

    from sacred_mongo.connection import client_options

    assert client_options(
        {"ssl": True, "ssl_certfile": "c.pem", "ssl_cert_reqs": ssl.CERT_REQUIRED,
         "ssl_ca_certs": "ca.pem", "ssl_match_hostname": False}
    ) == {
        "tls": True, "tlsCertificateKeyFile": "c.pem", "tlsAllowInvalidCertificates": False,
        "tlsCAFile": "ca.pem", "tlsAllowInvalidHostnames": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ({}, {"url": "mongodb://localhost:27017"}, True),
        ({"url": "LOCALHOST"}, {"url": "mongodb://localhost/"}, True),
        ({"url": "mongodb://a,b:2"}, {"url": "mongodb://b:2,a:27017/?replicaSet=x"}, True),
        ({"url": "mongodb://u:one@a/"}, {"url": "mongodb://u:two@a/"}, True),
        ({"url": "mongodb://[::1]"}, {"url": "mongodb://[::1]:27017"}, True),
        ({"url": "a"}, {"url": "b"}, False),
        ({}, {"db_name": "other"}, False),
        ({}, {"collection": "other"}, False),
        ({"collection_prefix": "p"}, {"collection": "p_runs"}, True),
        ({}, {"priority": 3, "overwrite": 7}, True),
    ],
)
def test_observers_of_one_collection_are_equal(
    first: dict[str, Any], second: dict[str, Any], is_same: bool
) -> None:
    """Observers of one collection are equal, however the server is written; secrets and options do
    not count.
    """
    observers = [MongoObserver(**first), MongoObserver(**second)]
    assert (observers[0] == observers[1]) is is_same
    assert len(set(observers)) == (1 if is_same else 2)


def test_observers_of_one_client_are_equal() -> None:
    """Observers of one client are equal, also those of a collection of it."""
    client: Any = pymongo.MongoClient("localhost", connect=False)
    first = MongoObserver(client=client)
    assert first == MongoObserver(client=client) == MongoObserver.create_from(client.sacred.runs)
    assert first != MongoObserver(client=client, db_name="other")
    client.close()


@pytest.mark.parametrize(
    "url", ["mongodb://u:p@ss/w@host", "mongodb://u:pa/ss@host/db", "mongodb://u:p@ss@host/db.c"]
)
def test_a_password_that_is_not_escaped_is_one_sentence(url: str) -> None:
    """The error has advice, and shows no part of a URL that can be read in several ways."""
    with pytest.raises(OptionError, match="must be percent-encoded") as error:
        parse_argument(url)
    assert "ss" not in str(error.value).replace("password", "")
    with pytest.raises(OptionError):
        MongoObserver.from_argument(url)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("bogus=1", "option 'bogus'"),
        ("tls=maybe", "option 'tls'"),
        (f"tls=true&password={SECRET}", "option 'password'"),
    ],
)
def test_an_option_that_does_not_exist_is_an_error(query: str, reason: str) -> None:
    """The driver would only warn of it."""
    with pytest.raises(OptionError, match=reason) as error:
        MongoObserver.from_argument(f"mongodb://u:{SECRET}@127.0.0.1:1/db?{query}")
    assert SECRET not in str(error.value)


def test_a_port_that_does_not_exist_is_an_error() -> None:
    """A port that does not exist is an error, of the command line, not a traceback."""
    with pytest.raises(OptionError, match="Port must be an integer"):
        MongoObserver.from_argument("mongodb://127.0.0.1:99999/db")
