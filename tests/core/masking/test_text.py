"""Tests of secrets in strings."""

import pytest

from sacred_core.masking import SecretPattern, known, mask_text, unfinished_secret, use_patterns
from sacred_core.run.output.filters import OutputFilter
from sacred_core.settings import SETTINGS
from sacred_core.testing.secret_samples import ORDINARY_TEXTS, TEXTS, SecretText


@pytest.mark.parametrize("sample", TEXTS, ids=lambda sample: sample.secret[:12])
def test_a_secret_is_masked(sample: SecretText) -> None:
    """What is stored is the text with ``***`` in place of the secret, also in a longer text."""
    assert mask_text(sample.text) == sample.stored
    around = f"before it\n{sample.text}\nafter it, at 10:00"
    assert mask_text(around) == f"before it\n{sample.stored}\nafter it, at 10:00"


@pytest.mark.parametrize("sample", TEXTS, ids=lambda sample: sample.secret[:12])
def test_masking_twice_changes_nothing(sample: SecretText) -> None:
    """What is stored stays as it is when it is read, printed or copied to another store."""
    assert mask_text(sample.stored) == sample.stored


@pytest.mark.parametrize("sample", TEXTS, ids=lambda sample: sample.secret[:12])
def test_a_secret_that_is_printed_in_two_parts_is_masked(sample: SecretText) -> None:
    """Wherever the text is cut, no observer gets a part of the secret."""
    text = f"first\n{sample.text}\nlast"
    for cut in range(len(text)):
        output = OutputFilter(None)
        changes = [output.feed(text[:cut], False), output.feed(text[cut:], True)]
        shown = "".join(change[0] for change in changes if change is not None)
        assert shown == f"first\n{sample.stored}\nlast", text[:cut]


@pytest.mark.parametrize("size", [1, 3, 11])
def test_secrets_that_are_printed_in_many_parts_are_masked(size: int) -> None:
    """All of the table, printed one after the other by a few characters at a time."""
    text = "\n".join(sample.text for sample in TEXTS)
    output = OutputFilter(None)
    shown = ""
    for start in range(0, len(text), size):
        change = output.feed(text[start : start + size], start + size >= len(text))
        shown += change[0] if change is not None else ""
    assert shown == "\n".join(sample.stored for sample in TEXTS)


@pytest.mark.parametrize("text", ORDINARY_TEXTS)
def test_what_is_not_secret_stays(text: str) -> None:
    """Ports, addresses of mail, numbers, words of models, and names that only look alike."""
    assert mask_text(text) == text
    assert mask_text(f"{text}\n") == f"{text}\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ann:x1@example.org/?email=ann@example.com", "https://ann:***@example.org/?email=ann@example.com"),
        ("https://a:b1@h.example, https://c:d1@h.example", "https://a:***@h.example, https://c:***@h.example"),
        ("proxy=https://p.example/?url=postgresql://u:pw1@h/db", "proxy=https://p.example/?url=postgresql://u:***@h/db"),
        ("\x1b[33mhttps://u:pw1@h.example\x1b[0m", "\x1b[33mhttps://u:***@h.example\x1b[0m"),
        ("a://u:p1?x=2@h.example/db?y=3", "a://u:***@h.example/db?y=3"),
        ("https://h.example:80/?to=ann@example.com", "https://h.example:80/?to=ann@example.com"),
        ("mongodb://h:27017/runs?to=ann@example.com", "mongodb://h:27017/runs?to=ann@example.com"),
        ("mongodb://u:pw2@h/runs?to=ann@example.com", "mongodb://u:***@h/runs?to=ann@example.com"),
        ("password=a1, user=b", "password=***, user=b"),
        ("password=a,b user=c", "password=*** user=c"),
        ("f(password='it\\'s', x=1)", "f(password='***', x=1)"),
        ('password="never closed\nnext line', 'password="***\nnext line'),
        ("passwords: {'ann': 'a1', 'b': 'b1'}, x=1", "passwords: {'ann': '***', 'b': '***'}, x=1"),
        ("password=é\u0130x1 done", "password=*** done"),
        ("\u0130\u0130 password=x1 done", "\u0130\u0130 password=*** done"),
        ("password=x1password=x2 done", "password=*** done"),
        ("pass\u0130word=x1", "pass\u0130word=x1"),
    ],
)  # fmt: skip
def test_what_is_around_a_secret_stays(text: str, shown: str) -> None:
    """Only the value is masked, whatever comes before and after it."""
    assert mask_text(text) == shown


