"""Tests of secrets in plain data."""

import marshal
from typing import Any

import pytest

from sacred_core.masking import is_secret, known, mask_text, mask_value
from sacred_core.masking.secret_names import secret_names
from sacred_core.settings import SETTINGS
from sacred_core.testing.secret_samples import ENTRIES, ORDINARY_ENTRIES, TEXTS, SecretEntry


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.key)
def test_a_secret_entry_is_masked(entry: SecretEntry) -> None:
    """A secret entry is masked, by its key in any spelling, and wherever else its value is."""
    value = {"before": f"<{entry.value}>", "group": {entry.key: entry.value}}
    assert mask_value(value)[0] == {"before": "<***>", "group": {entry.key: "***"}}
    assert mask_text(f"x{entry.value}y") == "x***y"


@pytest.mark.parametrize(
    ("key", "value"), ORDINARY_ENTRIES.items(), ids=lambda each: str(each)[:20]
)
def test_an_ordinary_entry_stays(key: str, value: Any) -> None:
    """Words of models, numbers, paths and keys that only look alike."""
    assert mask_value({key: value}) == ({key: value}, [])


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("opt.secret", True), ("auth-token", True), ("X-Auth-Token", True), ("--api-key", True),
        ("OAuth2Token", True), ("token_2", True), ("APIKeys", True), ("dbpassword", True),
        ("ÄPassword", True), ("pässword", False), ("secretary", False), ("passwordless", False),
        ("my_pad_tokens", False), ("monkey", False), ("", False), ("_", False), (3, False),
        ("x" * 10_000 + "_password", True), ("password" + "x" * 10_000, False),
    ],
)  # fmt: skip
def test_which_keys_are_secret(key: object, expected: bool) -> None:
    """The words of a key count: at hyphens, dots, underscores, and where upper case begins."""
    assert is_secret(key) is expected


