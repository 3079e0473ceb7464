"""What observers and stores of every plugin show of what they were given."""

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from sacred_core import observers, open_store

S = "hunter2hunter2"
#: By what is made: each is a valid object, or an error.
MADE: dict[str, Callable[[], Any]] = {
    "sql": lambda: observers.SqlObserver(f"postgresql://u:{S}@h/db?password={S}&sslpassword={S}"),
    "sql with a slash": lambda: observers.SqlObserver(f"postgresql://u:x/{S}@h/db"),
    "sql without a scheme": lambda: observers.SqlObserver(f"u:{S}@h/db"),
    "sql of another kind": lambda: observers.SqlObserver(f"bogus://u:{S}@h/db"),
    "sql store": lambda: open_store(f"postgresql://u:{S}@h/db"),
    "mongo": lambda: observers.MongoObserver(
        f"mongodb://u:{S}@h/?tlsCertificateKeyFilePassword={S}", tlsCertificateKeyFilePassword=S
    ),
    "mongo with a slash": lambda: observers.MongoObserver(f"mongodb://u:x/{S}@h/db"),
    "mongo with an option": lambda: observers.MongoObserver(f"mongodb://u:{S}@h/?bogus={S}"),
    "mongo store": lambda: open_store(f"mongodb://u:{S}@h/db"),
    "mongo store with a slash": lambda: open_store(f"mongodb://u:x/{S}@h/db"),
    "s3": lambda: observers.S3Observer(
        "my-bucket", "x", endpoint_url=f"http://u:{S}@h:9000", region="us-east-1"
    ),
    "s3 at an endpoint of another kind": lambda: observers.S3Observer(
        "my-bucket", "x", endpoint_url=f"ftp://u:{S}@h:9000", region="us-east-1"
    ),
    "s3 in a URL": lambda: observers.S3Observer(f"https://u:{S}@h/b", "x", region="us-east-1"),
    "s3 with an option": lambda: open_store(f"s3://my-bucket/x?password={S}"),
    "gcs in a URL": lambda: observers.GoogleCloudStorageObserver(f"https://u:{S}@h/b", "x"),
    "gcs with an option": lambda: open_store(f"gs://my-bucket/x?password={S}"),
    "slack": lambda: observers.SlackObserver(f"https://hooks.slack.com/services/{S}"),
    "slack without a scheme": lambda: observers.SlackObserver(f"hooks.slack.com/services/{S}"),
    "telegram": lambda: observers.TelegramObserver(f"123:{S}", 1, base_url=f"https://u:{S}@h/"),
    "telegram at another URL": lambda: observers.TelegramObserver(
        f"123:{S}", 1, base_url=f"ftp://u:{S}@h/"
    ),
    "telegram with a proxy": lambda: observers.TelegramObserver(
        f"123:{S}", 1, proxy_url=f"ftp://u:{S}@h/"
    ),
    "tinydb with an option": lambda: open_store(f"tinydb:///runs?password={S}"),
    "queue": lambda: observers.QueueObserver(observers.SqlObserver(f"postgresql://u:{S}@h/db")),
    "no plugin": lambda: open_store(f"bogus://u:{S}@h/db?token={S}"),
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_no_secret_is_shown(made: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret is shown, neither in the object, its location, or in what is wrong with it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    try:
        found = made()
    except Exception as error:  # noqa: BLE001 - whatever is wrong
        shown = f"{error!r} {error.__cause__!r}"
        shown += "".join(traceback.format_exception_only(error))
    else:
        shown = f"{found!r} {found} {getattr(found, 'store_location', None)}"
    assert S not in shown