def test_names_are_not_looked_at_in_program_text() -> None:
    """In a patch a name is followed by an expression; tokens and passwords in URLs are masked."""
    text = "+ password = read()\n+ url = 'https://ann:x1@h.example'\n+ t = 'ghp_" + "A1" * 18 + "'"
    shown = "+ password = read()\n+ url = 'https://ann:***@h.example'\n+ t = 'ghp_***'"
    assert mask_text(text, names=False) == shown


def test_a_pattern_of_a_plugin() -> None:
    """Its group is masked, or all of it where there is no group; others stay."""
    text = "ACME-12 acme-34 bolt:56 bolt:"
    assert mask_text(text) == text
    use_patterns(
        [
            SecretPattern(r"ACME-(?P<secret>\d+)", contains="acme-"),
            SecretPattern(r"bolt:\d*", contains="bolt"),
            SecretPattern(r"\d", contains="never there"),
        ]
    )
    assert mask_text(text) == "ACME-*** acme-34 *** ***"


def test_a_pattern_needs_what_to_look_for() -> None:
    """Without it, each pattern would be applied to all that is printed."""
    with pytest.raises(ValueError, match="must not be empty"):
        SecretPattern("a", contains="")


def test_a_patterns_part_is_held_back() -> None:
    """A text that may go on as a secret of a plugin waits for the rest of it."""
    use_patterns([SecretPattern(r"acme (?P<secret>[a-z0-9]{4,})", contains="acme ")])
    output = OutputFilter(None)
    assert output.feed("from acme ", False) is None
    assert output.feed("ab12\n", False) == ("from acme ***\n", 0)


@pytest.mark.parametrize(
    ("word", "is_shown"),
    [
        ("extraordinarily", True), ("Extraordinarily", True), ("EXTRAORDINARILY", True),
        ("incomprehensible", False), ("extraOrdinarily", False), ("aBcDeFg", True),
        ("aBcDeFgH", False), ("ab1cd", True), ("ab1cde", False),
    ],
)  # fmt: skip
def test_a_token_is_longer_than_a_word(word: str, is_shown: bool) -> None:
    """16 letters of one case, 8 of both cases, or 6 characters with a digit."""
    assert mask_text(f"token: {word}") == f"token: {word if is_shown else '***'}"


@pytest.mark.parametrize("end", ["", "\n", "\r", "first\n"])
def test_of_a_long_line_the_last_words_are_held_back(end: str) -> None:
    """From a blank in the last 8,192 characters on; without one, nothing is held back."""
    long = "word " * 4_000
    assert len(end + long) - 8_192 <= unfinished_secret(f"{end}{long}password=") < len(end + long)
    assert unfinished_secret(f"{end}{'x' * 20_000}") == len(end) + 20_000


def test_a_text_that_was_clean_is_masked_once_the_rules_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A value that is noted, and a name that is added, count for texts that were seen before."""
    text, assigned = "the word is quixotic-7", "lantern=quixotic-8"
    for _ in range(2):
        assert mask_text(text) == text
        assert mask_text(assigned) == assigned
    known.note("quixotic-7")
    assert mask_text(text) == "the word is ***"
    monkeypatch.setattr(SETTINGS.SECRETS, "KEYS", [*SETTINGS.SECRETS.KEYS, "lantern"])
    assert mask_text(assigned) == "lantern=***"
    monkeypatch.undo()
    assert mask_text(assigned) == assigned
    known.forget()
    assert mask_text(text) == text


def test_short_texts_are_searched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys of a record are the same in each run of a loop."""
    searched: list[object] = []

    def note(text: object) -> list[tuple[int, int]]:
        searched.append(text)
        return []

    monkeypatch.setattr(known, "spans", note)
    for _ in range(3):
        mask_text("a short text that no other test has")
    assert len(searched) == 1