def test_keys_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are added and taken away, also in place."""
    monkeypatch.setattr(SETTINGS.SECRETS, "KEYS", [*SETTINGS.SECRETS.KEYS, "door code"])
    assert mask_value({"doorCode": "12-34", "n": "door_code=12-34"})[0] == {
        "doorCode": "***", "n": "door_code=***",
    }  # fmt: skip
    monkeypatch.setattr(SETTINGS.SECRETS, "ALLOWED_KEYS", [])
    SETTINGS.SECRETS.ALLOWED_KEYS.append("demo_password")
    assert mask_value({"demo_password": "shown", "password": "hidden"})[0] == {
        "demo_password": "shown", "password": "***",
    }  # fmt: skip
    assert mask_text("demo_password=shown pad_token=hidden1") == "demo_password=shown pad_token=***"


def test_masked_lists_the_paths() -> None:
    """Text under a secret key is masked at every depth, other values stay."""
    value = {
        "db": {"password": "x", "port": 1, "passwd": 1234, "token": 1234},
        "urls": ["ftp://a:b@c"],
        "secret": {"of": "y", "empty": "", "n": 1, "flag": True},
        "nothing": {"password": None, "api_key": ""},
    }
    shown, paths = mask_value(value)
    assert shown == {
        "db": {"password": "***", "port": 1, "passwd": "***", "token": 1234},
        "urls": ["ftp://a:***@c"],
        "secret": {"of": "***", "empty": "", "n": 1, "flag": True},
        "nothing": {"password": None, "api_key": ""},
    }
    assert list(map(str, paths)) == ["db.password", "db.passwd", "urls.0", "secret.of"]
    assert [path.find(shown) for path in paths[:2]] == ["***", "***"]


def test_keys_of_a_dictionary_are_masked() -> None:
    """Those that become equal are numbered: no entry is lost."""
    value = {"a://u:p1@h": 1, "a://u:p2@h": 2, 5: {"a://u:p3@h": "x"}}
    shown, paths = mask_value(value)
    assert shown == {"a://u:***@h": 1, "a://u:***@h (2)": 2, 5: {"a://u:***@h": "x"}}
    assert paths == []


@pytest.mark.parametrize(
    ("update", "shown"),
    [
        ("db.password=correct horse", "db.password=***"),
        ("password='it''s'", "password=***"),
        ("hf_token=abc", "hf_token=***"),
        ("token=5", "token=5"),
        ("password=1234", "password=***"),
        ("pad_token=<pad>", "pad_token=<pad>"),
        ("secret=None", "secret=None"),
        ("a.b=postgresql://u:p/w@h/d", "a.b=postgresql://u:***@h/d"),
        ("named", "named"),
    ],
)
def test_updates_of_a_command_line(update: str, shown: str) -> None:
    """The whole value is masked, as the entry that it sets."""
    assert mask_value({"options": {"UPDATE": [update]}})[0] == {"options": {"UPDATE": [shown]}}


def test_the_value_of_an_update_is_masked_elsewhere() -> None:
    """The value of an update is masked elsewhere, without the quotes that it may have."""
    mask_value({"UPDATE": ["db.password='abc-123'"]})
    assert mask_text("no abc-123") == "no ***"


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("hunter2!", "say hunter2!now", "say ***now"),
        ("p@ss/w 1", "p%40ss%2Fw%201 p%40ss/w%201 p%40ss%2Fw+1", "*** *** ***"),
        ("p%40ss1", "the p@ss1", "the ***"),
        ('quo"te\n1', repr('quo"te\n1') + ' {"a": "quo\\"te\\n1"}', "'***' {\"a\": \"***\"}"),
        ("cat", "concatenate the cat", "concatenate the cat"),
        ("lion", "a lion and a dandelion", "a *** and a dandelion"),
        ("swordfish", "swordfish and swordfishes", "*** and swordfishes"),
        ("Correct Horse", "a Correct Horse, Correct Horses", "a ***, Correct Horses"),
        ("123456", "0.123456 x123456 123456 123456.5", "0.123456 x123456 *** 123456.5"),
        ("test", "a test", "a test"),
        ("    ", "a     b", "a     b"),
    ],
)  # fmt: skip
def test_a_value_is_masked_elsewhere(secret: str, text: str, shown: str) -> None:
    """A short one or a word only as a whole word, and a placeholder not at all."""
    assert mask_value({"password": secret})[0] == {"password": "***"}
    assert mask_text(text) == shown


def test_the_password_of_a_url_is_masked_elsewhere() -> None:
    """A driver may quote it in an error without the URL around it."""
    mask_value({"url": "postgresql://ann:hunter2/x@h/db", "git": "https://t0ken77x@h.example/x"})
    assert mask_text("no user ann with 'hunter2/x' or t0ken77x") == "no user ann with '***' or ***"


def test_secrets_of_the_environment_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables with the name of a secret, but for paths."""
    for name, value in (
        ("ACME_API_KEY", "abc-123"), ("ACME_CREDENTIALS", "/etc/acme-1.json"),
        ("ACME_X", "xyz-123"), ("PWD", "/home/ann-1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    known.note_environment()
    text = "abc-123 /etc/acme-1.json xyz-123 /home/ann-1"
    assert mask_text(text) == "*** /etc/acme-1.json xyz-123 /home/ann-1"
    host = {"ENV": {"PWD": "/home/ann-1", "MYSQL_PWD": "/x-1", "pwd": "/x-2"}}
    assert mask_value(host)[0] == {"ENV": {"PWD": "/home/ann-1", "MYSQL_PWD": "***", "pwd": "***"}}


def test_the_number_of_known_values_is_bounded() -> None:
    """The oldest are forgotten, so that a text is not searched for more and more."""
    for number in range(1_000):
        known.note(f"value-{number:04}")
    assert mask_text("value-0000 value-0999") == "value-0000 ***"


def test_a_patch_is_program_text() -> None:
    """Values after names stay, so that it can be applied; a secret with a known form does not."""
    secret = TEXTS[0]
    patch = {"patch": f"+password = ask()\n+{secret.text}"}
    assert mask_value(patch)[0] == {"patch": f"+password = ask()\n+{secret.stored}"}


@pytest.mark.parametrize("setting", ["KEYS", "ALLOWED_KEYS"])
def test_the_rules_are_made_once_for_each_state_of_the_settings(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Masking of each entry uses the same ones, until a list is replaced or changed in place."""
    before = secret_names()
    assert secret_names() is before
    monkeypatch.setattr(SETTINGS.SECRETS, setting, [*getattr(SETTINGS.SECRETS, setting)])
    assert secret_names() is before
    getattr(SETTINGS.SECRETS, setting).append("combination")
    after = secret_names()
    assert after is not before and secret_names() is after


@pytest.mark.parametrize(
    ("text", "start"),
    [("a-sec", 0), ("x a-sec", 2), ("a-secret-", 0), ("a-secret-1", 10), ("b", 1), ("", 0)],
)
def test_the_beginning_of_a_known_value_is_found(text: str, start: int) -> None:
    """Also where the text begins with it, so that it is not shown before the rest comes."""
    known.note("a-secret-1")
    assert known.beginning_at(text) == start


@pytest.mark.parametrize(
    ("value", "shown"),
    [("<pad>", "<pad>"), ("[PAD]", "[PAD]"), ("<abc12345", "***"), ("abc12345>", "***")],
)
def test_a_marked_word_of_a_model_has_both_brackets(value: str, shown: str) -> None:
    """Half of them may be a part of a token."""
    assert mask_value({"auth_token": value})[0] == {"auth_token": shown}


def test_a_dictionary_without_secrets_is_examined_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is the same in the next run no text is masked, until there is another secret."""
    texts: list[str] = []

    def note(text: str, *, names: bool = True) -> str:
        texts.append(text)
        return mask_text(text, names=names)

    monkeypatch.setattr("sacred_core.masking.values.mask_text", note)
    host = {"name": "a-host-name", "all": ["one-more-name", 1.5, None]}
    mask_value({"host": host, "seed": 1})
    texts.clear()
    assert mask_value({"host": {**host}, "seed": 2}) == ({"host": host, "seed": 2}, [])
    assert texts == ["host", "seed"]
    known.note("a-host-name")
    assert mask_value({"host": host})[0] == {"host": {**host, "name": "***"}}
    assert mask_value({"password": host})[0]["password"] == {
        "name": "***",
        "all": ["***", 1.5, None],
    }


def test_a_dictionary_is_encoded_a_few_times_however_deep_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only the upper levels are remembered: the cost does not grow with the square of the depth."""
    encoded: list[object] = []
    dumps = marshal.dumps

    def note(value: object, version: int) -> bytes:
        encoded.append(value)
        return dumps(value, version)

    monkeypatch.setattr(marshal, "dumps", note)
    value: dict[str, object] = {"leaf": "a text"}
    for number in range(50):
        value = {f"key {number}": value}
    assert mask_value(value) == (value, [])
    assert len(encoded) == 3


def test_a_dictionary_with_secrets_is_not_remembered() -> None:
    """Its paths are returned each time, also those in dictionaries in it."""
    value = {"group": {"inner": {"password": "a-long-secret"}, "b": [{"c": 1}]}}
    for _ in range(2):
        shown, paths = mask_value(value)
        assert shown == {"group": {"inner": {"password": "***"}, "b": [{"c": 1}]}}
        assert [str(path) for path in paths] == ["group.inner.password"]
