"""Tests of hiding secrets."""

import pytest

from sacred_core.masking import is_secret, masked, masked_text


@pytest.mark.parametrize("key", ["password", "db_password", "API_KEY", "opt.secret", "auth-token"])
def test_secret_keys(key: str) -> None:
    """A key that is, or ends in, a listed word is secret."""
    assert is_secret(key)


@pytest.mark.parametrize("key", ["pad_token", "tokenizer", "max_tokens", "secretary", 3])
def test_ordinary_keys(key: object) -> None:
    """Words that only look alike are not."""
    assert not is_secret(key)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mongodb://ann:s3cr:et@host/db", "mongodb://ann:***@host/db"),
        ("postgresql+psycopg2://u:p@ss@h", "postgresql+psycopg2://u:***@h"),
        ("https://hooks.slack.com/services/T00/B00/XXX", "https://hooks.slack.com/services/***"),
        (
            "GET https://api.telegram.org/bot12:ab/getMe",
            "GET https://api.telegram.org/bot***/getMe",
        ),
        ("http://host:8080/a@b", "http://host:8080/a@b"),
        ("no url: x@y", "no url: x@y"),
    ],
)
def test_credentials_in_urls(text: str, expected: str) -> None:
    """Passwords and tokens inside URLs are masked; ports and mail addresses stay."""
    assert masked_text(text) == expected


def test_masked_lists_the_paths() -> None:
    """Text under a secret key is masked at every depth, other values stay."""
    value = {"db": {"password": "x", "port": 1}, "urls": ["ftp://a:b@c"], "secret": {"of": "y"}}
    shown, paths = masked(value)
    assert shown == {
        "db": {"password": "***", "port": 1},
        "urls": ["ftp://a:***@c"],
        "secret": {"of": "***"},
    }
    assert paths == ["db.password", "urls[0]", "secret.of"]
