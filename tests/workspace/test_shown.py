"""What observers and stores of every plugin show of what they were given."""

import traceback
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sacred_core import observers, open_store

#: By what is made with a secret: each is a valid object, or an error.
MADE: dict[str, Callable[[str], Any]] = {
    "sql": lambda s: observers.SqlObserver(f"postgresql://u:{s}@h/db?password={s}&sslpassword={s}"),
    "sql with a slash": lambda s: observers.SqlObserver(f"postgresql://u:x/{s}@h/db"),
    "sql without a scheme": lambda s: observers.SqlObserver(f"u:{s}@h/db"),
    "sql of another kind": lambda s: observers.SqlObserver(f"bogus://u:{s}@h/db"),
    "sql store": lambda s: open_store(f"postgresql://u:{s}@h/db"),
    "mongo": lambda s: observers.MongoObserver(
        f"mongodb://u:{s}@h/?tlsCertificateKeyFilePassword={s}", tlsCertificateKeyFilePassword=s
    ),
    "mongo with a slash": lambda s: observers.MongoObserver(f"mongodb://u:x/{s}@h/db"),
    "mongo with an option": lambda s: observers.MongoObserver(f"mongodb://u:{s}@h/?bogus={s}"),
    "mongo store": lambda s: open_store(f"mongodb://u:{s}@h/db"),
    "mongo store with a slash": lambda s: open_store(f"mongodb://u:x/{s}@h/db"),
    "s3": lambda s: observers.S3Observer(
        "my-bucket", "x", endpoint_url=f"http://u:{s}@h:9000", region="us-east-1"
    ),
    "s3 at an endpoint of another kind": lambda s: observers.S3Observer(
        "my-bucket", "x", endpoint_url=f"ftp://u:{s}@h:9000", region="us-east-1"
    ),
    "s3 in a URL": lambda s: observers.S3Observer(f"https://u:{s}@h/b", "x", region="us-east-1"),
    "s3 with an option": lambda s: open_store(f"s3://my-bucket/x?password={s}"),
    "gcs in a URL": lambda s: observers.GoogleCloudStorageObserver(f"https://u:{s}@h/b", "x"),
    "gcs with an option": lambda s: open_store(f"gs://my-bucket/x?password={s}"),
    "slack": lambda s: observers.SlackObserver(f"https://hooks.slack.com/services/{s}"),
    "slack without a scheme": lambda s: observers.SlackObserver(f"hooks.slack.com/services/{s}"),
    "telegram": lambda s: observers.TelegramObserver(f"123:{s}", 1, base_url=f"https://u:{s}@h/"),
    "telegram at another URL": lambda s: observers.TelegramObserver(
        f"123:{s}", 1, base_url=f"ftp://u:{s}@h/"
    ),
    "telegram with a proxy": lambda s: observers.TelegramObserver(
        f"123:{s}", 1, proxy_url=f"ftp://u:{s}@h/"
    ),
    "tinydb with an option": lambda s: open_store(f"tinydb:///runs?password={s}"),
    "queue": lambda s: observers.QueueObserver(observers.SqlObserver(f"postgresql://u:{s}@h/db")),
    "no plugin": lambda s: open_store(f"bogus://u:{s}@h/db?token={s}"),
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_no_secret_is_shown(made: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """No secret is shown, neither in the object, its location, or in what is wrong with it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    secret = f"hunter{uuid.uuid4().hex}"  # a secret that was used before is masked everywhere
    try:
        found = made(secret)
    except Exception as error:  # noqa: BLE001 - whatever is wrong
        shown = f"{error!r} {error.__cause__!r}"
        shown += "".join(traceback.format_exception_only(error))
    else:
        shown = f"{found!r} {found} {getattr(found, 'store_location', None)}"
    assert secret not in shown
